/** GET /deposit/depositions/{id}; 410 is what Zenodo says of one that was deleted. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { deposition } from '../objects.ts';
import { depositionId, project } from '../projects.ts';

export const getDeposition = defineAction({
  title: 'Get deposition',
  help: {
    body: 'A deposition of the account, with its files.',
    learnMoreUrl: 'https://developers.zenodo.org/#retrieve',
  },
  capability: { name: 'getProject', output: project },
  readOnly: true,
  scopes: [],
  input: [depositionId],
  output: deposition,
  execute: (connection, { id }) =>
    connection
      .get(path`deposit/depositions/${id}`)
      .afterErrorResponse(404, () => null)
      .afterErrorResponse(410, () => null),
});
