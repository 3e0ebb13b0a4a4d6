/** GET shares of all that one shares, or of one file or folder. */
import { defineAction } from '../../../src/connector/define.ts';
import { cleanPath } from '../dav-path.ts';
import { share } from '../objects.ts';
import { ocs, shareRow, sharesUrl } from '../ocs.ts';

export const listShares = defineAction({
  title: 'List shares',
  help: {
    body: 'With whom files and folders are shared.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'path', hint: 'Of the file or folder; left out, of all.' }],
  output: share,
  list: true,
  execute: (connection, { path }) =>
    ocs(connection.get(sharesUrl).params(path ? { path: cleanPath(path) } : {})).afterResponse(({ body }) =>
      (body ?? []).map(shareRow),
    ),
});
