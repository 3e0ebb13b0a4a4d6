/** Binds a connection to the hosts that its tenant had chosen when it was made: its credentials go to no others. */
import { createHash } from 'node:crypto';
import { baseOf } from '../connector/connection-base.ts';
import type { ConnectionFields, Connector } from '../connector/definition.ts';
import { isSecretField } from '../notation/secret-field.ts';
import { checkTenantHost } from './check-registration.ts';
import { declaredFields, oauthWays, type Registration } from './registration.ts';

/**
 * Origins that a tenant chose, each after what goes there; empty: all goes where the connector or the operator says.
 * `at`: what a `baseUri` that hangs on the registration gave, whoever registered.
 */
export type Binding = readonly string[];

interface Bound {
  readonly boundTo?: Binding | undefined;
}

/**
 * What a connection that is made now is bound to. An endpoint of the connector's own origin counts as the connector's; what
 * the operator configured is the operator's to change.
 *
 * @param fields - entered and acquired.
 * @throws InputError ENDPOINT_REFUSED for a host that the connector does not take from a tenant.
 */
export async function bindingOf(
  connector: Connector,
  registration: Registration | undefined,
  fields: ConnectionFields,
): Promise<Binding> {
  const origin = await workedOutOrigin(connector, registration, fields);
  if (origin !== undefined && registration?.id !== undefined) checkTenantHost(connector, origin);
  return [...chosenBy(connector, registration), ...placeOf(origin)];
}

/** Whether credentials of this binding may be used with the registration as it is now: all but a `baseUri` that is a function. */
export function isBoundTo(
  { boundTo = [] }: Bound,
  connector: Connector,
  registration: Registration | undefined,
): boolean {
  return boundTo.filter(isChosen).join() === chosenBy(connector, registration).join();
}

/**
 * Whether a `baseUri` that is a function leads where it led when the connection was made, as far as the tenant decides it.
 *
 * @param origin - where it leads now; `undefined`: nowhere yet.
 */
export function isPlacedAt(
  { boundTo = [] }: Bound,
  connector: Connector,
  registration: Registration | undefined,
  origin: string | undefined,
): boolean {
  if (registration?.id === undefined || !hangsOnRegistration(connector, registration)) return true;
  return boundTo.filter((one) => !isChosen(one)).join() === placeOf(origin).join();
}

/** Both. @param fields - those that the binding was made with. */
export async function isStillBound(
  bound: Bound,
  connector: Connector,
  registration: Registration | undefined,
  fields: ConnectionFields,
): Promise<boolean> {
  if (!isBoundTo(bound, connector, registration)) return false;
  return isPlacedAt(bound, connector, registration, await workedOutOrigin(connector, registration, fields));
}

/**
 * The binding after the connector's own code got more fields: a host that hangs on them is the provider's to say. Where it
 * did not fit before, it stays as it was, and fits no more than before.
 */
export async function rebound(
  { boundTo = [] }: Bound,
  connector: Connector,
  registration: Registration | undefined,
  fields: { readonly before: ConnectionFields; readonly after: ConnectionFields },
): Promise<Binding> {
  const [from, to] = await Promise.all(
    [fields.before, fields.after].map((each) => workedOutOrigin(connector, registration, each)),
  );
  if (from === to || !isPlacedAt({ boundTo }, connector, registration, from)) return boundTo;
  return [...boundTo.filter(isChosen), ...placeOf(to)];
}

/** Absent is empty. */
export function isSameBinding(one: Bound, other: Bound): boolean {
  return (one.boundTo ?? []).join() === (other.boundTo ?? []).join();
}

function isChosen(one: string): boolean {
  return !one.startsWith('at ');
}

function placeOf(origin: string | undefined): Binding {
  return origin === undefined ? [] : [`at ${origin}`];
}

/** What the tenant's registration itself says. */
function chosenBy(connector: Connector, registration: Registration | undefined): Binding {
  if (registration?.id === undefined) return [];
  const { baseUri, issuer, tokenUrl, revocationUrl } = registration.endpoints;
  const ways = oauthWays(connector);
  const ownServer = originsOf(ways.flatMap((way) => [way.issuer, way.tokenUrl, way.revocationUrl]));
  const ownProvider = originsOf([connector.connection?.baseUri]);
  const provider = originsOf([baseUri]).filter((origin) => !ownProvider.includes(origin));
  const server = originsOf([issuer, tokenUrl, revocationUrl]).filter((origin) => !ownServer.includes(origin));
  return [
    ...provider.map((origin) => `requests ${origin}`),
    ...server.map((origin) => `tokens ${origin}`),
    ...registeredWithoutBase(connector, registration),
  ];
}

/** A connector that names no origin at all may ask any that its code makes of the registration: then it is bound to that. */
function registeredWithoutBase(connector: Connector, registration: Registration): Binding {
  const { baseUri, origins = [] } = connector.connection ?? {};
  if (baseUri !== undefined || registration.endpoints.baseUri !== undefined || origins.length > 0) return [];
  const notation = connector.registration?.fields ?? [];
  // A secret is no host, and is replaced now and then.
  const clear = notation.filter((field) => !isSecretField(field)).map(({ name }) => [name, registration.fields[name]]);
  if (clear.length === 0) return [];
  return [`registered ${createHash('sha256').update(JSON.stringify(clear)).digest('base64url').slice(0, 22)}`];
}

function hangsOnRegistration({ connection, registration: asked }: Connector, registration: Registration | undefined) {
  const isFunction = typeof connection?.baseUri === 'function' && registration?.endpoints.baseUri === undefined;
  return isFunction && (asked?.fields.length ?? 0) > 0;
}

/** `undefined` too where it cannot be worked out yet, as before the connector's `acquire` has given what it hangs on. */
async function workedOutOrigin(
  connector: Connector,
  registration: Registration | undefined,
  fields: ConnectionFields,
): Promise<string | undefined> {
  if (!hangsOnRegistration(connector, registration)) return undefined;
  const all = { ...declaredFields(connector, registration), ...fields };
  try {
    return (await baseOf({ connector, credentials: { fields: () => all } })).url?.origin;
  } catch {
    return undefined;
  }
}

function originsOf(urls: readonly unknown[]): readonly string[] {
  const texts = urls.filter((url) => typeof url === 'string');
  return [...new Set(texts.flatMap((url) => (URL.canParse(url) ? [new URL(url).origin] : [])))].sort();
}
