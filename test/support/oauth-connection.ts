/** Connections of an OAuth 2.0 connector in a store, with the clients and credentials that use them. */
import type { Credentials } from '../../src/connector/authorize.ts';
import type { StoredTokens } from '../../src/connection/connection-record.ts';
import { Secret } from '../../src/http/secret.ts';
import { randomUUID } from 'node:crypto';
import { createConnectionCredentials, type ConnectionCredentials } from '../../src/connection/access-token.ts';
import {
  beginAuthorization,
  finishAuthorization,
  redirectUriOf,
  type FinishedAuthorization,
} from '../../src/connection/authorization-flow.ts';
import { tokenSenderOptions } from '../../src/connection/client-fetch.ts';
import {
  connectionKind,
  sealIdentity,
  type ConnectionRecord,
  type ConnectionValue,
} from '../../src/connection/connection-record.ts';
import { openTokens, tokenPart, type AcquiredTokens } from '../../src/connection/connection-tokens.ts';
import { createOAuthClients, type OAuthClient, type OAuthClients } from '../../src/connection/oauth-client.ts';
import type { RefreshLimits } from '../../src/connection/refresh-desk.ts';
import { keepFlow, takeFlow } from '../../src/connection/flow-record.ts';
import type { Registration } from '../../src/connection/registration.ts';
import { createKeyRing, type KeyRing } from '../../src/connection/seal.ts';
import { createAcquireConnection } from '../../src/connector/open-connection.ts';
import type { Connector, OAuth2Authorization } from '../../src/connector/definition.ts';
import { createSender, type Sender, type SenderOptions } from '../../src/http/send.ts';
import { createCache } from '../../src/storage/cache.ts';
import type { Records } from '../../src/storage/records.ts';
import type { Store } from '../../src/storage/store.ts';
import type { AuthorizationServer, AuthorizeOptions } from './authorization-server.ts';
import { openTestStore } from './test-store.ts';

export const keyRing: KeyRing = createKeyRing([{ id: 'test', key: Buffer.alloc(32, 7) }]);
export const publicUrl = 'https://gateway.example.test/';
/** What the desk's connector is registered with. */
export const redirectUri = redirectUriOf(publicUrl, 'acme', 'shop');

/** Tokens as texts. Secrets are objects without properties, so no two are unequal to a test. */
export type TokenTexts = { readonly [Name in keyof StoredTokens]: Exclude<StoredTokens[Name], Secret> | string };

export function textsOf(tokens: StoredTokens): TokenTexts {
  const texts = Object.entries(tokens).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Secret ? value.reveal() : value,
  ]);
  return Object.fromEntries(texts) as TokenTexts;
}

/** The access token that would be sent now, as text. */
export function tokenOf({ accessToken }: Credentials): string | undefined | Promise<string | undefined> {
  const token = accessToken?.();
  return token instanceof Promise ? token.then((one) => one?.reveal()) : token?.reveal();
}

export interface OAuthDesk {
  readonly store: Store;
  readonly sender: Sender;
  readonly clients: OAuthClients;
  readonly connector: Connector;
  readonly registration: Registration;
  readonly authorization: OAuth2Authorization;
  readonly client: () => Promise<OAuthClient>;
  /** Runs the code flow as `user`, up to the tokens. */
  readonly signIn: (user?: AuthorizeOptions) => Promise<FinishedAuthorization>;
  /** Stores a connection with these tokens. */
  readonly connect: (
    acquired: AcquiredTokens | undefined,
    part?: Partial<ConnectionValue>,
  ) => Promise<ConnectionRecord>;
  readonly read: (id: string) => Promise<ConnectionRecord>;
  /** With the key that everything at the desk is sealed with. */
  readonly seal: KeyRing['seal'];
  /** As texts, to be compared. */
  readonly tokensOf: (record: ConnectionRecord) => TokenTexts | undefined;
  /** Every call makes what another process would have. */
  readonly credentials: (part?: Partial<Parameters<typeof createConnectionCredentials>[0]>) => ConnectionCredentials;
  readonly close: () => Promise<void>;
}

export interface OAuthDeskOptions {
  /** Absent: in memory. */
  readonly file?: string;
  readonly authorization?: Partial<OAuth2Authorization>;
  readonly registration?: Partial<Registration>;
  readonly connector?: Partial<Connector>;
  readonly limits?: Partial<RefreshLimits>;
  readonly sender?: SenderOptions;
  readonly tokenTimeoutMs?: number;
  /** Further origins on loopback that may be asked. */
  readonly origins?: readonly string[];
}

/** Opens a desk for the client `app` of the server, whose secret is `secret`. */
export async function openOAuthDesk(
  server: Pick<AuthorizationServer, 'issuer' | 'authorize'>,
  options: OAuthDeskOptions = {},
): Promise<OAuthDesk> {
  const store = await openTestStore(options.file);
  const allowedPrivateOrigins = [server.issuer, ...(options.origins ?? [])];
  const sender = createSender({ ...tokenSenderOptions, allowedPrivateOrigins, ...options.sender });
  const cache = await createCache();
  const clients = createOAuthClients({
    sender,
    cache,
    allowedPrivateOrigins,
    ...(options.tokenTimeoutMs === undefined ? {} : { tokenTimeoutMs: options.tokenTimeoutMs }),
  });
  const authorization: OAuth2Authorization = {
    type: 'oauth2',
    issuer: server.issuer,
    scopes: ['items:read', 'items:write'],
    ...options.authorization,
  };
  const connector: Connector = {
    name: 'shop',
    title: 'Shop',
    ...options.connector,
    connection: { baseUri: `${server.issuer}/api/`, authorization, ...options.connector?.connection },
  };
  const registration: Registration = {
    id: 'registration',
    tenant: 'acme',
    connector: connector.name,
    fields: { client_id: 'app', client_secret: 'secret' },
    scopes: undefined,
    endpoints: {},
    ...options.registration,
  };
  const client = () => clients({ connector, authorization, registration, fields: {} });
  const read = async (id: string) => (await store.records.get(connectionKind, id)) as ConnectionRecord;
  return {
    store,
    sender,
    clients,
    connector,
    registration,
    authorization,
    client,
    signIn: async (user) => signIn({ server, client: await client(), connector, sender, records: store.records }, user),
    connect: (acquired, part) => connect(store.records, acquired, part),
    read,
    seal: (text, identity) => keyRing.seal(text, identity),
    tokensOf: (record) => {
      const tokens = openTokens(record, keyRing);
      return tokens && textsOf(tokens);
    },
    credentials: (part) =>
      createConnectionCredentials({
        records: store.records,
        leases: store.leases,
        keyRing,
        clients,
        sender,
        ...part,
        limits: { ...options.limits, ...part?.limits },
      }),
    close: async () => {
      await sender.close();
      await cache.close();
      await store.close();
    },
  };
}

interface SigningIn {
  readonly server: Pick<AuthorizationServer, 'authorize'>;
  readonly client: OAuthClient;
  readonly connector: Connector;
  readonly sender: Sender;
  readonly records: Records;
}

async function signIn(desk: SigningIn, user: AuthorizeOptions = {}): Promise<FinishedAuthorization> {
  const { server, client, connector, sender, records } = desk;
  const { url, flow } = await beginAuthorization({
    client,
    keyRing,
    tenant: 'acme',
    subject: user.subject ?? 'alice',
    connectionId: 'c1',
    boundTo: [],
    redirectUri,
  });
  await records.commit([keepFlow(flow, Date.now())]);
  const callback = (await server.authorize(url, user)).searchParams;
  const taken = await takeFlow(records, callback);
  return finishAuthorization(
    { callback, flow: taken, context: taken.value.context, browser: undefined },
    {
      client,
      keyRing,
      now: Date.now,
      openAcquire: () =>
        createAcquireConnection({
          connector,
          sender,
          credentials: { fields: () => ({}), merge: () => Promise.resolve() },
        }),
    },
  );
}

async function connect(
  records: Records,
  acquired: AcquiredTokens | undefined,
  part: Partial<ConnectionValue> = {},
): Promise<ConnectionRecord> {
  const id = randomUUID();
  const target = { id, tenant: 'acme', subject: 'alice', connector: 'shop', ...part };
  const value: ConnectionValue = {
    tenant: 'acme',
    subject: 'alice',
    connector: 'shop',
    label: null,
    state: 'STARTED',
    reason: null,
    fields: keyRing.seal('{}', sealIdentity(target, 'fields')),
    acquired: null,
    tokens: null,
    scopes: [],
    expiresAt: null,
    identity: null,
    failures: 0,
    retryAt: null,
    ...(acquired ? tokenPart(target, acquired, keyRing) : {}),
    ...part,
  };
  return (await records.create(connectionKind, id, value, {
    indexes: { tenant: 'acme', subject: 'alice', connector: 'shop' },
  })) as ConnectionRecord;
}
