/** Answers of ownCloud, as it documents and gives them. */

/** @see https://github.com/owncloud/oauth2#protocol-flow */
export const tokens = {
  access_token: 'ada-token',
  token_type: 'Bearer',
  expires_in: 3600,
  refresh_token: 'ada-refresh',
  user_id: 'ada',
};

/** @see https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html */
export function ocsAnswer(data: unknown, statuscode = 200, message: string | null = null) {
  const status = statuscode < 300 ? 'ok' : 'failure';
  return { ocs: { meta: { status, statuscode, message, totalitems: '', itemsperpage: '' }, data } };
}

export const user = { id: 'ada', 'display-name': 'Ada Lovelace', email: 'ada@example.test' };

export const shareRow = {
  id: '1',
  share_type: 3,
  uid_owner: 'ada',
  displayname_owner: 'Ada Lovelace',
  permissions: 1,
  stime: 1764585600,
  parent: null,
  expiration: '2026-12-31 00:00:00',
  token: 'fQ1fVv1sbHiQpCr',
  uid_file_owner: 'ada',
  displayname_file_owner: 'Ada Lovelace',
  path: '/Documents/Example.odt',
  item_type: 'file',
  mimetype: 'application/vnd.oasis.opendocument.text',
  file_target: '/Example.odt',
  share_with: null,
  share_with_displayname: null,
  name: 'Example',
  url: 'https://cloud.example.test/s/fQ1fVv1sbHiQpCr',
  mail_send: 0,
};

export interface Entry {
  readonly path: string;
  /** Absent: a folder. */
  readonly content?: string;
  readonly etag: string;
  readonly modified: string;
  readonly id: string;
}

/** One element of a multistatus, in the words of sabre/dav as ownCloud has it. */
export function responseOf(root: string, { path, content, etag, modified, id }: Entry): string {
  const isFolder = content === undefined;
  const href = `${root}${path.split('/').map(encodeURIComponent).join('/')}${isFolder && path !== '/' ? '/' : ''}`;
  const size = isFolder
    ? '<oc:size>64</oc:size>'
    : `<d:getcontentlength>${Buffer.byteLength(content)}</d:getcontentlength><d:getcontenttype>text/plain</d:getcontenttype><oc:size>${Buffer.byteLength(content)}</oc:size>`;
  const missing = isFolder ? '<d:getcontentlength/><d:getcontenttype/>' : '<d:quota-used-bytes/>';
  return `<d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype>${isFolder ? '<d:collection/>' : ''}</d:resourcetype>${size}<d:getetag>&quot;${etag}&quot;</d:getetag><d:getlastmodified>${modified}</d:getlastmodified><oc:id>${id}</oc:id><oc:permissions>RDNVW</oc:permissions></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop>${missing}</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>`;
}

export function multistatus(responses: readonly string[]): string {
  return `<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns">${responses.join('')}</d:multistatus>`;
}

export function exception(name: string, message: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Sabre\\DAV\\Exception\\${name}</s:exception><s:message>${message}</s:message></d:error>`;
}
