/** A connection as RDS shows a token. Refresh tokens are empty texts; what gives access is one too unless it is released. */
import type { ConnectionRecord } from '../../connection/connection-record.ts';
import type { Registration } from '../../connection/registration.ts';
import type { RdsDesk } from './desk.ts';
import { userEnvelope, type Envelope } from './envelope.ts';
import { serviceEnvelope } from './show-service.ts';

export function tokenEnvelope(
  desk: Pick<RdsDesk, 'releaseTokens' | 'served'>,
  record: ConnectionRecord,
  registration: Registration,
): Envelope {
  const { value } = record;
  const { served } = desk;
  const data = {
    service: serviceEnvelope(registration),
    access_token: accessOf(desk, record),
    user: userEnvelope(value.identity ?? value.subject ?? ''),
  };
  if (value.tokens === null) return { type: 'LoginToken', data };
  return {
    type: 'OAuth2Token',
    data: { ...data, refresh_token: '', expiration_date: dateOf(served().foreignTokens.endOf(record, maxLifetimeMs)) },
  };
}

/** An access token, or the password of a service without OAuth 2.0; empty unless the operator releases them. */
export function accessOf(
  { releaseTokens, served }: Pick<RdsDesk, 'releaseTokens' | 'served'>,
  record: ConnectionRecord,
): string {
  if (!releaseTokens) return '';
  const { accessToken, fields } = served().foreignTokens.reveal(record);
  const { password } = fields;
  return accessToken ?? (typeof password === 'string' ? password : '');
}

/** RDS takes no token to be good for longer, whatever its service says. */
const maxLifetimeMs = 3_600_000;

/** `str()` of a Python `datetime`, in UTC; RDS writes `None` for none. */
function dateOf(milliseconds: number | null): string {
  if (milliseconds === null) return 'None';
  return `${new Date(milliseconds).toISOString().slice(0, -1).replace('T', ' ')}000`;
}
