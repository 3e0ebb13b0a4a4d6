/** PROPFIND of depth 1 tells of a folder and of all that lies in it: WebDAV has no pages. */
import { defineAction } from '../../../src/connector/define.ts';
import { file } from '../objects.ts';
import { readFolder } from '../webdav.ts';

export const listFiles = defineAction({
  title: 'List files',
  help: {
    body: 'The files and folders that lie in a folder.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  capability: 'listFiles',
  readOnly: true,
  scopes: [],
  input: [{ name: 'path', default: '/', hint: 'Of the folder; / is the first one.' }],
  output: file,
  list: true,
  async execute(connection, { path }) {
    const shown = path ?? '/';
    const folder = await readFolder(connection, shown);
    if (!folder) return connection.error(`There is no folder ${JSON.stringify(shown)}.`, 'not_found');
    if (folder.self.kind === 'FOLDER') return folder.rows;
    return connection.error(`${JSON.stringify(shown)} is a file and not a folder.`, 'invalid_value');
  },
});
