/** OCS, by which ownCloud speaks of users and shares: every answer is wrapped. */
import type { OpenConnection, Request } from '../../src/connector/define.ts';

/**
 * Version 2 says by the status of HTTP what came of a request, so that errors need no reading here.
 *
 * @see https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html
 */
export function ocs(request: Request): Request {
  return request
    .params({ format: 'json' })
    .headers({ 'ocs-apirequest': 'true' })
    .afterResponse(({ body }) => body?.ocs?.data ?? null);
}

/** Name of the user whose connection it is. @see https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-user-sync-api.html */
export async function currentUser(connection: OpenConnection): Promise<unknown> {
  const user = await ocs(connection.get('ocs/v2.php/cloud/user'));
  if (typeof user?.id === 'string') return user.id;
  return connection.error('ownCloud did not say whose connection it is.', 'invalid_response');
}

export const sharesUrl = 'ocs/v2.php/apps/files_sharing/api/v1/shares';

/** Kinds of shares by their numbers. */
const kinds: Readonly<Record<string, string>> = { 0: 'USER', 1: 'GROUP', 3: 'LINK', 6: 'FEDERATED' };

/** A share as the object `share` has it. */
export function shareRow(row: any) {
  return {
    ...row,
    id: String(row.id),
    kind: kinds[String(row.share_type)] ?? null,
    file: row.path,
    expires_on: typeof row.expiration === 'string' ? row.expiration.slice(0, 10) : null,
    shared_at: row.stime,
  };
}

/** The number of a kind. */
export function kindNumber(kind: string): number {
  return Number(Object.keys(kinds).find((number) => kinds[number] === kind));
}
