/** POST /deposit/depositions */
import { defineAction } from '../../../src/connector/define.ts';
import { enteredMetadata, furtherMetadata, metadataOf } from '../metadata.ts';
import { deposition } from '../objects.ts';
import { project } from '../projects.ts';

export const createDeposition = defineAction({
  title: 'Create deposition',
  help: {
    body: 'Begins a deposition, a draft. What is said of it may follow later.',
    learnMoreUrl: 'https://developers.zenodo.org/#create',
  },
  capability: { name: 'createProject', input: { metadata: () => undefined, further: 'metadata' }, output: project },
  scopes: ['deposit:write'],
  input: [
    { name: 'metadata', type: 'object', properties: enteredMetadata, hint: 'What is said of it.' },
    furtherMetadata,
  ],
  output: deposition,
  execute(connection, input) {
    const metadata = metadataOf(input);
    return connection.post('deposit/depositions', metadata ? { metadata } : {});
  },
});
