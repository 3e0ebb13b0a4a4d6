/** What an operator may configure: `plugboard.config.ts`. */
import { z } from 'zod';
import type { StaticConnection, Registration } from './connection/connections.ts';
import { DefinitionError, type Fault } from './errors.ts';
import { didYouMean } from './notation/nearest.ts';

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

const count = z.number().int().positive();
const configurationShape = z.strictObject({
  connectors: z.union([z.string(), z.array(z.string())]).optional(),
  host: z.string().min(1).optional(),
  port: z.number().int().min(0).max(65_535).optional(),
  allowedHosts: z.array(z.string().min(1)).optional(),
  allowUnauthenticatedCallers: z.boolean().optional(),
  connections: z
    .array(
      z.strictObject({
        connector: z.string(),
        subject: z.string().min(1).optional(),
        label: z.string().min(1).optional(),
        fields: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  registrations: z.array(z.strictObject({ connector: z.string(), baseUri: z.url().optional() })).optional(),
  key: z.string().min(16).optional(),
  production: z.boolean().optional(),
  introspection: z.boolean().optional(),
  explorer: z.boolean().optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
  timeZone: z.string().refine(isTimeZone, 'the IANA name of a time zone, e.g. Europe/Berlin').optional(),
  limits: z
    .strictObject({
      bodyBytes: count.optional(),
      tokens: count.optional(),
      depth: count.optional(),
      aliases: count.optional(),
      directives: count.optional(),
      rootFields: count.optional(),
      fields: count.optional(),
      repeats: count.optional(),
      operationMs: count.optional(),
      first: count.optional(),
    })
    .optional(),
  http: z
    .strictObject({
      allowedPrivateOrigins: z.array(z.url()).optional(),
      allowHttp: z.boolean().optional(),
      totalTimeoutMs: count.optional(),
      maxAnswerBytes: count.optional(),
      maxRequestsPerCall: count.optional(),
    })
    .optional(),
});

/**
 * The configuration, checked.
 *
 * @param path - what it is called in messages: the file, or `configuration`.
 * @throws DefinitionError CONFIGURATION_INVALID with all faults: wrong types, and unknown keys with the nearest known one.
 */
export function checkConfiguration(value: unknown, path = 'configuration'): Configuration {
  const checked = configurationShape.safeParse(value);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.flatMap((issue) => toFaults(issue, value, path));
  // A value of the wrong type is also too short, too small …: what is told first says it.
  throw new DefinitionError(
    faults.filter((fault, index) => faults.findIndex((other) => other.path === fault.path) === index),
  );
}

function toFaults(issue: z.core.$ZodIssue, root: unknown, file: string): Fault[] {
  const at = (keys: readonly PropertyKey[]) =>
    keys.reduce<string>((path, key) => (typeof key === 'number' ? `${path}[${key}]` : `${path}.${String(key)}`), file);
  const code = 'CONFIGURATION_INVALID';
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => {
      const message = `this key is not known${didYouMean(key, known)}; expected one of ${known.join(', ')}.`;
      return { code, path: at([...issue.path, key]), message };
    });
  }
  const got = describeKind(issue.path.reduce<unknown>((value, key) => (value as never)?.[key], root));
  return [{ code, path: at(issue.path), message: `expected ${expectedBy(issue)}; got ${got}.` }];
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** In our words, as all other definitions are told. */
function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'invalid_union':
      return 'a string or a list of strings';
    case 'invalid_format':
      return issue.format === 'url' ? 'a URL' : `a ${issue.format}`;
    case 'too_small':
      if (issue.origin === 'string') return issue.minimum === 1 ? 'a text' : `at least ${issue.minimum} characters`;
      return issue.inclusive === false ? `a number above ${issue.minimum}` : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

/** Keys of the part of the configuration at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let shape: any = configurationShape;
  for (const key of path) {
    shape = unwrap(shape);
    shape = typeof key === 'number' ? shape.element : shape.shape[key];
  }
  return Object.keys(unwrap(shape).shape as object);
}

function unwrap(shape: any): any {
  return shape instanceof z.ZodOptional ? shape.unwrap() : shape;
}

/** What came, without its value: a configuration holds secrets. */
function describeKind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
