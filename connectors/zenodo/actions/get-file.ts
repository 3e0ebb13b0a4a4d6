/** GET /deposit/depositions/{id}/files/{file_id} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { file } from '../objects.ts';
import { fileId, ofDeposition, projectFile } from '../projects.ts';

export const getFile = defineAction({
  title: 'Get file',
  help: {
    body: 'A file of a deposition, without its content.',
    learnMoreUrl: 'https://developers.zenodo.org/#deposition-files',
  },
  capability: { name: 'getProjectFile', input: { deposition_id: 'project', file_id: 'id' }, output: projectFile },
  readOnly: true,
  scopes: [],
  input: [ofDeposition, fileId],
  output: file,
  execute: (connection, { deposition_id, file_id }) =>
    connection.get(path`deposit/depositions/${deposition_id}/files/${file_id}`).afterErrorResponse(404, () => null),
});
