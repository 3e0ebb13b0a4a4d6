/** DELETE removes a file, or a folder with all that is in it. */
import { defineAction } from '../../../src/connector/define.ts';
import { refuseRoot } from '../dav-path.ts';
import { deleted } from '../objects.ts';
import { addressOf, requireFile, writing } from '../webdav.ts';

export const deleteFile = defineAction({
  title: 'Delete file',
  help: {
    body: 'Removes a file, or a folder with all that is in it; the server may keep it in its trash.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  capability: 'deleteFile',
  scopes: [],
  input: [{ name: 'path', optional: false, hint: 'Of the file or folder, from / on.' }],
  output: deleted,
  async execute(connection, { path }) {
    refuseRoot(path);
    const found = await requireFile(connection, path);
    await writing(connection.delete(addressOf(found)), connection, found.path);
    return { deleted: true };
  },
});
