/** POST /deposit/depositions/{id}/actions/discard */
import { defineAction, path } from '../../../src/connector/define.ts';
import { deposition } from '../objects.ts';
import { depositionId } from '../projects.ts';

export const discardChanges = defineAction({
  title: 'Discard changes',
  help: {
    body: 'Ends the editing of a published deposition, and nothing of it is kept.',
    learnMoreUrl: 'https://developers.zenodo.org/#discard',
  },
  scopes: ['deposit:actions'],
  input: [depositionId],
  output: deposition,
  execute: (connection, { id }) => connection.post(path`deposit/depositions/${id}/actions/discard`),
});
