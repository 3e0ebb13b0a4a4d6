/** PUT /deposit/depositions/{id}/files */
import { defineAction, path } from '../../../src/connector/define.ts';
import { file } from '../objects.ts';
import { ofDeposition } from '../projects.ts';

export const sortFiles = defineAction({
  title: 'Sort files',
  help: {
    body: 'Puts the files of a draft in order; the first one is shown as a preview.',
    learnMoreUrl: 'https://developers.zenodo.org/#deposition-files',
  },
  idempotent: true,
  scopes: ['deposit:write'],
  input: [
    ofDeposition,
    { name: 'file_ids', type: 'array', of: 'string', optional: false, hint: 'Ids of all its files, in order.' },
  ],
  output: file,
  list: true,
  execute: (connection, { deposition_id, file_ids }) =>
    connection.put(
      path`deposit/depositions/${deposition_id}/files`,
      file_ids.map((id) => ({ id })),
    ),
});
