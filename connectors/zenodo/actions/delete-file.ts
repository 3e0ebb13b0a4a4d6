/** DELETE /deposit/depositions/{id}/files/{file_id} answers 204. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { fileId, ofDeposition } from '../projects.ts';

export const deleteFile = defineAction({
  title: 'Delete file',
  help: {
    body: 'Removes a file of a draft. Files of what is published stay.',
    learnMoreUrl: 'https://developers.zenodo.org/#deposition-files',
  },
  capability: { name: 'deleteProjectFile', input: { deposition_id: 'project', file_id: 'id' } },
  scopes: ['deposit:write'],
  input: [ofDeposition, fileId],
  output: [{ name: 'file_id' }, { name: 'deleted', type: 'boolean' }],
  async execute(connection, { deposition_id, file_id }) {
    await connection.delete(path`deposit/depositions/${deposition_id}/files/${file_id}`);
    return { file_id, deleted: true };
  },
});
