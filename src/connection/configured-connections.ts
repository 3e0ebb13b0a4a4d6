/** Connections that stand in the configuration: the operator owns them, and nobody connects them. */
import type { Credentials } from '../connector/authorize.ts';
import type { ConnectionFields, Connector } from '../connector/definition.ts';
import { DefinitionError, type Fault } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { checkConnectionFields } from './check-connection-fields.ts';
import { declaredFields, type Registration } from './registration.ts';

/** A connection that the operator wrote into the configuration. */
export interface StaticConnection {
  readonly connector: string;
  /** Whose callers use it; absent: every tenant's. */
  readonly tenant?: string;
  /** The subject that owns it; absent: the tenant, and so every subject of it. */
  readonly subject?: string;
  /** Tells several connections of one owner apart. */
  readonly label?: string;
  /** By field name; `{ env: 'NAME' }` takes the value from the environment. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** One of them, ready to be used. */
export interface ConfiguredConnection {
  readonly id: string;
  readonly connector: Connector;
  /** `undefined`: every tenant's callers use it. */
  readonly tenant: string | undefined;
  /** `undefined`: the tenant, and so every subject of it. */
  readonly subject: string | undefined;
  readonly credentials: Credentials;
}

/**
 * @param environment - where `{ env: 'NAME' }` is looked up.
 * @param awaited - names of connectors that are still to come: what is configured for them is left out until then.
 * @throws DefinitionError when a connection names no connector, lacks a required field or has one that is unknown.
 */
export function createConfiguredConnections(
  connectors: readonly Connector[],
  configured: readonly StaticConnection[] = [],
  environment: Readonly<Record<string, string | undefined>> = {},
  awaited: ReadonlySet<string> = new Set(),
): readonly ConfiguredConnection[] {
  const byName = new Map(connectors.map((connector) => [connector.name, connector]));
  const faults: Fault[] = [];
  const ids = new Set<string>();
  const all = configured.flatMap((entry, index) => {
    const path = `connections[${index}]`;
    const connector = byName.get(entry.connector);
    if (!connector) {
      if (!awaited.has(entry.connector)) faults.push(unknownConnector(path, entry.connector, byName));
      return [];
    }
    const fields = checkConnectionFields(connector, entry.fields ?? {}, `${path}.fields`, environment, faults);
    const connection = createConfigured(connector, entry, fields);
    if (ids.has(connection.id)) faults.push(double(path, connector.name));
    ids.add(connection.id);
    return [connection];
  });
  if (faults.length > 0) throw new DefinitionError(faults);
  return all;
}

function createConfigured(
  connector: Connector,
  entry: StaticConnection,
  fields: ConnectionFields,
): ConfiguredConnection {
  const parts = [
    entry.subject === undefined ? tenantOwner : ownerName(entry.subject),
    entry.label && escapeDots(entry.label),
  ];
  const { tenant, subject } = entry;
  // No name of a connector has an @, so an id with a tenant is none without.
  const place = tenant === undefined ? connector.name : `${connector.name}@${escapeDots(tenant)}`;
  const id = [place, ...parts.filter((part) => part !== undefined)].join('.');
  return { id, connector, tenant, subject, credentials: createCredentials(fields) };
}

/** Stands for the owner in the id of a connection that belongs to the tenant. */
const tenantOwner = 'tenant';

/** Different owners never give the same id, whatever they are called. */
function ownerName(subject: string): string {
  return subject === tenantOwner ? '%74enant' : escapeDots(subject);
}

function escapeDots(text: string): string {
  return text.replace(/[%.]/g, (sign) => (sign === '.' ? '%2E' : '%25'));
}

/** Credentials that live as long as the process: what `acquire` gave is merged into what was configured. */
export function createCredentials(configured: ConnectionFields): Credentials {
  let fields = hideFields(configured);
  return {
    fields: () => fields,
    merge: async (acquired) => {
      fields = hideFields({ ...fields, ...acquired });
    },
  };
}

/** The same with what the operator registered beside it, e.g. where a server is; what the connection says itself wins. */
export function withRegistered(
  credentials: Credentials,
  connector: Connector,
  registration: Registration,
): Credentials {
  const known = extended.get(credentials);
  if (known?.registration === registration) return known.all;
  const declared = declaredFields(connector, registration);
  if (Object.keys(declared).length === 0) return credentials;
  let own: ConnectionFields | undefined;
  let merged: ConnectionFields = {};
  const all: Credentials = {
    ...credentials,
    fields: () => {
      const now = credentials.fields();
      if (now !== own) [own, merged] = [now, hideFields({ ...declared, ...now })];
      return merged;
    },
  };
  extended.set(credentials, { registration, all });
  return all;
}

/** One object per connection, as renewals are counted by it. */
const extended = new WeakMap<Credentials, { readonly registration: Registration; readonly all: Credentials }>();

function unknownConnector(path: string, name: string, known: ReadonlyMap<string, Connector>): Fault {
  const message = `expected the name of a connector, one of ${[...known.keys()].join(', ') || '(none is loaded)'}; got ${JSON.stringify(name)}.`;
  return { code: 'CONFIGURATION_INVALID', path: `${path}.connector`, message };
}

function double(path: string, connector: string): Fault {
  const message = `expected one connection per owner and connector, or a \`label\` on each; ${connector} has another with the same owner and label.`;
  return { code: 'CONFIGURATION_INVALID', path, message };
}
