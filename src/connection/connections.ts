/** Whose connection an operation uses: the one named, else the subject's own, else the tenant's. */
import type { Credentials } from '../connector/authorize.ts';
import type { Connector } from '../connector/definition.ts';
import { AuthorizationError } from '../errors.ts';
import type { ConnectionCredentials } from './access-token.ts';
import type { Caller } from './caller.ts';
import { createConnectHint, scopesAgain, type ConnectHint } from './connect-hint.ts';
import { createCredentials, withRegistered, type ConfiguredConnection } from './configured-connections.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { rememberBriefly } from './recent.ts';
import { declaredFields, type Registration } from './registration.ts';
import type { Registrations } from './registrations.ts';
import type { StoredConnections } from './stored-connections.ts';

/** A connection that can be used: its credentials are read anew for every request. */
export interface UsableConnection {
  /** Absent for a connector that needs no connection. */
  readonly id: string | undefined;
  /** Whose it is; `undefined`: the tenant's, or nobody's where none is needed. */
  readonly subject: string | undefined;
  readonly connector: Connector;
  /** Instead of the connector's own `baseUri`: the operator's choice. */
  readonly baseUri: string | undefined;
  readonly credentials: Credentials;
  /** OAuth scopes that were granted; `undefined` where that is not known. */
  readonly scopes: readonly string[] | undefined;
}

export interface Connections {
  /**
   * The connection of the caller for a connector.
   *
   * @throws AuthorizationError CONNECTION_REQUIRED, CONNECTION_AMBIGUOUS, REAUTH_REQUIRED, or CONNECTION_NOT_FOUND, which
   *   is the same for a connection of somebody else and for one that does not exist.
   */
  readonly open: (caller: Caller, connector: Connector, connectionId?: string | null) => Promise<UsableConnection>;
  /**
   * The connector of a connection of the caller, whatever its state.
   *
   * @throws AuthorizationError CONNECTION_NOT_FOUND, the same for a connection of somebody else and for none.
   */
  readonly connectorOf: (caller: Caller, connectionId: string) => Promise<Connector>;
  /**
   * CONNECTION_REQUIRED or REAUTH_REQUIRED of `open` for an action that needs these scopes too: one consent is enough.
   * Any other error is given back as it is.
   */
  readonly withScopes: (error: unknown, connector: Connector, scopes: readonly string[]) => unknown;
  /** The error for a connection whose grant lacks scopes that an action needs. */
  readonly missingScopes: (connector: Connector, connectionId: string, scopes: readonly string[]) => AuthorizationError;
}

export interface ConnectionsOptions {
  /** Those whose connections can be found by their ids alone. Default none. */
  readonly connectors?: ReadonlyMap<string, Connector>;
  readonly configured?: readonly ConfiguredConnection[];
  readonly registrations?: Pick<Registrations, 'find' | 'ofOperator'>;
  /** Connections that subjects made; absent: there are none. */
  readonly live?: {
    readonly stored: Pick<StoredConnections, 'listRecent' | 'find'>;
    readonly credentials: Pick<ConnectionCredentials, 'of'>;
  };
  /** Default: without a link. */
  readonly connectHint?: ConnectHint;
}

interface Owned {
  readonly id: string;
  readonly isOwn: boolean;
  readonly record?: ConnectionRecord;
  readonly credentials?: Credentials;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { configured = [], live, registrations, connectHint: hint = createConnectHint() } = options;
  const { connectors = new Map<string, Connector>() } = options;
  const storedNames = rememberBriefly<string | undefined>();
  const findName = (caller: Caller, id: string) => async () => (await live?.stored.find(caller, id))?.value.connector;
  const connectHint = (connector: Connector, scopes: readonly string[]) => ({
    connector: connector.name,
    connect: hint(connector, scopes),
  });

  return {
    async open(caller, connector, connectionId) {
      const stored = live ? await live.stored.listRecent(caller, connector.name) : [];
      const owned = [...configuredOf(configured, caller, connector), ...stored.map(toOwned)];
      const registration = await registrations?.find(caller.tenant, connector);
      const chosen = choose(owned, connector, connectionId ?? undefined);
      if (chosen && hasWorked(chosen)) {
        return use(chosen, connector, registration, caller);
      }
      if (!chosen && !needsConnection(connector)) {
        const credentials = createCredentials(declaredFields(connector, registration));
        const baseUri = registration?.endpoints.baseUri;
        return { id: undefined, subject: undefined, connector, baseUri, credentials, scopes: undefined };
      }
      const message = `${titleOf(connector)} is not connected for this subject. Connect it, then ask again.`;
      throw new AuthorizationError(
        'CONNECTION_REQUIRED',
        message,
        connectHint(connector, scopesAgain(connector, registration, { scopes: [] })),
      );
    },
    async connectorOf(caller, connectionId) {
      const own = configured.find((one) => one.id === connectionId && isUsableBy(one, caller));
      const name =
        own?.connector.name ?? (await storedNames.get(nameKey(caller, connectionId), findName(caller, connectionId)));
      const connector = name === undefined ? undefined : connectors.get(name);
      if (connector) return connector;
      const message = `There is no connection ${JSON.stringify(connectionId)} of yours.`;
      throw new AuthorizationError('CONNECTION_NOT_FOUND', message);
    },
    withScopes(error, connector, scopes) {
      if (!(error instanceof AuthorizationError) || !isUnconnected.has(error.code)) return error;
      const all = [...new Set([...(error.details.connect?.scopes ?? []), ...scopes])];
      return new AuthorizationError(error.code, error.message, { ...error.details, ...connectHint(connector, all) });
    },
    missingScopes(connector, connectionId, scopes) {
      const message = `The connection to ${titleOf(connector)} lacks ${scopes.join(', ')}. Connect it again with these scopes, then ask again.`;
      return new AuthorizationError('SCOPE_MISSING', message, {
        ...connectHint(connector, scopes),
        connection: connectionId,
      });
    },
  };

  function use(
    { id, record, credentials, isOwn }: Owned,
    connector: Connector,
    registration: Registration | undefined,
    { tenant, subject: asking }: Caller,
  ): UsableConnection {
    const subject = isOwn ? asking : undefined;
    // The operator's secrets go where the operator says, never where a tenant does.
    if (credentials) {
      const registered = registrations?.ofOperator(tenant, connector);
      const { baseUri } = registered?.endpoints ?? {};
      const all = registered ? withRegistered(credentials, connector, registered) : credentials;
      return { id, subject, connector, baseUri, credentials: all, scopes: undefined };
    }
    const { baseUri } = registration?.endpoints ?? {};
    if (!record || !live) throw new TypeError('A connection without credentials has a record.');
    if (record.value.state === 'REAUTH_REQUIRED') {
      const message = `${titleOf(connector)} no longer accepts this connection. Connect it again, then ask again.`;
      // With all that it could do before.
      const scopes = scopesAgain(connector, registration, record.value);
      throw new AuthorizationError('REAUTH_REQUIRED', message, { ...connectHint(connector, scopes), connection: id });
    }
    const scopes = record.value.tokens === null ? undefined : record.value.scopes;
    const ownCredentials = live.credentials.of({ record, connector, registration });
    return { id, subject, connector, baseUri, credentials: ownCredentials, scopes };
  }
}

/** Errors that a consent of the subject mends. */
const isUnconnected: ReadonlySet<string> = new Set(['CONNECTION_REQUIRED', 'REAUTH_REQUIRED']);

function configuredOf(configured: readonly ConfiguredConnection[], caller: Caller, connector: Connector): Owned[] {
  return configured
    .filter((one) => one.connector.name === connector.name && isUsableBy(one, caller))
    .map(({ id, subject, credentials }) => ({ id, credentials, isOwn: subject !== undefined }));
}

function isUsableBy({ tenant, subject }: ConfiguredConnection, caller: Caller): boolean {
  return (tenant === undefined || tenant === caller.tenant) && (subject === undefined || subject === caller.subject);
}

/** What one caller finds, another may not. */
function nameKey({ tenant, subject }: Caller, id: string): string {
  return JSON.stringify([tenant, subject, id]);
}

function toOwned(record: ConnectionRecord): Owned {
  return { id: record.id, record, isOwn: record.value.subject !== null };
}

/** @throws AuthorizationError CONNECTION_NOT_FOUND, CONNECTION_AMBIGUOUS */
function choose(owned: readonly Owned[], connector: Connector, id: string | undefined): Owned | undefined {
  const name = titleOf(connector);
  if (id !== undefined) {
    const named = owned.find((connection) => connection.id === id);
    if (named) return named;
    const message = `There is no connection ${JSON.stringify(id)} of yours for ${name}.`;
    throw new AuthorizationError('CONNECTION_NOT_FOUND', message, { connector: connector.name });
  }
  const usable = owned.filter(hasWorked);
  const own = usable.filter(({ isOwn }) => isOwn);
  const candidates = own.length > 0 ? own : usable;
  if (candidates.length <= 1) return candidates[0];
  const ids = candidates.map((connection) => JSON.stringify(connection.id)).join(', ');
  const message = `You have several connections for ${name}: pass one of ${ids} as \`connection\`.`;
  throw new AuthorizationError('CONNECTION_AMBIGUOUS', message, { connector: connector.name });
}

/** One that was only begun is none yet, also when it was refused at once: nothing was ever acquired for it. */
function hasWorked({ record }: Owned): boolean {
  if (!record) return true;
  const { state, acquired } = record.value;
  return state !== 'PENDING' && (state !== 'ERROR' || acquired !== null);
}

function needsConnection(connector: Connector): boolean {
  const { authorization, fields = [] } = connector.connection ?? {};
  const isOpen = authorization === undefined || authorization.type === 'none';
  return !isOpen || fields.some((field) => field.optional === false);
}

function titleOf(connector: Connector): string {
  return connector.title ?? connector.name;
}
