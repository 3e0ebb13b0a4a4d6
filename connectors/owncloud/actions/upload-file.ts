/** PUT takes the content of a file as it comes; what is there and what is not is asked before, since a content passes once. */
import { defineAction } from '../../../src/connector/define.ts';
import { cleanPath, davPath, folderOf, refuseRoot } from '../dav-path.ts';
import { file } from '../objects.ts';
import { findFile, requireFile, writing } from '../webdav.ts';

export const uploadFile = defineAction({
  title: 'Upload file',
  help: {
    body: 'Makes a file, or replaces its content.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  capability: 'writeFile',
  scopes: [],
  input: [
    { name: 'path', optional: false, hint: 'Of the file, from / on; its folder exists.' },
    { name: 'media_type', hint: 'e.g. image/png; else as the content says.' },
    { name: 'overwrite', type: 'boolean', default: true, hint: 'Whether a file that lies there is replaced.' },
    { name: 'content', type: 'stream', optional: false, hint: 'Of the file.' },
  ],
  output: file,
  async execute(connection, { path, media_type, overwrite, content }) {
    refuseRoot(path);
    const own = cleanPath(path);
    const shown = JSON.stringify(own);
    const there = await findFile(connection, own);
    if (there?.kind === 'FOLDER') connection.error(`${shown} is a folder.`, 'conflict');
    if (there && overwrite === false) {
      connection.error(`There is something at ${shown} already. Choose another path, or overwrite it.`, 'conflict');
    }
    const folder = there ?? (await findFile(connection, folderOf(own)));
    if (!folder) {
      connection.error(`The folder in which ${shown} would lie does not exist. Make it first.`, 'not_found');
    }
    const upload = connection
      .put(davPath(own))
      .requestBody(content)
      .headers({
        'content-type': media_type,
        // For whoever makes the same file at the same time.
        'if-none-match': overwrite === false ? '*' : undefined,
      });
    await writing(upload, connection, own);
    return requireFile(connection, own);
  },
});
