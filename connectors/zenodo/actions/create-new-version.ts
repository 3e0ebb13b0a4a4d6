/** POST /deposit/depositions/{id}/actions/newversion answers the old one, and the new one's address in it. */
import { defineAction, path, ProviderError } from '../../../src/connector/define.ts';
import { deposition } from '../objects.ts';
import { depositionId } from '../projects.ts';

export const createNewVersion = defineAction({
  title: 'Create new version',
  help: {
    body: 'Begins a new version of a published deposition: a draft with its metadata and files. There is one at a time, so asking again answers the same.',
    learnMoreUrl: 'https://developers.zenodo.org/#new-version',
  },
  idempotent: true,
  scopes: ['deposit:actions', 'deposit:write'],
  input: [depositionId],
  output: deposition,
  async execute(connection, { id }) {
    const { links } = await connection.post(path`deposit/depositions/${id}/actions/newversion`);
    if (typeof links?.latest_draft === 'string') return connection.get(links.latest_draft);
    throw new ProviderError('PROVIDER_ANSWER_INVALID', 'Zenodo made a new version and did not say where it is.');
  },
});
