/** The connection that a request brings with it: credentials for one call, which are kept nowhere. */
import { createCredentials } from '../../connection/configured-connections.ts';
import { checkConnectionFields } from '../../connection/check-connection-fields.ts';
import type { UsableConnection } from '../../connection/connections.ts';
import { declaredFields, type Registration } from '../../connection/registration.ts';
import { authorizationOf } from '../../connector/authorize.ts';
import type { Connector, SingleAuthorization } from '../../connector/definition.ts';
import type { Fault } from '../../errors.ts';
import { invalidPart } from './request.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Reads `auth` and `settings`: `auth` is `{ model: 'oauth', access_token }`, `{ model: 'basic', username, password }`, or
 * for other ways to authorize the fields of the connection themselves; `settings` are the other fields of the connection.
 *
 * @throws InvalidRequest for credentials of another kind than the connector takes, and for unknown or missing fields.
 */
export function givenConnection(
  connector: Connector,
  auth: Values,
  settings: Values,
  registration: Registration | undefined,
): UsableConnection {
  const { model, ...given } = auth;
  const entered = { ...settings, ...enteredBy(connector, model, given) };
  const faults: Fault[] = [];
  const fields = checkConnectionFields(connector, entered, 'auth', {}, faults);
  if (faults.length > 0)
    throw invalidPart(
      'auth',
      faults.map(({ path, message }) => `${path}: ${message}`),
    );
  const all: Values = {
    ...declaredFields(connector, registration),
    ...fields,
    ...(model === 'oauth' && { access_token: textOf(given.access_token, 'access_token') }),
  };
  const { type } = authorizationOf(connector, all);
  const expected = modelsOf[type];
  if (expected !== model) {
    const name = connector.title ?? connector.name;
    const takes = expected === undefined ? 'the fields of a connection, without a model' : `the model ${expected}`;
    throw invalidPart('auth', [`${name} takes ${takes}.`]);
  }
  const { baseUri } = registration?.endpoints ?? {};
  return {
    id: undefined,
    subject: undefined,
    connector,
    baseUri,
    credentials: createCredentials(all),
    scopes: undefined,
  };
}

/** What Lumos calls the ways to authorize; other ways it does not have. */
const modelsOf: Partial<Record<SingleAuthorization['type'], string>> = { oauth2: 'oauth', basic: 'basic' };

function enteredBy(connector: Connector, model: unknown, given: Values): Values {
  if (model === 'oauth') return {};
  if (model !== 'basic') return given;
  const { authorization } = connector.connection ?? {};
  const ways = authorization?.type === 'multi' ? Object.values(authorization.options) : [authorization];
  const way = ways.find((each) => each?.type === 'basic');
  const { userField = 'user', passwordField = 'password' } = way?.type === 'basic' ? way : {};
  return { [userField]: textOf(given.username, 'username'), [passwordField]: textOf(given.password, 'password') };
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalidPart('auth', [`${name}: expected a text.`]);
}
