/** Judges what an operator configured. Apart from the types, because a start without a configuration needs no zod. */
import { z } from 'zod';
import type { Configuration } from './configuration.ts';
import { linkByTemplate, linkParts } from './connection/connect-hint.ts';
import { DefinitionError, type Fault } from './errors.ts';
import { didYouMean } from './notation/nearest.ts';

const count = z.number().int().positive();
/** Beyond, Node's timers fire at once. */
const milliseconds = count.max(2_147_483_647);
const httpUrl = z.string().refine(isHttpUrl, 'an absolute http or https URL');
const origin = z.string().refine(isOrigin, 'an origin such as http://127.0.0.1:4010');
const connectPlaceholders = linkParts.map((part) => `{${part}}`).join(' and ');
const federationHeaders = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/),
  z.custom<string | { env: string }>(isSecret, "a text, or { env: 'NAME' }"),
);
const configurationShape = z.strictObject({
  connectors: z.union([z.string(), z.array(z.string())]).optional(),
  host: z.string().min(1).optional(),
  port: z.number().int().min(0).max(65_535).optional(),
  allowedHosts: z.array(z.string().min(1)).optional(),
  insecureDev: z.boolean().optional(),
  finishInBrowser: z.boolean().optional(),
  baseUrl: httpUrl.optional(),
  returnUrls: z.array(z.url()).optional(),
  connectUrl: z
    .string()
    .refine(isConnectUrl, `an http or https URL, with no placeholders but ${connectPlaceholders}`)
    .optional(),
  issuers: z
    .array(
      z.strictObject({
        issuer: z.string().min(1),
        audience: z.union([z.string(), z.array(z.string())]),
        algorithms: z.array(z.string()).optional(),
        jwksUri: httpUrl.optional(),
        keys: z.array(z.record(z.string(), z.unknown())).optional(),
        introspection: z
          .strictObject({
            endpoint: httpUrl,
            clientId: z.string().min(1),
            clientSecret: z.custom<string | { env: string }>(isSecret, "a text, or { env: 'NAME' }"),
            authentication: z.enum(['client_secret_basic', 'client_secret_post']).optional(),
            acceptWithoutAudience: z.boolean().optional(),
          })
          .optional(),
        tenant: z.string().min(1).optional(),
        tenantClaim: z.string().min(1).optional(),
        scopeClaim: z.string().min(1).optional(),
      }),
    )
    .optional(),
  connections: z
    .array(
      z.strictObject({
        connector: z.string(),
        tenant: z.string().min(1).optional(),
        subject: z.string().min(1).optional(),
        label: z.string().min(1).optional(),
        fields: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  registrations: z
    .array(
      z.strictObject({
        connector: z.string(),
        tenant: z.string().min(1).optional(),
        fields: z.record(z.string(), z.unknown()).optional(),
        scopes: z.array(z.string()).optional(),
        baseUri: httpUrl.optional(),
        issuer: httpUrl.optional(),
        authorizationUrl: httpUrl.optional(),
        tokenUrl: httpUrl.optional(),
        deviceAuthorizationUrl: httpUrl.optional(),
        revocationUrl: httpUrl.optional(),
      }),
    )
    .optional(),
  key: z.string().min(16).optional(),
  keyFile: z.string().min(1).optional(),
  store: z.string().min(1).optional(),
  queue: z.string().refine(isQueueUrl, 'a URL that begins with redis:, rediss: or postgres:').optional(),
  production: z.boolean().optional(),
  introspection: z.boolean().optional(),
  explorer: z.boolean().optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
  timeZone: z.string().refine(isTimeZone, 'the IANA name of a time zone, e.g. Europe/Berlin').optional(),
  operations: z
    .strictObject({
      only: z.boolean().optional(),
      list: z.string().min(1).optional(),
      automatic: z.boolean().optional(),
      cache: z.string().min(1).optional(),
      maxAgeSeconds: z.number().int().min(0).optional(),
    })
    .optional(),
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
  subscriptions: z
    .strictObject({
      maxOperationsPerSocket: count.optional(),
      maxSocketsPerSubject: count.optional(),
      initTimeoutMs: milliseconds.optional(),
      keepAliveMs: milliseconds.optional(),
      allowedOrigins: z.array(origin).optional(),
      maxBufferedBytes: count.optional(),
      eventTimeoutMs: milliseconds.optional(),
    })
    .optional(),
  http: z
    .strictObject({
      allowedPrivateOrigins: z.array(origin).optional(),
      allowHttp: z.boolean().optional(),
      totalTimeoutMs: count.optional(),
      maxAnswerBytes: count.optional(),
      maxRequestsPerCall: count.optional(),
      maxRequestsPerOperation: count.optional(),
      shareReads: z.boolean().optional(),
    })
    .optional(),
  feeds: z
    .strictObject({
      minIntervalMs: count.optional(),
      graceMs: count.optional(),
      keepMs: count.optional(),
      keepEvents: count.optional(),
      takeoverMs: z.number().int().min(100).optional(),
      concurrentPolls: count.optional(),
      concurrentPollsPerConnection: count.optional(),
    })
    .optional(),
  files: z
    .strictObject({
      urlMs: milliseconds.optional(),
      maxUploadBytes: count.optional(),
      maxFiles: count.optional(),
      idleMs: milliseconds.optional(),
      transferMs: count.max(7_200_000).optional(),
      maxPerTenant: count.optional(),
      maxInAll: count.optional(),
    })
    .optional(),
  facades: z
    .strictObject({
      connctd: z.strictObject({ finishInBrowser: z.boolean().optional() }).optional(),
      lumos: z.strictObject({ connector: z.string().min(1).optional() }).optional(),
      rds: z
        .strictObject({
          tenant: z.string().min(1),
          secret: z.custom<string | { env: string }>(isSecret, "a text, or { env: 'NAME' }").optional(),
          releaseTokens: z.boolean().optional(),
          redirectUri: httpUrl.optional(),
          ports: z
            .record(
              z.string().min(1),
              z.strictObject({
                url: httpUrl,
                allowPrivateAddress: z.boolean().optional(),
                implements: z.array(z.enum(['fileStorage', 'metadata'])).optional(),
              }),
            )
            .optional(),
        })
        .optional(),
    })
    .optional(),
  imports: z
    .strictObject({
      lumos: z
        .array(z.strictObject({ name: z.string().min(1), url: httpUrl, allowPrivateAddress: z.boolean().optional() }))
        .optional(),
    })
    .optional(),
  subgraphs: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z]\w*$/),
        url: httpUrl.optional(),
        sdl: z.string().min(1).optional(),
        headers: federationHeaders.optional(),
        propagate: z.array(z.string().min(1)).optional(),
        timeoutMs: milliseconds.optional(),
        subscriptions: z.strictObject({ transport: z.enum(['sse', 'graphql-ws']), url: z.url().optional() }).optional(),
        allowPrivateAddress: z.boolean().optional(),
      }),
    )
    .optional(),
  supergraph: z
    .union([
      z.string().min(1),
      z.strictObject({
        source: z.string().min(1),
        headers: federationHeaders.optional(),
        pollMs: milliseconds.optional(),
        allowPrivateAddress: z.boolean().optional(),
      }),
    ])
    .optional(),
  idempotency: z
    .strictObject({
      keepMs: z.number().int().min(60_000).optional(),
      takeoverMs: z.number().int().min(100).optional(),
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
  if (checked.success) {
    const faults = checkTogether(checked.data, path);
    if (faults.length === 0) return checked.data;
    throw new DefinitionError(faults);
  }
  const faults = checked.error.issues.flatMap((issue) => toFaults(issue, value, path));
  // A value of the wrong type is also too short, too small …: what is told first says it.
  throw new DefinitionError(
    faults.filter((fault, index) => faults.findIndex((other) => other.path === fault.path) === index),
  );
}

/** What is sound by itself and not beside the rest. */
function checkTogether({ finishInBrowser, insecureDev, key, keyFile }: Configuration, path: string): Fault[] {
  const faults: Fault[] = [];
  const code = 'CONFIGURATION_INVALID';
  if (finishInBrowser && !insecureDev) {
    const message =
      'expected it only with insecureDev: elsewhere a link to connect could be sent to somebody else, whose account then belongs to the sender.';
    faults.push({ code, path: `${path}.finishInBrowser`, message });
  }
  if (key !== undefined && keyFile !== undefined) {
    const message =
      'expected the sealing keys in one place; got both `key` and `keyFile`. Keep the file: its keys can be changed without a restart.';
    faults.push({ code, path: `${path}.keyFile`, message });
  }
  return faults;
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
  const value = issue.path.reduce<unknown>((part, key) => (part as never)?.[key], root);
  return [{ code, path: at(issue.path), message: `expected ${expectedBy(issue)}; got ${gotBy(issue, value)}.` }];
}

/** What came, where its kind alone would tell nothing; never its value. */
function gotBy({ code }: z.core.$ZodIssue, value: unknown): string {
  if (typeof value !== 'string' || value === '') return describeKind(value);
  if (code === 'too_small') return 'fewer';
  const isAboutForm = code === 'custom' || code === 'invalid_format' || code === 'invalid_value';
  return isAboutForm ? 'a string that is none' : describeKind(value);
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
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    default:
      return issue.message;
  }
}

/** Keys of the part of the configuration at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let shape: any = configurationShape;
  for (const key of path) {
    shape = unwrap(shape);
    if (shape instanceof z.ZodRecord) shape = shape.valueType;
    else shape = typeof key === 'number' ? shape.element : shape.shape[key];
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

/** What stands in the file, or names a variable that holds it. */
function isSecret(value: unknown): boolean {
  const text = typeof value === 'object' && value !== null ? (value as { readonly env?: unknown }).env : value;
  return typeof text === 'string' && text !== '';
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/]/i.test(text) && URL.canParse(text);
}

function isQueueUrl(text: string): boolean {
  return /^(rediss?|postgres(ql)?):/.test(text) && URL.canParse(text);
}

function isConnectUrl(text: string): boolean {
  const filled = linkByTemplate(text)('connector', []);
  return isHttpUrl(filled) && !/[{}]/.test(filled);
}

function isOrigin(text: string): boolean {
  return isHttpUrl(text) && new URL(text).href === `${new URL(text).origin}/`;
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
