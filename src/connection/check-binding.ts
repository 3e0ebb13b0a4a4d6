/** Keeps the credentials of a connection from hosts that its tenant chose since they were given. */
import type { ConnectionFields } from '../connector/definition.ts';
import { AuthorizationError } from '../errors.ts';
import type { Binding } from './connection-binding.ts';
import { isBoundTo, isPlacedAt, isStillBound } from './connection-binding.ts';
import { scopesAgain } from './connect-hint.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { RefreshDesk, RefreshTarget } from './refresh-desk.ts';

type Target = Omit<RefreshTarget, 'authorization'>;
type Desk = Pick<RefreshDesk, 'connectHint'>;

/** @throws AuthorizationError REAUTH_REQUIRED */
export function checkBinding(desk: Desk, target: Target, record: ConnectionRecord): void {
  if (!isBoundTo(record.value, target.connector, target.registration)) throw moved(desk, target, record);
}

/**
 * The same for a `baseUri` that is a function, once it is known where it leads.
 *
 * @throws AuthorizationError REAUTH_REQUIRED
 */
export function checkPlace(desk: Desk, target: Target, record: ConnectionRecord, origin: string | undefined): void {
  const { connector, registration } = target;
  if (!isPlacedAt(record.value, connector, registration, origin)) throw moved(desk, target, record);
}

/**
 * The same for what was begun, and is to be ended where it was begun.
 *
 * @param fields - entered when it was begun.
 * @throws AuthorizationError AUTHORIZATION_FLOW_UNKNOWN
 */
export async function checkBegun(
  { connector, registration }: Pick<Target, 'connector' | 'registration'>,
  boundTo: Binding | undefined,
  fields: ConnectionFields,
): Promise<void> {
  if (await isStillBound({ boundTo }, connector, registration, fields)) return;
  const { name, title = name } = connector;
  throw new AuthorizationError(
    'AUTHORIZATION_FLOW_UNKNOWN',
    `${title} was registered at other hosts while the account was being connected, and nothing was sent there. Begin again.`,
    { connector: name },
  );
}

/** The subject has to connect again, for the reason that stands in the record. */
export function reauthRequired(
  desk: Desk,
  { connector, connectionId, registration }: Target,
  { value }: ConnectionRecord,
): AuthorizationError {
  const { name, title = name } = connector;
  const message =
    value.reason ?? `${title} no longer accepts what this connection was authorized with. Connect it again.`;
  return new AuthorizationError('REAUTH_REQUIRED', message, {
    connector: name,
    connection: connectionId,
    connect: desk.connectHint(connector, scopesAgain(connector, registration, value)),
  });
}

function moved(desk: Desk, target: Target, record: ConnectionRecord): AuthorizationError {
  const { name, title = name } = target.connector;
  const reason = `${title} is registered at other hosts than this connection was made for, and its credentials are not sent there. Connect it again.`;
  return reauthRequired(desk, target, { ...record, value: { ...record.value, reason } });
}
