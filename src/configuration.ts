/** What an operator may configure: `plugboard.config.ts`. `check-configuration` judges it. */
import type { StaticConnection, Registration } from './connection/connections.ts';

/** Every key is optional; what is left out is the hardened default. */
export interface Configuration {
  /** Folders of connector folders, relative to the configuration file. Default `['connectors']`. */
  readonly connectors?: string | readonly string[];
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 4000. */
  readonly port?: number;
  /** Host names, beside loopback's, by which clients may name the gateway. Default: none on loopback; elsewhere any. */
  readonly allowedHosts?: readonly string[];
  /** Lets everyone who reaches the port use every connection, beyond loopback too. Default `false`. */
  readonly allowUnauthenticatedCallers?: boolean;
  /** Connections that the operator owns, until subjects connect by themselves. */
  readonly connections?: readonly StaticConnection[];
  readonly registrations?: readonly Registration[];
  /** Secret of at least 16 characters that seals list cursors; replicas share it. Default `PLUGBOARD_KEY`, else one that ends with the process. */
  readonly key?: string;
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
  readonly limits?: LimitsConfiguration;
  readonly http?: HttpConfiguration;
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

/** The outbound client. */
export interface HttpConfiguration {
  /** Exact origins that may lie at addresses that are not public, e.g. `http://127.0.0.1:4010`. Default none. */
  readonly allowedPrivateOrigins?: readonly string[];
  /** Lets providers be reached by http. Default `false`. */
  readonly allowHttp?: boolean;
  /** Milliseconds of one request, redirects and retries included. Default 30 000. */
  readonly totalTimeoutMs?: number;
  /** Bytes of one answer, decompressed. Default 10 MiB. */
  readonly maxAnswerBytes?: number;
  /** Requests that one call of an action may send. Default 100. */
  readonly maxRequestsPerCall?: number;
}

/** Gives the configuration back; an editor then knows its keys. */
export function defineConfig(configuration: Configuration): Configuration {
  return configuration;
}
