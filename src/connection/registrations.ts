/** The operator's configuration of a connector: client id and secret, application keys, endpoints; one per tenant and connector. */
import { randomUUID } from 'node:crypto';
import type { Authorization, Connector } from '../connector/definition.ts';
import { DefinitionError, GatewayError, InputError, type Fault } from '../errors.ts';
import { compileInput } from '../notation/coerce.ts';
import type { Field, Notation } from '../notation/field.ts';
import type { RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { rememberBriefly } from './recent.ts';
import { isSecretField } from '../notation/secret-field.ts';
import type { KeyRing } from './seal.ts';

/** Where the provider is, when it is not where the connector says: a sandbox, or a host of one's own. */
export interface Endpoints {
  readonly baseUri?: string;
  readonly issuer?: string;
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly deviceAuthorizationUrl?: string;
  readonly revocationUrl?: string;
}

export const endpointNames = [
  'baseUri',
  'issuer',
  'authorizationUrl',
  'tokenUrl',
  'deviceAuthorizationUrl',
  'revocationUrl',
] as const satisfies readonly (keyof Endpoints)[];

/** A registration that stands in the configuration; it holds for the tenant named, or for all. */
export interface ConfiguredRegistration extends Endpoints {
  readonly connector: string;
  readonly tenant?: string;
  /** By field name; `{ env: 'NAME' }` takes the value from the environment. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Instead of the scopes that the connector asks for. */
  readonly scopes?: readonly string[];
}

/** A registration as it is used. */
export interface Registration {
  /** Absent when it stands in the configuration. */
  readonly id: string | undefined;
  readonly tenant: string;
  readonly connector: string;
  /** Clear and secret fields by name, as they are handed to the OAuth client and to `apply`. Never shown. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[] | undefined;
  readonly endpoints: Endpoints;
}

/** What `registerConnector` gives. */
export interface RegistrationInput {
  readonly fields?: Readonly<Record<string, unknown>> | null;
  readonly scopes?: readonly string[] | null;
  readonly endpoints?: Endpoints | null;
}

export interface Registrations {
  /** The registration of a tenant for a connector: stored, else configured; `undefined` when there is neither. */
  readonly find: (tenant: string, connector: Connector) => Promise<Registration | undefined>;
  readonly list: (tenant: string) => Promise<readonly Registration[]>;
  /**
   * Stores it, or replaces the one that is stored.
   *
   * @throws InputError when a field is unknown, absent though required, or an endpoint is no URL.
   */
  readonly register: (tenant: string, connector: Connector, input: RegistrationInput) => Promise<Registration>;
  /** @returns whether there was a stored one. */
  readonly remove: (tenant: string, connector: Connector) => Promise<boolean>;
}

interface RegistrationValue extends RecordValue {
  readonly tenant: string;
  readonly connector: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  /** Sealed JSON of the secret fields. */
  readonly secrets: string;
  readonly scopes: readonly string[] | null;
  readonly endpoints: Readonly<Record<string, string>>;
}

export const registrationKind = 'registration';

export interface RegistrationsOptions {
  readonly records: Records;
  readonly keyRing: KeyRing;
  readonly connectors: readonly Connector[];
  readonly configured?: readonly ConfiguredRegistration[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** @throws DefinitionError when a configured registration is not as its connector wants it, all faults at once. */
export function createRegistrations(options: RegistrationsOptions): Registrations {
  const { records, keyRing, connectors } = options;
  const configured = readConfiguredRegistrations(options);
  const fallback = (tenant: string, connector: string) =>
    configured.find((one) => one.connector === connector && one.tenant === tenant) ??
    configured.find((one) => one.connector === connector && one.tenant === anyTenant);
  const stored = async (tenant: string, connector: string) =>
    // The index only finds; whose it is the value says, which its secrets are bound to.
    (await records.list(registrationKind, { tenant, connector })).find(
      ({ value }) => value['tenant'] === tenant && value['connector'] === connector,
    ) as StoredRecord<RegistrationValue> | undefined;
  const open = (record: StoredRecord<RegistrationValue>): Registration => {
    const { tenant, connector, fields, secrets, scopes, endpoints } = record.value;
    const opened = JSON.parse(keyRing.open(secrets, registrationSealIdentity(record.id, record.value))) as Record<
      string,
      unknown
    >;
    return {
      id: record.id,
      tenant,
      connector,
      fields: { ...fields, ...opened },
      scopes: scopes ?? undefined,
      endpoints,
    };
  };
  const recent = rememberBriefly<Registration | undefined>();
  return {
    find: (tenant, connector) =>
      recent.get(JSON.stringify([tenant, connector.name]), async () => {
        const record = await stored(tenant, connector.name);
        if (record) return open(record);
        const found = fallback(tenant, connector.name);
        return found && { ...found, tenant };
      }),
    async list(tenant) {
      const found = await records.list(registrationKind, { tenant }, { limit: 1000 });
      const own = found.filter(({ value }) => value['tenant'] === tenant) as StoredRecord<RegistrationValue>[];
      const named = new Set(own.map((record) => record.value.connector));
      const others = connectors.flatMap(({ name }) => (named.has(name) ? [] : [fallback(tenant, name)]));
      return [...own.map(open), ...others.flatMap((one) => (one ? [{ ...one, tenant }] : []))].sort((a, b) =>
        a.connector < b.connector ? -1 : 1,
      );
    },
    async register(tenant, connector, input) {
      const fields = checkFields(connector, input.fields ?? {}, 'fields');
      const endpoints = checkEndpoints(input.endpoints ?? {});
      // Two replicas may register at once: whoever comes second replaces what the first wrote.
      for (;;) {
        const found = await stored(tenant, connector.name);
        const id = found?.id ?? randomUUID();
        const value = toValue(id, tenant, connector, fields, input.scopes ?? null, endpoints, keyRing);
        const indexes = { tenant, connector: connector.name };
        const uniqueKey = JSON.stringify([tenant, connector.name]);
        const written = found
          ? await records.compareAndSet(registrationKind, id, found.version, value)
          : await records.create(registrationKind, id, value, { indexes, uniqueKey });
        recent.forget();
        if (written) return open(written as StoredRecord<RegistrationValue>);
      }
    },
    async remove(tenant, connector) {
      const found = await stored(tenant, connector.name);
      const isRemoved = found ? await records.remove(registrationKind, found.id) : false;
      recent.forget();
      return isRemoved;
    },
  };
}

/** What connector code sees of a registration: the fields that the connector itself declares, never the client's secret. */
export function declaredFields(
  connector: Connector,
  registration: Registration | undefined,
): Readonly<Record<string, unknown>> {
  const names = (connector.registration?.fields ?? []).map(({ name }) => name);
  return Object.fromEntries(
    names.flatMap((name) => (registration?.fields[name] === undefined ? [] : [[name, registration.fields[name]]])),
  );
}

/** What an operator enters for a connector: its own fields, and for OAuth 2.0 the client's id and secret. */
export function registrationNotation(connector: Connector): Notation {
  const own = connector.registration?.fields ?? [];
  const client = needsClient(connector.connection?.authorization) ? clientFields : [];
  return [...client.filter((field) => !own.some(({ name }) => name === field.name)), ...own];
}

/** Public clients have no secret (RFC 6749 §2.1), so it is optional. */
const clientFields: readonly Field[] = [
  {
    name: 'client_id',
    label: 'Client ID',
    optional: false,
    hint: 'From the page where the provider registers applications.',
  },
  { name: 'client_secret', label: 'Client secret', controlType: 'password', hint: 'Leave it out for a public client.' },
];

function needsClient(authorization: Authorization | undefined): boolean {
  if (authorization?.type === 'multi') return Object.values(authorization.options).some(needsClient);
  return authorization?.type === 'oauth2' && authorization.clientId === undefined;
}

/** What the secrets of a registration are bound to. */
export function registrationSealIdentity(
  id: string,
  { tenant, connector }: Pick<RegistrationValue, 'tenant' | 'connector'>,
): readonly string[] {
  return [registrationKind, tenant, connector, id, 'secrets'];
}

function toValue(
  id: string,
  tenant: string,
  connector: Connector,
  fields: Readonly<Record<string, unknown>>,
  scopes: readonly string[] | null,
  endpoints: Endpoints,
  keyRing: KeyRing,
): RegistrationValue {
  const isSecret = new Set(
    registrationNotation(connector)
      .filter(isSecretField)
      .map(({ name }) => name),
  );
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  const clear = entries.filter(([name]) => !isSecret.has(name)) as [string, string][];
  const secrets = JSON.stringify(Object.fromEntries(entries.filter(([name]) => isSecret.has(name))));
  return {
    tenant,
    connector: connector.name,
    fields: Object.fromEntries(clear),
    secrets: keyRing.seal(secrets, registrationSealIdentity(id, { tenant, connector: connector.name })),
    scopes,
    endpoints: { ...endpoints },
  };
}

/** @throws InputError for unknown and for absent required fields; values never enter a message. */
function checkFields(connector: Connector, given: Readonly<Record<string, unknown>>, path: string) {
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

function checkEndpoints(given: Endpoints): Endpoints {
  for (const name of endpointNames) {
    const url = given[name];
    if (url === undefined || url === null || isEndpoint(url)) continue;
    const message = `endpoints.${name}: expected an absolute http or https URL without a user name; got another.`;
    throw new InputError('INPUT_INVALID', message);
  }
  return Object.fromEntries(Object.entries(given).filter(([, url]) => typeof url === 'string'));
}

/** Whether it may be asked is judged when it is asked (the address guard); here only what can never be. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** Stands for every tenant in a configured registration. */
const anyTenant = '*';

/**
 * Registrations of the configuration and of the environment.
 *
 * @throws DefinitionError with all faults
 */
export function readConfiguredRegistrations(
  options: Pick<RegistrationsOptions, 'connectors' | 'configured' | 'environment'>,
): Registration[] {
  const { connectors, configured = [], environment = {} } = options;
  const faults: Fault[] = [];
  const registrations = configured.flatMap((entry, index): Registration[] => {
    const path = `registrations[${index}]`;
    const connector = connectors.find(({ name }) => name === entry.connector);
    const isDouble =
      configured.findIndex((other) => other.connector === entry.connector && other.tenant === entry.tenant) < index;
    if (isDouble) {
      const message = `expected one registration per tenant and connector; ${JSON.stringify(entry.connector)} has another.`;
      faults.push({ code: 'CONFIGURATION_INVALID', path: `${path}.connector`, message });
      return [];
    }
    if (!connector) {
      const known = connectors.map(({ name }) => name).join(', ') || '(none is loaded)';
      const message = `expected the name of a connector, one of ${known}; got ${JSON.stringify(entry.connector)}.`;
      faults.push({ code: 'CONFIGURATION_INVALID', path: `${path}.connector`, message });
      return [];
    }
    try {
      const given = resolveEnvironment(entry.fields ?? {}, environment);
      const fields = entry.fields === undefined ? {} : checkFields(connector, given, `${path}.fields`);
      return [{ ...toRegistration(entry, fields), endpoints: checkEndpoints(pickEndpoints(entry)) }];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      faults.push({ code: 'CONFIGURATION_INVALID', path, message: error.message });
      return [];
    }
  });
  const fromVariables = fromEnvironment(connectors, environment, faults);
  if (faults.length > 0) throw new DefinitionError(faults);
  return [...registrations, ...fromVariables];
}

function toRegistration(entry: ConfiguredRegistration, fields: Readonly<Record<string, unknown>>): Registration {
  const { connector, tenant = anyTenant, scopes } = entry;
  return { id: undefined, tenant, connector, fields, scopes, endpoints: {} };
}

function pickEndpoints(entry: Endpoints): Endpoints {
  return Object.fromEntries(endpointNames.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]])));
}

function resolveEnvironment(
  fields: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const variable = (value as { env?: unknown } | null)?.env;
      return [name, typeof variable === 'string' ? environment[variable] : value];
    }),
  );
}

/** `PLUGBOARD_GITHUB_CLIENT_ID` and the like: a registration for every tenant, for connectors of which any field is set. */
function fromEnvironment(
  connectors: readonly Connector[],
  environment: Readonly<Record<string, string | undefined>>,
  faults: Fault[],
): Registration[] {
  return connectors.flatMap((connector) => {
    const prefix = `PLUGBOARD_${connector.name}_`.toUpperCase();
    const entries = registrationNotation(connector).flatMap(({ name }) => {
      const value = environment[`${prefix}${name.toUpperCase()}`];
      return value === undefined || value === '' ? [] : [[name, value]];
    });
    if (entries.length === 0) return [];
    try {
      const fields = checkFields(connector, Object.fromEntries(entries), `${prefix}*`);
      return [toRegistration({ connector: connector.name }, fields)];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      faults.push({ code: 'CONFIGURATION_INVALID', path: 'environment', message: error.message });
      return [];
    }
  });
}
