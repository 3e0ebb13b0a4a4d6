/** Whose connection an operation uses. Until subjects connect by themselves, connections stand in the configuration. */
import type { Credentials } from '../connector/authorize.ts';
import type { ConnectionFields, Connector } from '../connector/definition.ts';
import { AuthorizationError, DefinitionError, type Fault } from '../errors.ts';
import { checkConnectionFields } from './check-connection-fields.ts';
import type { Caller } from './caller.ts';

/** A connection that the operator wrote into the configuration. */
export interface StaticConnection {
  readonly connector: string;
  /** The subject that owns it; absent: the tenant, and so every subject of it. */
  readonly subject?: string;
  /** Tells several connections of one owner apart. */
  readonly label?: string;
  /** By field name; `{ env: 'NAME' }` takes the value from the environment. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The operator's configuration of one connector. */
export interface Registration {
  readonly connector: string;
  /** Instead of the connector's own `baseUri`: a sandbox, or a host of one's own. */
  readonly baseUri?: string;
}

/** A connection that can be used: its credentials are read anew for every request. */
export interface UsableConnection {
  /** Absent for a connector that needs no connection. */
  readonly id: string | undefined;
  readonly connector: Connector;
  readonly registration: Registration | undefined;
  readonly credentials: Credentials;
}

export interface Connections {
  /**
   * The connection of the caller for a connector: the one named, else the subject's own, else the tenant's.
   *
   * @throws AuthorizationError CONNECTION_REQUIRED, CONNECTION_AMBIGUOUS, or CONNECTION_NOT_FOUND, which is the same
   *   for a connection of somebody else and for one that does not exist.
   */
  readonly open: (caller: Caller, connector: Connector, connectionId?: string | null) => Promise<UsableConnection>;
}

interface OwnedConnection extends UsableConnection {
  readonly id: string;
  readonly subject: string | undefined;
}

/**
 * Connections from the configuration.
 *
 * @param environment - where `{ env: 'NAME' }` is looked up.
 * @throws DefinitionError when a connection names no connector, lacks a required field or has one that is unknown.
 */
export function createConnections(
  connectors: readonly Connector[],
  configured: readonly StaticConnection[] = [],
  registrations: readonly Registration[] = [],
  environment: Readonly<Record<string, string | undefined>> = {},
): Connections {
  const byName = new Map(connectors.map((connector) => [connector.name, connector]));
  const registrationOf = new Map(registrations.map((registration) => [registration.connector, registration]));
  const faults: Fault[] = registrations.flatMap(({ connector }, index) =>
    byName.has(connector) ? [] : [unknownConnector(`registrations[${index}]`, connector, byName)],
  );
  faults.push(...doubleRegistrations(registrations));
  const ids = new Set<string>();
  const owned = configured.flatMap((entry, index) => {
    const path = `connections[${index}]`;
    const connector = byName.get(entry.connector);
    if (!connector) {
      faults.push(unknownConnector(path, entry.connector, byName));
      return [];
    }
    const fields = checkConnectionFields(connector, entry.fields ?? {}, `${path}.fields`, environment, faults);
    const connection = createOwned(connector, entry, fields, registrationOf.get(connector.name));
    if (ids.has(connection.id)) faults.push(double(path, connector.name));
    ids.add(connection.id);
    return [connection];
  });
  if (faults.length > 0) throw new DefinitionError(faults);
  return { open: async (caller, connector, id) => choose(owned, caller, connector, id, registrationOf) };
}

function createOwned(
  connector: Connector,
  entry: StaticConnection,
  fields: ConnectionFields,
  registration: Registration | undefined,
): OwnedConnection {
  const parts = [
    entry.subject === undefined ? tenantOwner : ownerName(entry.subject),
    entry.label && escapeDots(entry.label),
  ];
  const id = [connector.name, ...parts.filter((part) => part !== undefined)].join('.');
  return { id, connector, subject: entry.subject, registration, credentials: createCredentials(fields) };
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
function createCredentials(configured: ConnectionFields): Credentials {
  let fields = configured;
  return {
    fields: () => fields,
    merge: async (acquired) => {
      fields = { ...fields, ...acquired };
    },
  };
}

function choose(
  owned: readonly OwnedConnection[],
  caller: Caller,
  connector: Connector,
  id: string | null | undefined,
  registrations: ReadonlyMap<string, Registration>,
): UsableConnection {
  const name = connector.title ?? connector.name;
  const usable = owned.filter(
    (connection) =>
      connection.connector.name === connector.name &&
      (connection.subject === undefined || connection.subject === caller.subject),
  );
  if (id !== undefined && id !== null) {
    const named = usable.find((connection) => connection.id === id);
    if (named) return named;
    const message = `There is no connection ${JSON.stringify(id)} of yours for ${name}.`;
    throw new AuthorizationError('CONNECTION_NOT_FOUND', message, { connector: connector.name });
  }
  const own = usable.filter((connection) => connection.subject !== undefined);
  const candidates = own.length > 0 ? own : usable;
  const [first, second] = candidates;
  if (second) {
    const ids = candidates.map((connection) => JSON.stringify(connection.id)).join(', ');
    const message = `You have several connections for ${name}: pass one of ${ids} as \`connection\`.`;
    throw new AuthorizationError('CONNECTION_AMBIGUOUS', message, { connector: connector.name });
  }
  if (first) return first;
  if (needsConnection(connector)) {
    const message = `${name} is not connected for this subject. Connect it, then ask again.`;
    const connect = { connector: connector.name };
    throw new AuthorizationError('CONNECTION_REQUIRED', message, { connector: connector.name, connect });
  }
  const registration = registrations.get(connector.name);
  return { id: undefined, connector, registration, credentials: createCredentials({}) };
}

function needsConnection(connector: Connector): boolean {
  const { authorization, fields = [] } = connector.connection ?? {};
  const isOpen = authorization === undefined || authorization.type === 'none';
  return !isOpen || fields.some((field) => field.optional === false);
}

function unknownConnector(path: string, name: string, known: ReadonlyMap<string, Connector>): Fault {
  const message = `expected the name of a connector, one of ${[...known.keys()].join(', ') || '(none is loaded)'}; got ${JSON.stringify(name)}.`;
  return { code: 'CONFIGURATION_INVALID', path: `${path}.connector`, message };
}

function double(path: string, connector: string): Fault {
  const message = `expected one connection per owner and connector, or a \`label\` on each; ${connector} has another with the same owner and label.`;
  return { code: 'CONFIGURATION_INVALID', path, message };
}

function doubleRegistrations(registrations: readonly Registration[]): Fault[] {
  return registrations.flatMap(({ connector }, index) => {
    if (registrations.findIndex((other) => other.connector === connector) === index) return [];
    const message = `expected one registration per connector; ${JSON.stringify(connector)} has another.`;
    return [{ code: 'CONFIGURATION_INVALID' as const, path: `registrations[${index}].connector`, message }];
  });
}
