/** DELETE ends a share; what was shared stays. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { deleted } from '../objects.ts';
import { ocs, sharesUrl } from '../ocs.ts';

export const deleteShare = defineAction({
  title: 'Delete share',
  help: {
    body: 'Ends a share; what was shared stays.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html',
  },
  scopes: [],
  input: [{ name: 'id', optional: false, hint: 'Of the share.' }],
  output: deleted,
  execute: (connection, { id }) =>
    ocs(connection.delete(sharesUrl + path`/${id}`)).afterResponse(() => ({ deleted: true })),
});
