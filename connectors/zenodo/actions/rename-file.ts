/** PUT /deposit/depositions/{id}/files/{file_id} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { file } from '../objects.ts';
import { fileId, ofDeposition } from '../projects.ts';

export const renameFile = defineAction({
  title: 'Rename file',
  help: {
    body: 'Gives a file of a draft another name.',
    learnMoreUrl: 'https://developers.zenodo.org/#deposition-files',
  },
  idempotent: true,
  scopes: ['deposit:write'],
  input: [ofDeposition, fileId, { name: 'name', optional: false, hint: 'The new one.' }],
  output: file,
  execute: (connection, { deposition_id, file_id, name }) =>
    connection.put(path`deposit/depositions/${deposition_id}/files/${file_id}`, { name }),
});
