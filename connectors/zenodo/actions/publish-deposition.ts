/** POST /deposit/depositions/{id}/actions/publish */
import { defineAction, path } from '../../../src/connector/define.ts';
import { deposition } from '../objects.ts';
import { depositionId, project } from '../projects.ts';

export const publishDeposition = defineAction({
  title: 'Publish deposition',
  help: {
    body: 'Publishes a draft and registers its DOI. It cannot be deleted any more.',
    learnMoreUrl: 'https://developers.zenodo.org/#publish',
  },
  capability: { name: 'publishProject', output: project },
  scopes: ['deposit:actions'],
  input: [depositionId],
  output: deposition,
  execute: (connection, { id }) => connection.post(path`deposit/depositions/${id}/actions/publish`),
});
