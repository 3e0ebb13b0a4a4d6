/** MKCOL makes a folder in one that exists. */
import { defineAction } from '../../../src/connector/define.ts';
import { cleanPath, davFolder, refuseRoot } from '../dav-path.ts';
import { file } from '../objects.ts';
import { requireFile, writing } from '../webdav.ts';

export const createFolder = defineAction({
  title: 'Create folder',
  help: { body: 'Makes a folder.', learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/' },
  capability: 'createFolder',
  scopes: [],
  input: [{ name: 'path', optional: false, hint: 'Of the new folder, from / on.' }],
  output: file,
  async execute(connection, { path }) {
    refuseRoot(path);
    await writing(connection.request('MKCOL', davFolder(path)), connection, cleanPath(path));
    return requireFile(connection, path);
  },
});
