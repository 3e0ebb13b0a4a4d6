/** What an operator may configure: `plugboard.config.ts`. `check-configuration` judges it. */
import type { OperationSettings } from './server/operations/operation-settings.ts';
import type { StaticConnection } from './connection/configured-connections.ts';
import type { ConfiguredRegistration } from './connection/configured-registrations.ts';
import type { TrustedIssuer } from './connection/trusted-issuer.ts';
import type { ConnctdSettings } from './facades/connctd/settings.ts';
import type { LumosSettings } from './facades/lumos/settings.ts';
import type { RdsSettings } from './facades/rds/settings.ts';
import type { SubgraphSettings, SupergraphSettings } from './federation/settings.ts';
import type { LumosServer } from './importers/lumos/lumos-connector.ts';

/** Every key is optional; what is left out is the hardened default. */
export interface Configuration {
  /** Folders of connector folders, relative to the configuration file. Default `['connectors']`. */
  readonly connectors?: string | readonly string[];
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 4000. */
  readonly port?: number;
  /** Host names, beside loopback's and that of `baseUrl` (not with `insecureDev`), by which clients may name the gateway. Default: none on loopback; elsewhere any. */
  readonly allowedHosts?: readonly string[];
  /** Asks nobody for credentials, and needs no key: for one's own machine, since it listens on loopback only. Default `false`. */
  readonly insecureDev?: boolean;
  /**
   * The browser that began a connection also finishes it, without `finishConnection`, and whoever opens
   * `/connect/<connector>` begins: for a demo, where no application stands behind. Only with `insecureDev`. Default `false`.
   */
  readonly finishInBrowser?: boolean;
  /** Where browsers and applications reach the gateway, e.g. `https://api.example.com`. Default: where it listens. */
  readonly baseUrl?: string;
  /** URLs that `connect` may return to, exactly as they are given. Default none. */
  readonly returnUrls?: readonly string[];
  /**
   * Where a subject connects accounts in the application, for `extensions.connect.url` of errors; `{connector}` and
   * `{scopes}` are filled in, e.g. `https://app.example.com/accounts?connect={connector}&scopes={scopes}`. Default: errors
   * carry no URL, except with `finishInBrowser`, where it is our own page.
   */
  readonly connectUrl?: string;
  /** Issuers whose tokens are accepted from callers, beside API keys. Default none. */
  readonly issuers?: readonly TrustedIssuer[];
  /** Accounts that the operator connected; what subjects connect is in the store. */
  readonly connections?: readonly StaticConnection[];
  /** What the operator registered with providers; also by `registerConnector` and by `PLUGBOARD_<CONNECTOR>_<FIELD>`. */
  readonly registrations?: readonly ConfiguredRegistration[];
  /** Keys that seal what is secret, the current one first: `current,old`. 32 bytes each, in base64 or hexadecimal digits. Default `PLUGBOARD_KEY`. */
  readonly key?: string;
  /**
   * File with the sealing keys, the current one first, between commas or white space. It is read anew every ten seconds, and
   * at SIGHUP: keys are changed without a restart. Default `PLUGBOARD_KEY_FILE`. Not beside `key`.
   */
  readonly keyFile?: string;
  /**
   * File of the embedded store, or `postgres://user:password@host:port/database` for replicas that share one. Default
   * `PLUGBOARD_STORE`, else `plugboard.sqlite`; in memory with `insecureDev`.
   */
  readonly store?: string;
  /**
   * Where replicas on one PostgreSQL hand out polls: `postgres:` or `redis://host:port/number`, which may lose everything
   * without harm. Default `PLUGBOARD_QUEUE`, else the database of the store; an embedded store needs none.
   */
  readonly queue?: string;
  /** Answers as production does: no introspection, no hints about the schema. Default: `NODE_ENV` is `production`. */
  readonly production?: boolean;
  /** Default: the opposite of `production`. */
  readonly introspection?: boolean;
  /** Serves GraphiQL at `/`. Default: the opposite of `production`. */
  readonly explorer?: boolean;
  /** Default `info`. */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** IANA name of the zone in which times without an offset are read. Default `America/Los_Angeles`, as the notation has it. */
  readonly timeZone?: string;
  readonly operations?: OperationSettings;
  readonly limits?: LimitsConfiguration;
  readonly subscriptions?: SubscriptionsConfiguration;
  readonly http?: HttpConfiguration;
  readonly feeds?: FeedsConfiguration;
  readonly files?: FilesConfiguration;
  readonly facades?: FacadesConfiguration;
  readonly idempotency?: IdempotencyConfiguration;
  readonly imports?: ImportsConfiguration;
  /** Subgraphs of others, joined with what is in this process (docs/federation.md); with `supergraph`, what that does not say of its own. */
  readonly subgraphs?: readonly SubgraphSettings[];
  /** A supergraph that is composed already, as a file or URL: it is served instead of a graph of our own. */
  readonly supergraph?: string | SupergraphSettings;
}

/** Limits of one operation. */
export interface LimitsConfiguration {
  /** Bytes of a request. Default 1 MiB. */
  readonly bodyBytes?: number;
  /** Default 2 000. */
  readonly tokens?: number;
  /** Levels of nested selections. Default 15. */
  readonly depth?: number;
  /** Default 30. */
  readonly aliases?: number;
  /** Default 10. */
  readonly directives?: number;
  /** Default 20. */
  readonly rootFields?: number;
  /** Fields of one operation, fragments counted where they are spread. Default 2 000. */
  readonly fields?: number;
  /** Fields that repeat a response name of their selection set. Default 30. */
  readonly repeats?: number;
  /** Milliseconds that one operation may take. Default 30 000. */
  readonly operationMs?: number;
  /** Most rows that `first` may ask for. Default 100. */
  readonly first?: number;
}

/** Sockets (graphql-ws on `/graphql`) and event streams (`/graphql/stream`). */
export interface SubscriptionsConfiguration {
  /** Operations that run at once on one socket. Default 100. */
  readonly maxOperationsPerSocket?: number;
  /** Sockets and event streams of one tenant and subject, on one process. Default 100. */
  readonly maxSocketsPerSubject?: number;
  /** Milliseconds that a socket may be open before it says who it is. Default 5 000. */
  readonly initTimeoutMs?: number;
  /** Milliseconds between signs of life; a socket that does not answer one until the next is cut. Default 12 000. */
  readonly keepAliveMs?: number;
  /** Origins of pages, beside our own, that may open sockets and event streams, e.g. `https://app.example.com`. Default none. */
  readonly allowedOrigins?: readonly string[];
  /** Bytes that may wait for one client that reads slowly; beyond, its socket is closed with 1013. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** Milliseconds that one event may take to be executed. Default 30 000. */
  readonly eventTimeoutMs?: number;
}

/** The outbound client. */
export interface HttpConfiguration {
  /** Exact origins that may lie at addresses that are not public, e.g. `http://127.0.0.1:4010`. Default none. */
  readonly allowedPrivateOrigins?: readonly string[];
  /** Lets providers be reached by http. Default `false`. */
  readonly allowHttp?: boolean;
  /**
   * Milliseconds of one request, redirects and retries included. Default 25 000; best some seconds less than
   * `limits.operationMs`, so that a slow provider fails its own field with PROVIDER_TIMEOUT.
   */
  readonly totalTimeoutMs?: number;
  /** Bytes of one answer, decompressed. Default 10 MiB. */
  readonly maxAnswerBytes?: number;
  /** Requests that one call of an action may send. Default 100. */
  readonly maxRequestsPerCall?: number;
  /** Requests to providers that all fields of one operation, or of one event of a subscription, may send. Default 1 000. */
  readonly maxRequestsPerOperation?: number;
  /**
   * Reads of one connection that are alike and under way at one time are sent once. Default `true`; `false` sends each, as for
   * a provider that answers a GET differently each time.
   */
  readonly shareReads?: boolean;
}

/** Contents of files, sent and fetched (docs/files.md). */
export interface FilesConfiguration {
  /** So long a one-time URL is good, in milliseconds. Default 10 minutes. */
  readonly urlMs?: number;
  /** Bytes of one content that is sent. Default 10 GiB. */
  readonly maxUploadBytes?: number;
  /** Files beside one operation. Default 10. */
  readonly maxFiles?: number;
  /** The longest pause of whoever sends, in milliseconds. Default 30 000. */
  readonly idleMs?: number;
  /** The longest that one content may pass, in milliseconds: at most 2 h. Default 1 h. */
  readonly transferMs?: number;
  /** Contents of one application that pass at a time, on one process. Default 32. */
  readonly maxPerTenant?: number;
  /** Contents of all that pass at a time, on one process. Default 256. */
  readonly maxInAll?: number;
}

/** Mutations that come with an idempotency key. */
export interface IdempotencyConfiguration {
  /** So long the outcome of a key is known, in milliseconds: at least a minute. Default 24 h. */
  readonly keepMs?: number;
  /** So long a repetition is kept waiting when the process that carried the mutation out has died, in milliseconds. Default 15 000. */
  readonly takeoverMs?: number;
}

/** Triggers that are watched. */
export interface FeedsConfiguration {
  /** The least time between two polls of a feed, whatever its trigger says, in milliseconds. Default 1 000. */
  readonly minIntervalMs?: number;
  /** So long a feed is polled after its last subscriber has left, in milliseconds. Default 30 000. */
  readonly graceMs?: number;
  /** So long an event can be read, in milliseconds. Default 7 days. */
  readonly keepMs?: number;
  /** So many events of a feed can be read. Default 100 000. */
  readonly keepEvents?: number;
  /** So long a feed waits when the process that polled it has died, in milliseconds. Default 10 000. */
  readonly takeoverMs?: number;
  /** Polls at a time in one process. Default 64. */
  readonly concurrentPolls?: number;
  /** Polls of one connection at a time in one process. Default 8. */
  readonly concurrentPollsPerConnection?: number;
}

/** How the clients of other systems are served. */
export interface FacadesConfiguration {
  readonly connctd?: ConnctdSettings;
  readonly lumos?: LumosSettings;
  /** Sciebo RDS; absent: it is not served, except with `--demo`. */
  readonly rds?: RdsSettings;
}

/** What becomes a connector beside the folders of connectors. */
export interface ImportsConfiguration {
  /** Servers of Lumos. */
  readonly lumos?: readonly LumosImport[];
}

export interface LumosImport extends LumosServer {
  /** Its origin may lie at an address that is not public. Default `false`. */
  readonly allowPrivateAddress?: boolean;
}

/** Gives the configuration back; an editor then knows its keys. */
export function defineConfig(configuration: Configuration): Configuration {
  return configuration;
}
