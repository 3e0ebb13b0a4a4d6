/** GET /deposit/depositions/{id}/files answers all of them. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { file } from '../objects.ts';
import { ofDeposition, projectFile } from '../projects.ts';

export const listFiles = defineAction({
  title: 'List files',
  help: { body: 'All files of a deposition.', learnMoreUrl: 'https://developers.zenodo.org/#deposition-files' },
  capability: { name: 'listProjectFiles', input: { deposition_id: 'project' }, output: projectFile },
  readOnly: true,
  scopes: [],
  input: [ofDeposition],
  output: file,
  list: true,
  execute: (connection, { deposition_id }) => connection.get(path`deposit/depositions/${deposition_id}/files`),
});
