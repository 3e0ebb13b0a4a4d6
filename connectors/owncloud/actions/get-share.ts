/** GET of one share. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { share } from '../objects.ts';
import { ocs, shareRow, sharesUrl } from '../ocs.ts';

export const getShare = defineAction({
  title: 'Get share',
  help: {
    body: 'One share; null where there is none.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'id', optional: false, hint: 'Of the share.' }],
  output: share,
  execute: (connection, { id }) =>
    ocs(connection.get(sharesUrl + path`/${id}`))
      .afterResponse(({ body }) => (body?.[0] ? shareRow(body[0]) : null))
      .afterErrorResponse(404, () => null),
});
