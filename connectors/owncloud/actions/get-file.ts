/** PROPFIND of depth 0 tells of one file or folder. */
import { defineAction } from '../../../src/connector/define.ts';
import { file } from '../objects.ts';
import { findFile } from '../webdav.ts';

export const getFile = defineAction({
  title: 'Get file',
  help: {
    body: 'A file or a folder, without its content; null where there is none.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  capability: 'getFile',
  readOnly: true,
  scopes: [],
  input: [{ name: 'path', optional: false, hint: 'From / on, e.g. /Photos/tree.jpg.' }],
  output: file,
  execute: (connection, { path }) => findFile(connection, path),
});
