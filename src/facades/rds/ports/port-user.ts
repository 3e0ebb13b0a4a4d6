/** For whom a port is asked: the name of a user, whose connection it is, or credentials that come along (`port-x://user:password`). */
import { createCredentials } from '../../../connection/configured-connections.ts';
import type { UsableConnection } from '../../../connection/connections.ts';
import { declaredFields } from '../../../connection/registration.ts';
import { isSubjectName } from '../../../connection/subjects.ts';
import { authorizationOf } from '../../../connector/authorize.ts';
import type { Connector, SingleAuthorization } from '../../../connector/definition.ts';
import { serviceNameOf } from '../../../importers/rds/service-name.ts';
import type { Asking } from '../ask-capability.ts';
import { callerFor, type RdsDesk } from '../desk.ts';
import { unauthorized } from '../failure.ts';

/** @throws RdsRefusal 401 where nobody is named, or credentials come that are for another port. */
export async function portUser(
  desk: RdsDesk,
  connector: Connector,
  userId: unknown,
): Promise<Pick<Asking, 'caller' | 'connection'>> {
  if (typeof userId !== 'string' || isNone(userId)) throw unauthorized('userId: expected the name of a user.');
  const session = /^([^:/]+):\/\/([^:]*):(.*)$/s.exec(userId);
  if (!session) {
    if (!isSubjectName(userId)) throw unauthorized('userId: expected the name of a user.');
    return { caller: callerFor(desk, userId), connection: undefined };
  }
  const [, service = '', user = '', password = ''] = session;
  if (!isNameOf(service.toLowerCase(), connector)) throw unauthorized('userId: its credentials are for another port.');
  if (isNone(password)) throw unauthorized('userId: expected credentials with a password or a token.');
  const connection = await brought(desk, connector, isNone(user) ? undefined : user, password);
  return { caller: callerFor(desk, user), connection };
}

/** Python's `None` as a text. */
function isNone(text: string): boolean {
  return text === '' || text === 'None';
}

/** Whether a port of that name is this connector: `port-owncloud` is `owncloud`, or a service that registered so. */
export function isNameOf(port: string, connector: Connector): boolean {
  const name = port.replace(/^port-/, '');
  return connector.name === name.replaceAll('-', '_') || serviceNameOf(connector.name) === `port-${name}`;
}

/**
 * The credentials for one call: as a token of OAuth 2.0 where the connector takes one, as RDS passes those, else as name and
 * password. Nothing is kept.
 */
async function brought(
  { tenant, served }: RdsDesk,
  connector: Connector,
  user: string | undefined,
  password: string,
): Promise<UsableConnection> {
  const registration = await served().registrations.find(tenant, connector);
  const declared = declaredFields(connector, registration);
  for (const fields of waysOf(connector, user, password)) {
    const all = { ...declared, ...fields };
    if (!fits(connector, all)) continue;
    const { baseUri } = registration?.endpoints ?? {};
    const credentials = createCredentials(all);
    return { id: undefined, subject: undefined, connector, baseUri, credentials, scopes: undefined };
  }
  throw unauthorized('userId: this port takes no names and passwords. Name a user who has connected an account.');
}

function waysOf(connector: Connector, user: string | undefined, password: string): Record<string, unknown>[] {
  const { authorization } = connector.connection ?? {};
  const ways = authorization?.type === 'multi' ? Object.values(authorization.options) : [authorization];
  const basic = ways.find((way): way is Extract<SingleAuthorization, { type: 'basic' }> => way?.type === 'basic');
  const { userField = 'user', passwordField = 'password' } = basic ?? {};
  return [
    { user, access_token: password },
    { [userField]: user, [passwordField]: password },
  ];
}

function fits(connector: Connector, fields: Readonly<Record<string, unknown>>): boolean {
  try {
    const { type } = authorizationOf(connector, fields);
    return 'access_token' in fields ? type === 'oauth2' : type !== 'oauth2' && type !== 'custom';
  } catch {
    return false;
  }
}
