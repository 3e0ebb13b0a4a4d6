/** All of connecting over a real authorization server, without HTTP in between: the test is the application and the browser. */
import { randomUUID } from 'node:crypto';
import type { ConnectionCredentials } from '../../src/connection/access-token.ts';
import type { Caller } from '../../src/connection/caller.ts';
import { clientCredentialsTokens } from '../../src/connection/client-credentials.ts';
import type { Begun, BrowserStep, ConnectInput, Connecting } from '../../src/connection/connecting.ts';
import type { ConnectingOptions } from '../../src/connection/connecting-options.ts';
import type { ConnectionChange } from '../../src/connection/connection-change.ts';
import type { ConnectionRecord } from '../../src/connection/connection-record.ts';
import { createConnecting } from '../../src/connection/create-connecting.ts';
import { createDiscarding, type Discarding } from '../../src/connection/discarding.ts';
import type { Registration } from '../../src/connection/registration.ts';
import { createRevocations, type Revocations } from '../../src/connection/revocation.ts';
import { everyScope } from '../../src/connection/scopes.ts';
import { createStoredConnections, type StoredConnections } from '../../src/connection/stored-connections.ts';
import { tryConnection } from '../../src/connection/try-connection.ts';
import { connectorsByName } from '../../src/connector/connectors-by-name.ts';
import type { Connector } from '../../src/connector/definition.ts';
import type { Records } from '../../src/storage/records.ts';
import type { AuthorizationServer, AuthorizeOptions } from './authorization-server.ts';
import { keyRing, openOAuthDesk, publicUrl, type OAuthDesk, type OAuthDeskOptions } from './oauth-connection.ts';

export const returnUrl = 'https://app.example.test/connected';

export interface ConnectingDesk extends OAuthDesk {
  readonly connecting: Connecting;
  readonly stored: StoredConnections;
  readonly revocations: Revocations;
  readonly discarding: Discarding;
  /** Of connecting; milliseconds since 1970. */
  readonly clock: { now: number };
  readonly live: ConnectionCredentials;
  /** Every change of a connection that was told, the latest last. */
  readonly changes: readonly ConnectionChange[];
  readonly begin: (input?: ConnectInput, caller?: Caller) => Promise<Begun>;
  /** The browser opens the link, signs in and comes back. */
  readonly browse: (begun: Begun, user?: AuthorizeOptions) => Promise<BrowserStep>;
  /** The query of where the browser is sent at the end. */
  readonly answerOf: (step: BrowserStep) => URLSearchParams;
  /** From `connect` to `finishConnection`. */
  readonly connectAs: (user: AuthorizeOptions, input?: ConnectInput) => Promise<ConnectionRecord>;
  /** The same for a connection that is there. */
  readonly reconnectAs: (id: string, user: AuthorizeOptions, input?: ConnectInput) => Promise<ConnectionRecord>;
}

export interface ConnectingDeskOptions extends OAuthDeskOptions {
  readonly connecting?: Partial<ConnectingOptions>;
  /** What is registered when it is asked for; absent: what was at the beginning. */
  readonly findRegistration?: () => Promise<Registration>;
  /** Between everything and the store. */
  readonly records?: (records: Records) => Records;
}

export const alice: Caller = { tenant: 'acme', subject: 'alice', scopes: everyScope };

/** Opens a desk for the client `app` of the server. */
export async function openConnectingDesk(
  server: Pick<AuthorizationServer, 'issuer' | 'authorize'>,
  options: ConnectingDeskOptions = {},
): Promise<ConnectingDesk> {
  const desk = await openOAuthDesk(server, options);
  const records = options.records?.(desk.store.records) ?? desk.store.records;
  const { connector, registration, clients } = desk;
  const changes: ConnectionChange[] = [];
  const clock = { now: Date.now() };
  const onConnectionChange = (change: ConnectionChange) => void changes.push(change);
  const stored = createStoredConnections({ records, onConnectionChange });
  const live = desk.credentials({ records, onConnectionChange });
  const find = options.findRegistration ?? (async () => registration);
  const revocations = createRevocations({
    records,
    keyRing,
    clients,
    resolve: async () => ({ connector, registration }),
  });
  const now = () => clock.now;
  const discarding = createDiscarding({
    connectors: connectorsByName([connector]),
    records,
    keyRing,
    revocations,
    now,
  });
  const connecting = createConnecting({
    connectors: connectorsByName([connector]),
    records,
    keyRing,
    stored,
    registrations: {
      find,
      ofOperator: () => undefined,
      list: async () => [registration],
      register: find,
      create: find,
      remove: async () => false,
      removeUnused: async () => 'absent',
      holding: async () => undefined,
    },
    oauthClients: clients,
    sender: desk.sender,
    credentialsOf: async (record) => live.of({ record, connector, registration }),
    clientCredentials: (client) => clientCredentialsTokens(client, Date.now),
    revocations,
    discarding,
    forget: live.forget,
    baseUrl: publicUrl,
    returnUrls: [returnUrl],
    finishInBrowser: false,
    now,
    ...options.connecting,
  });
  const browse: ConnectingDesk['browse'] = (begun, user) => followLink(server, connecting, begun, user);
  const answerOf = (step: BrowserStep) => {
    if (step.step !== 'return') throw new Error(`Expected the browser to be sent on; got ${JSON.stringify(step)}.`);
    return new URL(step.url).searchParams;
  };
  const finish = async (begun: Begun, user: AuthorizeOptions): Promise<ConnectionRecord> => {
    const code = answerOf(await browse(begun, user)).get('code');
    if (code === null) throw new Error('The browser brought no code.');
    return connecting.finish(alice, code);
  };
  return {
    ...desk,
    connecting,
    stored,
    revocations,
    live,
    discarding,
    clock,
    changes,
    begin: (input, caller = alice) => connecting.begin(caller, connector, { returnUrl, ...input }),
    browse,
    answerOf,
    connectAs: async (user, input) => finish(await connecting.begin(alice, connector, { returnUrl, ...input }), user),
    reconnectAs: async (id, user, input) =>
      finish(await connecting.beginAgain(alice, id, { returnUrl, ...input }), user),
    close: async () => {
      await live.close();
      await desk.close();
    },
  };
}

async function followLink(
  server: Pick<AuthorizationServer, 'authorize'>,
  connecting: Connecting,
  { authorizationUrl, connection }: Begun,
  user: AuthorizeOptions = { subject: 'alice' },
): Promise<BrowserStep> {
  const browser = randomUUID();
  const token = new URL(authorizationUrl!).searchParams.get('session')!;
  const step = await connecting.openSession(connection.value.connector, token, browser);
  if (step.step !== 'provider') return step;
  const callback = await server.authorize(step.url, user);
  const context = callback.pathname.split('/').at(-1)!;
  return connecting.returnFromProvider(context, callback.searchParams, browser);
}

/** Tries the credentials of a connection as an operation would use them. */
export async function works({ live, connector, registration, sender }: ConnectingDesk, record: ConnectionRecord) {
  const credentials = live.of({ record, connector, registration });
  return (await tryConnection(connector, credentials, { sender, id: record.id })).works;
}

/** A provider whose rows belong to whoever's token it is. */
export const itemsConnector: Partial<Connector> = {
  test: (connection) => connection.get('me'),
  actions: {},
};
