/** What is posted as a token, judged as RDS' own library judges it (`RDS/Token.py`), and kept as a connection. */
import type { ConnectionRecord } from '../../connection/connection-record.ts';
import { Secret } from '../../http/secret.ts';
import { callerFor, type RdsDesk } from './desk.ts';
import { openEnvelope, readUser } from './envelope.ts';
import { raised, type RdsRefusal } from './failure.ts';
import { readServiceName } from './read-service.ts';
import type { Service } from './services.ts';
import { isOAuth } from './show-service.ts';

export interface PostedToken {
  /** In small letters. */
  readonly servicename: string;
  /** Name of the account at the service. */
  readonly username: string | undefined;
  /** An access token, or a password. */
  readonly accessToken: Secret | undefined;
  readonly refreshToken: Secret | undefined;
  /** Milliseconds since 1970; `null`: not known. */
  readonly expiresAt: number | null;
}

/** @throws RdsRefusal 500 `Exception`, as RDS does for what it cannot read. */
export function readToken(body: unknown): PostedToken {
  const { data } = openEnvelope(body, 'Token') ?? {};
  if (!data) throw unreadable('expected a JSON object');
  const servicename = readServiceName(data['service']);
  if (servicename === undefined) throw unreadable('service: expected a service with its name');
  const secret = (name: string): Secret | undefined => {
    const value = data[name] ?? '';
    if (typeof value !== 'string' || value.includes('\0')) throw unreadable(`${name}: expected a text`);
    return value === '' ? undefined : new Secret(value);
  };
  return {
    servicename,
    username: readUser(data['user']),
    accessToken: secret('access_token'),
    refreshToken: secret('refresh_token'),
    expiresAt: readDate(data['expiration_date']),
  };
}

/**
 * Keeps it as the user's connection.
 *
 * @throws RdsRefusal 500 `Exception` for a token of OAuth 2.0 without an access token; AuthorizationError CONNECTION_EXISTS.
 */
export async function keepToken(
  desk: RdsDesk,
  user: string,
  { connector, registration }: Service,
  token: PostedToken,
): Promise<ConnectionRecord> {
  const { connecting } = desk.served();
  const { accessToken, refreshToken, expiresAt, username = user } = token;
  const caller = callerFor(desk, user);
  if (!isOAuth(registration)) {
    const fields = { user: username, password: accessToken?.reveal() ?? '' };
    return connecting.adopt(caller, connector, { fields, identity: username });
  }
  if (!accessToken) throw unreadable('access_token: expected a text that is not empty');
  const tokens = {
    access_token: accessToken,
    token_type: 'Bearer',
    ...(refreshToken && { refresh_token: refreshToken }),
    obtained_at: Date.now(),
  };
  return connecting.adopt(caller, connector, {
    fields: { user: username },
    tokens: { tokens, scopes: [], expiresAt },
    identity: username,
  });
}

function unreadable(expected: string): RdsRefusal {
  return raised('Exception', `This is no token: ${expected}.`);
}

/** `2021-01-31 10:00:00.123456` as Python writes it, in UTC where it names no zone; `None` and anything else is not known. */
function readDate(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const [, day, time, zone = ''] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:\d\d)?$/.exec(value) ?? [];
  if (day === undefined || time === undefined) return null;
  const milliseconds = Date.parse(`${day}T${time.replace(/(\.\d{3})\d+$/, '$1')}${zone || 'Z'}`);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}
