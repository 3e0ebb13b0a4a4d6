/** Judges what is given for a registration: fields by the notation of the connector, endpoints by what may ever be asked. */
import type { Connector, OAuth2Authorization } from '../connector/definition.ts';
import { InputError } from '../errors.ts';
import { compileInput } from '../notation/coerce.ts';
import { endpointNames, oauthWays, registrationNotation, type Endpoints } from './registration.ts';

/**
 * What was given for the fields of a connector's registration, made into their types.
 *
 * @throws InputError for unknown and for absent required fields; values never enter a message.
 */
export function checkFields(connector: Connector, given: Readonly<Record<string, unknown>>, path: string) {
  const notation = registrationNotation(connector);
  const known = notation.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const message = `${path}: ${connector.name} has no registration field ${unknown.join(', ')}; expected ${known.join(', ') || 'none'}.`;
    throw new InputError('INPUT_INVALID', message, { connector: connector.name });
  }
  for (const { name, type = 'string' } of notation) {
    const value = given[name] ?? undefined;
    if (type !== 'string' || value === undefined || isPlainText(value)) continue;
    const got = typeof value === 'string' ? 'one with a NUL' : describeKind(value);
    const message = `${path}.${name}: expected a text; got ${got}.`;
    throw new InputError('INPUT_INVALID', message, { connector: connector.name });
  }
  return compileInput(notation, { path, keys: 'notation' })(given);
}

/** Numbers are not made into texts here: an id of digits that was not quoted may have lost some. */
function isPlainText(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0');
}

function describeKind(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Endpoints as they are kept. @throws InputError when one is no URL. */
export function checkEndpoints(given: Endpoints, path = 'endpoints'): Endpoints {
  for (const name of endpointNames) {
    const url = given[name];
    if (url === undefined || url === null || isEndpoint(url)) continue;
    const message = `${path}.${name}: expected an absolute http or https URL without a user name; got another.`;
    throw new InputError('INPUT_INVALID', message);
  }
  return Object.fromEntries(Object.entries(given).filter(([, url]) => typeof url === 'string'));
}

/**
 * What the operator may say about endpoints, a tenant may not always: the secret of a connector's own client goes where
 * the connector says and nowhere else, and a connector may say which hosts its provider has.
 *
 * @param fields - of the same registration.
 * @throws InputError ENDPOINT_REFUSED
 */
export function checkTenantEndpoints(
  connector: Connector,
  endpoints: Endpoints,
  fields: Readonly<Record<string, unknown>>,
): void {
  const { name: who } = connector;
  const refuse = (name: string, reason: string) =>
    new InputError('ENDPOINT_REFUSED', `endpoints.${name}: ${reason}`, { connector: who });
  const closed = fields['client_secret'] === undefined ? endpointsOfBuiltInSecret(connector) : [];
  for (const name of endpointNames) {
    const url = endpoints[name];
    if (url === undefined) continue;
    if (closed.includes(name)) {
      const reason = `${who} brings the secret of its client, which goes nowhere else. Leave it out, or ask the operator to configure it.`;
      throw refuse(name, reason);
    }
    if (!isTenantHost(connector, url)) throw refuse(name, expectedHost(connector));
  }
}

/**
 * The same for a host that the connector works out of what was registered.
 *
 * @throws InputError ENDPOINT_REFUSED
 */
export function checkTenantHost(connector: Connector, origin: string): void {
  if (isTenantHost(connector, origin)) return;
  const message = `fields: ${expectedHost(connector)}`;
  throw new InputError('ENDPOINT_REFUSED', message, { connector: connector.name });
}

function isTenantHost({ connection }: Connector, url: string): boolean {
  return connection?.hosts?.some((host) => isOfHost(new URL(url), host)) ?? true;
}

function expectedHost({ name, connection }: Connector): string {
  return `expected a host of ${name}, one of ${connection?.hosts?.join(', ') || '(none)'}; got another.`;
}

/** Those that lead a client's secret that is the connector's own; its own hooks may send it below \`baseUri\`. */
function endpointsOfBuiltInSecret(connector: Connector): readonly (keyof Endpoints)[] {
  const ways = oauthWays(connector).filter(({ clientSecret }) => clientSecret !== undefined);
  const hasHooks = ({ acquire, refresh }: OAuth2Authorization) => acquire !== undefined || refresh !== undefined;
  return endpointNames.filter((name) => (name === 'baseUri' ? ways.some(hasHooks) : ways.length > 0));
}

/** @param host - exact, or \`*.example.com\` for every host below it. */
function isOfHost({ hostname }: URL, host: string): boolean {
  return host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
}

/** Whether it may be asked is judged when it is asked (the address guard); here only what can never be. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}
