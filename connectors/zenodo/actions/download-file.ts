/** GET {bucket}/{name}, where the deposition says which bucket is its own and what the file is called. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { inBucket, nameOf } from '../bucket.ts';
import { fileId, ofDeposition } from '../projects.ts';

export const downloadFile = defineAction({
  title: 'Download file',
  help: {
    body: 'The content of a file of a deposition.',
    learnMoreUrl: 'https://developers.zenodo.org/#files',
  },
  capability: { name: 'readProjectFile', input: { deposition_id: 'project', file_id: 'id' } },
  readOnly: true,
  scopes: [],
  input: [ofDeposition, fileId],
  output: [{ name: 'content', type: 'stream' }],
  async execute(connection, { deposition_id, file_id }) {
    const deposition = await connection.get(path`deposit/depositions/${deposition_id}`);
    return connection.get(inBucket(deposition, nameOf(deposition, file_id))).responseFormat('raw', { content: true });
  },
});
