/** GET gives the content of a file as it comes. */
import { defineAction, type Content } from '../../../src/connector/define.ts';
import { cleanPath, davPath, nameOf } from '../dav-path.ts';

export const downloadFile = defineAction({
  title: 'Download file',
  help: {
    body: 'Where the content of a file is fetched, once.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  capability: 'readFile',
  readOnly: true,
  scopes: [],
  input: [{ name: 'path', optional: false, hint: 'Of the file, from / on.' }],
  output: [{ name: 'content', type: 'stream' }],
  execute: (connection, { path }) => ({
    content: connection
      .get(davPath(path))
      .responseFormat('raw', { content: true })
      .afterResponse(({ body }) => (body as Content).named(nameOf(cleanPath(path)))),
  }),
});
