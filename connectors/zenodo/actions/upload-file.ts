/** PUT {bucket}/{name}, where the deposition says which bucket is its own. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { inBucket } from '../bucket.ts';
import { storedFile } from '../objects.ts';
import { ofDeposition } from '../projects.ts';

export const uploadFile = defineAction({
  title: 'Upload file',
  help: {
    body: 'Adds a file to a draft, or replaces the one of that name; 50 GB at most.',
    learnMoreUrl: 'https://developers.zenodo.org/#files',
  },
  capability: { name: 'writeProjectFile', input: { deposition_id: 'project' } },
  scopes: ['deposit:write'],
  input: [
    ofDeposition,
    { name: 'name', optional: false, hint: 'Of the file; Zenodo has no folders.' },
    { name: 'media_type', hint: 'Of no effect: Zenodo tells it by the name.' },
    { name: 'content', type: 'stream', optional: false, hint: 'Its bytes.' },
  ],
  output: storedFile,
  async execute(connection, { deposition_id, name, content }) {
    const deposition = await connection.get(path`deposit/depositions/${deposition_id}`);
    // Whatever it is, Zenodo takes bytes: a form would be read as one.
    return connection
      .put(inBucket(deposition, name))
      .headers({ 'content-type': 'application/octet-stream' })
      .requestBody(content);
  },
});
