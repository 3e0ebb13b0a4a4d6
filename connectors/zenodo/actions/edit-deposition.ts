/** POST /deposit/depositions/{id}/actions/edit */
import { defineAction, path } from '../../../src/connector/define.ts';
import { deposition } from '../objects.ts';
import { depositionId } from '../projects.ts';

export const editDeposition = defineAction({
  title: 'Edit deposition',
  help: {
    body: 'Opens a published deposition, so that what is said of it can be changed; publish it again afterwards.',
    learnMoreUrl: 'https://developers.zenodo.org/#edit',
  },
  scopes: ['deposit:actions'],
  input: [depositionId],
  output: deposition,
  execute: (connection, { id }) => connection.post(path`deposit/depositions/${id}/actions/edit`),
});
