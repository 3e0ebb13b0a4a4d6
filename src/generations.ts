/** The graph that is served and what its resolvers work with, made anew for every set of connectors. */
import { randomUUID } from 'node:crypto';
import type { Configuration } from './configuration.ts';
import { createConnectionCredentials, type ConnectionCredentials } from './connection/access-token.ts';
import { createBeginHere, type BeginHere } from './connection/begin-here.ts';
import { redirectUriOf } from './connection/authorization-flow.ts';
import { clientCredentialsTokens } from './connection/client-credentials.ts';
import {
  createConnectHint,
  linkByTemplate,
  linkToOwnPage,
  type ConnectHint,
  type ConnectLink,
} from './connection/connect-hint.ts';
import type { OnConnectionChange } from './connection/connection-change.ts';
import { createConfiguredConnections } from './connection/configured-connections.ts';
import type { Connecting } from './connection/connecting.ts';
import { createConnections } from './connection/connections.ts';
import { createConnecting } from './connection/create-connecting.ts';
import { createDiscarding, type Discarding } from './connection/discarding.ts';
import { refreshIdle } from './connection/idle-refresh.ts';
import { createForeignTokens } from './connection/foreign-tokens.ts';
import { createOAuthClients, type OAuthClients } from './connection/oauth-client.ts';
import { createRefusalAlarm } from './connection/refusal-alarm.ts';
import { createRegistrations, type Registrations } from './connection/registrations.ts';
import { createRevocations, type Revocations } from './connection/revocation.ts';
import { createStoredConnections, type StoredConnections } from './connection/stored-connections.ts';
import { connectorsByName, type MakeConnector } from './connector/connectors-by-name.ts';
import { createStateTokens, type StateTokens } from './connection/state-tokens.ts';
import { createSubjects, type Subjects } from './connection/subjects.ts';
import type { Connector } from './connector/definition.ts';
import type { RunOptions } from './connector/run-action.ts';
import { prepareTrigger, type RunnableTrigger } from './connector/run-trigger.ts';
import { collectFaults, DefinitionError, type Fault } from './errors.ts';
import type { FeedsOptions } from './feed/create-feeds.ts';
import type { WebhookIntake } from './feed/webhook-intake.ts';
import type { ServedRooms } from './facades/facade.ts';
import { redirectUriOf as rdsRedirectUriOf } from './facades/rds/rds.ts';
import { createGatewayFeeds, type GatewayFeeds, type ServedTriggers } from './gateway-feeds.ts';
import { buildGraph } from './graph/graph.ts';
import { createOperationBudget } from './http/budget.ts';
import type { RateBudgets } from './http/rate-budget.ts';
import type { Sender } from './http/send.ts';
import type { CreatePollClock } from './feed/poll-clock.ts';
import { createRdsConnectors } from './importers/rds/rds-connector.ts';
import type { Vault } from './open-vault.ts';
import { readOwnSdl } from './own-sdl.ts';
import { createOutcomes, type Outcomes } from './outcome/outcomes.ts';
import { createFindCapability } from './resolvers/capability-action.ts';
import { createExecutor, type ServedGraph } from './resolvers/executor.ts';
import { createGatewaySchema } from './resolvers/gateway-schema.ts';
import { createListCursors, type ListCursors } from './resolvers/list-cursor.ts';
import { createOpenRun } from './resolvers/opened-connection.ts';
import type { GraphSource } from './server/graph-source.ts';
import type { OperationList } from './server/operations/operation-list.ts';
import { listOperations, operationsOf } from './server/operations/operation-settings.ts';
import { readDocuments, type ReadDocuments } from './server/operations/read-documents.ts';
import { createCache } from './storage/cache.ts';
import { createThings } from './things/create-things.ts';
import { createResearch } from './research/create-research.ts';
import { createTransfers } from './transfers/create-transfers.ts';
import { thingKindsOf } from './things/described-thing.ts';
import { prepareThingsTrigger, thingsTrigger } from './things/things-trigger.ts';

/** What is logged beside the requests. */
interface Logger {
  readonly info: (values: object, message: string) => void;
  readonly warn: {
    (message: string): void;
    (values: object, message: string): void;
  };
  readonly error: (values: object, message: string) => void;
}

export interface GenerationsOptions {
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly vault: Vault;
  readonly logger: Logger;
  /** For the providers' data. */
  readonly sender: Sender;
  /** For their authorization servers. */
  readonly tokenSender: Sender;
  /** What providers say about their rate limits. */
  readonly rateBudgets: RateBudgets;
  /** Hands out polls among replicas. Absent: by timers of this process. */
  readonly clock?: CreatePollClock;
  /** Hands out the polls of feeds. Default: the timers of this process. */
  readonly feedClock?: FeedsOptions['clock'];
}

export interface Generations {
  readonly graphs: GraphSource;
  /** Of the generation that is served at the time of a call. */
  readonly connecting: Connecting;
  /** What facades work with, of the generation that is served at the time. */
  readonly rooms: () => ServedRooms;
  /** Where clients reach the gateway. */
  readonly baseUrl: () => string;
  /** As the generation that is served begins; only where nobody is asked for credentials. */
  readonly beginHere: BeginHere;
  /** Takes what providers send to feeds. */
  readonly intake: WebhookIntake;
  /** Reads the list of operations, which `load` then checks; a fault of it is told there. */
  readonly readOperations: () => Promise<void>;
  /**
   * Serves these connectors from now on.
   *
   * @param awaited - names of others that are still to come, for which something may be configured already.
   * @throws DefinitionError with all faults; what was served stays.
   */
  readonly load: (connectors: readonly Connector[], awaited?: ReadonlySet<string>) => void;
  /** Those that are served now replaced others: what runs follows them. */
  readonly reloaded: () => void;
  /** Keeps the faults of definitions that are not served. */
  readonly report: (faults: readonly Fault[]) => void;
  /** The gateway listens there, which is for links when no base URL is configured; feeds that ran are resumed. */
  readonly listensAt: (url: string) => void;
  /** Ends what runs beside the operations. */
  readonly close: () => Promise<void>;
}

/** What all generations share. */
interface Shared extends GenerationsOptions {
  readonly sdl: string;
  readonly cursors: ListCursors;
  readonly stored: StoredConnections;
  readonly credentials: ConnectionCredentials;
  readonly clients: OAuthClients;
  readonly connectHint: ConnectHint;
  readonly baseUrl: () => string;
  readonly feeds: GatewayFeeds;
  readonly outcomes: Outcomes;
  readonly subjects: Subjects;
  readonly stateTokens: StateTokens;
  readonly makeConnector: MakeConnector | undefined;
}

interface Generation extends ServedTriggers {
  readonly graph: ServedGraph;
  readonly rooms: ServedRooms;
  /** Maps what a connection shows, soon after it was connected. It never fails: whoever asks for its things tries again. */
  readonly mapThings: (connection: string) => Promise<void>;
  readonly connecting: Connecting;
  readonly beginHere: BeginHere;
  readonly revocations: Revocations;
  readonly discarding: Discarding;
  /** The connector of that name and the tenant's registration for it. */
  readonly resolve: (tenant: string, connector: string) => Promise<Resolved | undefined>;
  readonly operations: OperationList | undefined;
}

interface Resolved {
  readonly connector: Connector;
  readonly registration: Awaited<ReturnType<Registrations['find']>>;
}

/** Opening a connection asks for no scope of ours. */
const noScopes: ReadonlySet<string> = new Set();
const mapTimeMs = 30_000;
/** How often what is due beside the operations is done: renewals of idle connections, revocations that failed. */
const sweepEveryMs = 60_000;

export async function createGenerations(options: GenerationsOptions): Promise<Generations> {
  const { configuration, vault, logger } = options;
  let address = configuration.baseUrl ?? defaultBaseUrl(configuration);
  const clients = createOAuthClients({
    sender: options.tokenSender,
    cache: await createCache({ onError: () => logger.warn('The cache failed; what it held is asked for again') }),
    allowedPrivateOrigins: configuration.http?.allowedPrivateOrigins,
    onClientRefused: createRefusalAlarm((refused) =>
      logger.error(
        refused,
        'An authorization server does not accept the client of a registration: check its id, its secret and how it proves itself. No connection is renewed by it until then',
      ),
    ),
  });
  let current: Generation | undefined;
  let listed: ReadDocuments | undefined;
  const connectHint = createConnectHint(connectLinkOf(configuration, () => address));
  const feeds = createGatewayFeeds({ ...options, served: () => serving(), baseUrl: () => address });
  const onConnectionChange: OnConnectionChange = (change) => {
    const { connection, connector, from, to } = change;
    logger.info({ connection, connector, from, to }, 'A connection changed');
    feeds.follow(change);
    if (to === 'STARTED' && current) void current.mapThings(connection);
  };
  const credentials = createConnectionCredentials({
    records: vault.records,
    leases: vault.leases,
    keyRing: vault.keyRing,
    clients,
    // A connector's own `refresh` asks an authorization server, which may take as long as a token endpoint may.
    sender: options.tokenSender,
    onConnectionChange,
    connectHint,
  });
  const outcomes = createOutcomes({
    records: vault.records,
    leases: vault.leases,
    keyRing: vault.keyRing,
    ...configuration.idempotency,
    onLost: (operation) =>
      logger.warn({ operation }, 'What a mutation came to could not be kept: a repetition is told so'),
  });
  const shared: Shared = {
    ...options,
    sdl: await readOwnSdl(),
    cursors: createListCursors(vault.keyRing),
    stored: createStoredConnections({ records: vault.records, onConnectionChange }),
    credentials,
    clients,
    connectHint,
    baseUrl: () => address,
    feeds,
    outcomes,
    subjects: createSubjects(vault.records),
    stateTokens: createStateTokens(vault.keyRing),
    makeConnector: madeConnectors(configuration, () => address),
  };
  const listeners = new Set<() => void>();
  let status = { ready: false, faults: [] as readonly Fault[], loadedAt: new Date() };
  const serving = (): Generation => {
    if (!current) throw new TypeError('No generation has been loaded yet.');
    return current;
  };
  const ending = new AbortController();
  const sweeping = startSweeping(() => sweep(serving(), shared, ending.signal), logger);
  return {
    graphs: {
      current: () => serving().graph,
      operations: () => serving().operations,
      status: () => status,
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    connecting: delegate(() => serving().connecting),
    rooms: () => serving().rooms,
    baseUrl: () => address,
    beginHere: (...given) => serving().beginHere(...given),
    intake: feeds.intake,
    async readOperations() {
      const { list } = operationsOf(configuration);
      listed = list === undefined ? undefined : await readDocuments(list);
    },
    load(connectors, awaited) {
      current = createGeneration(connectors, awaited, listed, shared);
      status = { ready: true, faults: [], loadedAt: new Date() };
      for (const listener of listeners) listener();
    },
    reloaded: () => void feeds.reloaded(),
    report(faults) {
      status = { ...status, faults };
    },
    listensAt(url) {
      address = configuration.baseUrl ?? url;
      feeds.resume().catch((error: unknown) => logger.warn({ err: error }, 'Feeds that ran could not be resumed now'));
    },
    async close() {
      ending.abort();
      await sweeping.stop();
      await feeds.close();
      await outcomes.close();
      await credentials.close();
    },
  };
}

/** Where the gateway is when nobody says so. */
export function defaultBaseUrl({ host = '127.0.0.1', port = 4000 }: Configuration): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Connectors of services that register while the gateway runs. */
function madeConnectors({ facades: { rds } = {} }: Configuration, baseUrl: () => string): MakeConnector | undefined {
  return rds && createRdsConnectors({ redirectUri: rdsRedirectUriOf(rds, baseUrl) });
}

/** Connections checked, graph built, resolvers attached; the faults of all are told together. */
function createGeneration(
  connectors: readonly Connector[],
  awaited: ReadonlySet<string> | undefined,
  listed: ReadDocuments | undefined,
  shared: Shared,
): Generation {
  const { configuration, environment, vault, stored, credentials, clients, sender } = shared;
  const { records, keyRing } = vault;
  const byName = connectorsByName(connectors, shared.makeConnector);
  const faults: Fault[] = [];
  const registrations = collectFaults(faults, () =>
    createRegistrations({
      records,
      keyRing,
      connectors,
      configured: configuration.registrations,
      environment,
      awaited,
      returnUrls: configuration.returnUrls,
    }),
  );
  const configured = collectFaults(faults, () =>
    createConfiguredConnections(connectors, configuration.connections, environment, awaited),
  );
  if (!registrations || !configured) {
    collectFaults(faults, () => buildGraph(connectors));
    faults.push(...(listed?.faults ?? []));
    throw new DefinitionError(faults);
  }
  const resolve: Generation['resolve'] = async (tenant, name) => {
    const connector = byName.get(name);
    return connector && { connector, registration: await registrations.find(tenant, connector) };
  };
  const revocations = createRevocations({ records, keyRing, clients, resolve });
  const discarding = createDiscarding({ connectors: byName, records, keyRing, revocations, now: Date.now });
  const connecting = createConnecting({
    connectors: byName,
    records,
    keyRing,
    stored,
    registrations,
    oauthClients: clients,
    sender,
    clientCredentials: (client) => clientCredentialsTokens(client, Date.now),
    credentialsOf: async (record, connector) =>
      credentials.of({ record, connector, registration: await registrations.find(record.value.tenant, connector) }),
    revocations,
    discarding,
    beforeRemoval: shared.feeds.endWebhooksOf,
    removedWith: (connection) => things.removalOf(connection),
    forget: credentials.forget,
    get baseUrl() {
      return shared.baseUrl();
    },
    returnUrls: configuration.returnUrls ?? [],
    finishInBrowser: configuration.finishInBrowser ?? false,
    now: Date.now,
  });
  const runOptions = {
    sender,
    maxRequestsPerCall: configuration.http?.maxRequestsPerCall,
    timeZone: configuration.timeZone,
  };
  const things = createThings({
    connectors,
    records,
    stored,
    runOptions,
    tell: ({ tenant, at, ...change }) =>
      shared.feeds.thingChanges.append(tenant, randomUUID(), at, { tenant, at, ...change }),
  });
  const research = createResearch(records);
  const trigger = triggersOf(byName, runOptions);
  const { feeds, cursors: eventCursors, changes, thingChanges, addresses } = shared.feeds;
  const own = createGatewaySchema(shared.sdl, {
    connectors,
    makeConnector: shared.makeConnector,
    subjects: shared.subjects,
    feeds: { feeds, cursors: eventCursors, changes, thingChanges, addresses, triggers: trigger },
    things,
    research,
    rooms: {
      registrations,
      stored,
      connecting,
      redirectUri: (tenant, connector) => redirectUriOf(shared.baseUrl(), tenant, connector),
    },
  });
  const connections = createConnections({
    connectors: byName,
    configured,
    registrations,
    live: { stored, credentials },
    connectHint: shared.connectHint,
  });
  const transfers = createTransfers({
    records,
    keyRing,
    connectors: byName,
    runOptions,
    openRun: (caller, signal) => createOpenRun(connections, caller, signal),
    baseUrl: shared.baseUrl,
    urlMs: configuration.files?.urlMs,
  });
  const built = buildGraph(connectors, own);
  const lists = { cursors: shared.cursors, maxFirst: configuration.limits?.first ?? 100, transfers };
  const graph = createExecutor(built, connections, {
    ...runOptions,
    ...lists,
    maxRequestsPerOperation: configuration.http?.maxRequestsPerOperation,
    triggers: { feeds, cursors: eventCursors },
    outcomes: shared.outcomes,
  });
  const beginHere = createBeginHere(connectors, stored, connecting);
  const mapThings = async (id: string): Promise<void> => {
    try {
      const record = await stored.read(id);
      if (!record || thingKindsOf(byName.get(record.value.connector)).length === 0) return;
      const { tenant, subject } = record.value;
      const caller = { tenant, subject: subject ?? undefined, scopes: noScopes };
      await things.map(record, createOpenRun(connections, caller, AbortSignal.timeout(mapTimeMs)));
    } catch (error) {
      shared.logger.warn({ connection: id, err: error }, 'The things of a connection could not be mapped now');
    }
  };
  return {
    graph,
    mapThings,
    rooms: {
      connectors: byName,
      subjects: shared.subjects,
      foreignTokens: createForeignTokens({ keyRing, credentials, registrations, clients, now: Date.now }),
      stateTokens: shared.stateTokens,
      registrations,
      stored,
      connecting,
      connections,
      things,
      research,
      runOptions,
      capabilities: built.capabilities,
      capability: createFindCapability(built.implementations, runOptions),
      lists,
      transfers,
      operationBudget: () => createOperationBudget(configuration.http?.maxRequestsPerOperation),
    },
    connecting,
    beginHere,
    revocations,
    discarding,
    resolve,
    connectors: byName,
    trigger,
    connections,
    registrations,
    operations: listed && listOperations(listed, graph, configuration),
  };
}

/** Triggers are prepared when they are first asked for, and once. */
function triggersOf(connectors: ReadonlyMap<string, Connector>, options: RunOptions): ServedTriggers['trigger'] {
  const prepared = new Map<string, RunnableTrigger>();
  return (name, key) => {
    const connector = connectors.get(name);
    if (key === thingsTrigger && connector && thingKindsOf(connector).length > 0) {
      const known = prepared.get(`${name}.${key}`) ?? prepareThingsTrigger(connector, options);
      prepared.set(`${name}.${key}`, known);
      return known;
    }
    if (!connector?.triggers || !Object.hasOwn(connector.triggers, key)) return undefined;
    const id = `${name}.${key}`;
    const known = prepared.get(id) ?? prepareTrigger(connector, key, options);
    prepared.set(id, known);
    return known;
  };
}

/** Our own page begins only where it also finishes; elsewhere a link to it would lead nowhere. */
function connectLinkOf({ connectUrl, finishInBrowser }: Configuration, baseUrl: () => string): ConnectLink | undefined {
  if (connectUrl !== undefined) return linkByTemplate(connectUrl);
  return finishInBrowser ? linkToOwnPage(baseUrl) : undefined;
}

/** Calls the methods of whatever is current at the time of the call. */
function delegate(current: () => Connecting): Connecting {
  return {
    begin: (...given) => current().begin(...given),
    beginAgain: (...given) => current().beginAgain(...given),
    openSession: (...given) => current().openSession(...given),
    submitSession: (...given) => current().submitSession(...given),
    returnFromProvider: (...given) => current().returnFromProvider(...given),
    advance: (...given) => current().advance(...given),
    adopt: (...given) => current().adopt(...given),
    finish: (...given) => current().finish(...given),
    test: (...given) => current().test(...given),
    disconnect: (...given) => current().disconnect(...given),
  };
}

async function sweep(generation: Generation, shared: Shared, signal: AbortSignal): Promise<void> {
  const { revocations, discarding, resolve } = generation;
  const { records, leases } = shared.vault;
  await discarding.sweep();
  await revocations.sweep();
  await shared.feeds.sweep();
  await refreshIdle({ records, leases, credentials: shared.credentials, resolve, signal }, Date.now());
}

/** Runs `work` every minute, never twice at a time; a failure is logged and the next round comes all the same. */
function startSweeping(work: () => Promise<void>, logger: Logger) {
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(work).catch(() => logger.warn('What is due beside the operations could not be done now'));
  }, sweepEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
