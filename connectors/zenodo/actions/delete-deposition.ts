/** DELETE /deposit/depositions/{id} answers no body. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { depositionId } from '../projects.ts';

export const deleteDeposition = defineAction({
  title: 'Delete deposition',
  help: {
    body: 'Removes a draft with its files. What is published stays.',
    learnMoreUrl: 'https://developers.zenodo.org/#delete',
  },
  capability: { name: 'deleteProject' },
  scopes: ['deposit:write'],
  input: [depositionId],
  output: [
    { name: 'id', type: 'integer', format: 'int64' },
    { name: 'deleted', type: 'boolean' },
  ],
  async execute(connection, { id }) {
    await connection.delete(path`deposit/depositions/${id}`);
    return { id, deleted: true };
  },
});
