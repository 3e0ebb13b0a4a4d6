/** PUT /deposit/depositions/{id} replaces the metadata. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { enteredMetadata, furtherMetadata, metadataOf } from '../metadata.ts';
import { deposition } from '../objects.ts';
import { depositionId, project } from '../projects.ts';

export const updateDeposition = defineAction({
  title: 'Update deposition',
  help: {
    body: 'Replaces what is said of a draft. One that is published has to be opened by `edit_deposition` before.',
    learnMoreUrl: 'https://developers.zenodo.org/#update',
  },
  capability: { name: 'updateProject', input: { metadata: () => undefined, further: 'metadata' }, output: project },
  idempotent: true,
  scopes: ['deposit:write'],
  input: [
    depositionId,
    { name: 'metadata', type: 'object', properties: enteredMetadata, hint: 'All that is to be said of it.' },
    furtherMetadata,
  ],
  output: deposition,
  execute: (connection, { id, ...input }) =>
    connection.put(path`deposit/depositions/${id}`, { metadata: metadataOf(input) ?? {} }),
});
