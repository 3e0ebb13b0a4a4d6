/** POST shares a file or a folder. */
import { defineAction } from '../../../src/connector/define.ts';
import { cleanPath } from '../dav-path.ts';
import { share, shareKinds } from '../objects.ts';
import { kindNumber, ocs, shareRow, sharesUrl } from '../ocs.ts';

export const createShare = defineAction({
  title: 'Create share',
  help: {
    body: 'Shares a file or a folder with a user, a group, a user of another server, or by a link.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html',
  },
  scopes: [],
  input: [
    { name: 'path', optional: false, hint: 'Of the file or folder, from / on.' },
    { name: 'kind', optional: false, pickList: shareKinds, hint: 'With whom.' },
    { name: 'share_with', hint: 'User, group, or user@other.server; nothing for a link.' },
    { name: 'permissions', type: 'integer', hint: 'Sum of 1 read, 2 change, 4 create, 8 delete, 16 share.' },
    { name: 'password', controlType: 'password', hint: 'Whoever opens a link is asked for it.' },
    { name: 'expires_on', type: 'date', hint: 'The last day.' },
    { name: 'name', hint: 'Of a link.' },
  ],
  output: share,
  execute: (connection, { path, kind, share_with, permissions, password, expires_on, name }) =>
    ocs(
      connection
        .post(sharesUrl, {
          path: cleanPath(path),
          shareType: kindNumber(kind),
          shareWith: share_with ?? undefined,
          permissions: permissions ?? undefined,
          password: password ?? undefined,
          expireDate: expires_on ?? undefined,
          name: name ?? undefined,
        })
        .requestFormat('www_form_urlencoded'),
    ).afterResponse(({ body }) => shareRow(Array.isArray(body) ? body[0] : body)),
});
