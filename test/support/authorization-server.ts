/**
 * A real authorization server (oidc-provider, certified) in a process of its own, with faults on demand and a protected API.
 *
 * ```ts
 * const server = await startAuthorizationServer({
 *   clients: [{ clientId: 'app', clientSecret: 's', redirectUris: ['http://127.0.0.1:1/callback'] }],
 * });
 * const callback = await server.authorize(authorizationUrl, { subject: 'alice' }); // no browser needed
 * await server.setFault('token', { mode: 'slow', delayMs: 12_000, grantType: 'refresh_token' }, 1);
 * await server.expireAccessTokens();
 * // … let the code under test refresh …
 * expect(await server.counters()).toMatchObject({ refreshes: 1, reuseDetections: 0, grantsRevoked: 0 });
 * await server.until((counters) => counters.revocations === 1);
 * await server.close();
 * ```
 *
 * It demands PKCE (S256), rotates refresh tokens, and revokes the whole grant when a refresh token is used twice. Pages for
 * Chromium have the selectors `#subject` and `#login`, then `#allow` and `#deny`; any account name is right, `alice` is filled in.
 *
 * The API beside it: `GET /api/me` (any token), `GET /api/items?page=1` (`items:read`, two of five a page), `POST /api/items`
 * (`items:write`). The rows of each subject carry its name in `id` and `owner`.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { approveDevice, followToRedirect } from './provider-pages.ts';
import type { AuthorizeOptions, CookieJar } from './provider-pages.ts';

export { createCookieJar } from './provider-pages.ts';
export type { AuthorizeOptions, CookieJar };

export interface TestClient {
  readonly clientId: string;
  /** `secret` unless told otherwise; without use for `none` and `private_key_jwt`. */
  readonly clientSecret?: string;
  /** How it proves itself at the token endpoint. `client_secret_basic` unless told otherwise; `none` is a public client. */
  readonly authentication?: 'client_secret_basic' | 'client_secret_post' | 'none' | 'private_key_jwt';
  /** Compared exactly. Without any, the client cannot use the code flow. */
  readonly redirectUris?: readonly string[];
  /** In words of the wire. Everything that fits the client unless told otherwise. */
  readonly grantTypes?: readonly string[];
  /** The public JWKs of a `private_key_jwt` client. */
  readonly publicKeys?: readonly object[];
}

export interface AuthorizationServerOptions {
  readonly clients?: readonly TestClient[];
  /** Scopes beside `openid`, `profile`, `email` and `offline_access`. `items:read` and `items:write` unless told otherwise. */
  readonly scopes?: readonly string[];
  /** Seconds, 3600 unless told otherwise. */
  readonly accessTokenLifetime?: number;
  /**
   * `opaque` unless told otherwise, which are for no audience in particular. JWTs are RFC 9068, for the audience
   * `<issuer>/api`; they cannot be introspected. `opaque-for-api` are for that audience too, and can.
   */
  readonly accessTokens?: 'opaque' | 'opaque-for-api' | 'jwt';
  /** `false`: refresh tokens stay the same for ever. */
  readonly rotation?: boolean;
  /** `optional` lets a flow without PKCE pass. `required` unless told otherwise. */
  readonly pkce?: 'required' | 'optional';
  /** `false`: a server from before RFC 9207, which neither sends `iss` nor advertises it. */
  readonly issuerParameter?: boolean;
  /** Seconds between device polls, fractions allowed. 5 unless told otherwise. Each violation adds 5. */
  readonly deviceInterval?: number;
  /** Whole seconds, 600 unless told otherwise. */
  readonly deviceCodeLifetime?: number;
}

export type Endpoint =
  | 'discovery'
  | 'jwks'
  | 'authorization'
  | 'token'
  | 'revocation'
  | 'introspection'
  | 'userinfo'
  | 'device_authorization'
  | 'api';

/**
 * What an endpoint does instead of its work, or to its answer.
 *
 * The server never learns of the request: `status-500`, `status-503` and `status-429` (with Retry-After), `reset`, `timeout`
 * (never answers), `garbage` (200, broken JSON), `html` (200), `error` (400 with `error`), `error-in-200`, `drip` (one byte
 * every `delayMs`, then a cut), `huge`.
 *
 * The server does the work: `lost-answer` (then a reset), `slow` (answers `delayMs` later), `no-expires-in`,
 * `expires-in-zero`, `no-refresh-token` (the old one stays good), `lifetime-60`; at the authorization endpoint `wrong-iss`, `missing-iss`.
 */
export type FaultMode =
  | 'none'
  | 'status-500'
  | 'status-503'
  | 'status-429'
  | 'reset'
  | 'timeout'
  | 'garbage'
  | 'html'
  | 'error'
  | 'error-in-200'
  | 'drip'
  | 'huge'
  | 'lost-answer'
  | 'slow'
  | 'no-expires-in'
  | 'expires-in-zero'
  | 'no-refresh-token'
  | 'lifetime-60'
  | 'wrong-iss'
  | 'missing-iss';

/** A mode with its settings; each has a default. */
export interface Fault {
  readonly mode: FaultMode;
  /** Only these token requests, e.g. `refresh_token`. */
  readonly grantType?: string;
  /** `slow`: 12 000. `drip`: 1 000 for each byte. */
  readonly delayMs?: number;
  /** `drip`: the server does the work and the whole answer drips out. */
  readonly executed?: boolean;
  /** Retry-After of `status-503` and `status-429`, seconds or a date. 1. */
  readonly retryAfter?: number | string;
  /** `error`: `invalid_grant`. `error-in-200`: `temporarily_unavailable`. */
  readonly error?: string;
  /** Status of `error`: 400. */
  readonly status?: number;
  /** `huge`: 512 MiB. */
  readonly bytes?: number;
  /** `lifetime-60`: 60. */
  readonly lifetimeSeconds?: number;
  /** `wrong-iss`: `https://other.example.test`. */
  readonly issuer?: string;
}

export interface AuthorizationCounters {
  /** All requests by endpoint, spoiled ones too; pages count under `pages`. */
  readonly requests: Readonly<Record<string, number>>;
  /** Requests at the token endpoint by `grant_type`, spoiled ones too. */
  readonly tokenRequests: Readonly<Record<string, number>>;
  /** Tokens that the server issued, by `grant_type`, lost answers too. */
  readonly tokensIssued: Readonly<Record<string, number>>;
  /** Refusals of the server itself by `error`. */
  readonly tokenErrors: Readonly<Record<string, number>>;
  /** The same as `tokensIssued.refresh_token`. */
  readonly refreshes: number;
  /** Refresh tokens that came twice. */
  readonly reuseDetections: number;
  /** Authorization codes that came twice. */
  readonly codeReuses: number;
  /** For reuse, for a revoked refresh token and by `revokeGrant`. */
  readonly grantsRevoked: number;
  /** Successful RFC 7009 requests for tokens that existed. */
  readonly revocations: number;
  readonly devicePolls: number;
  /** Polls answered `slow_down`. */
  readonly devicePollsTooFast: number;
  readonly faultsGiven: number;
}

/** Equal calls of the protected API, and how many there were. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly token: string | null;
  /** The client's id for a client-credentials token; `null` when the token was no good. */
  readonly subject: string | null;
  readonly clientId: string | null;
  readonly count: number;
}

export interface AuthorizationServer {
  /** Also the origin of everything, e.g. `http://127.0.0.1:40123`. */
  readonly issuer: string;
  readonly apiUrl: string;
  /** Adds a client, or replaces the one with this id. */
  readonly addClient: (client: TestClient) => Promise<void>;
  readonly addRedirectUri: (clientId: string, redirectUri: string) => Promise<void>;
  /**
   * Plays the user without a browser: follows redirects from `url` (the authorization endpoint, or a link that leads to it),
   * fills in the pages and gives the redirect back to the client, without following it.
   */
  readonly authorize: (url: string | URL, options?: AuthorizeOptions) => Promise<URL>;
  /** The same for the user code of a device flow. */
  readonly approveDevice: (userCode: string, options?: AuthorizeOptions) => Promise<void>;
  /** Replaces the fault of this endpoint; without `times` it stays until `none`. */
  readonly setFault: (endpoint: Endpoint, fault: FaultMode | Fault, times?: number) => Promise<void>;
  /** For tokens issued from now on, whole seconds. */
  readonly setAccessTokenLifetime: (seconds: number) => Promise<void>;
  /** Ends all access tokens (of a subject) at once and gives their number. Refresh tokens stay good. */
  readonly expireAccessTokens: (subject?: string) => Promise<number>;
  /** The user takes back what it allowed, everywhere: gives the number of grants. */
  readonly revokeGrant: (subject: string) => Promise<number>;
  readonly counters: () => Promise<AuthorizationCounters>;
  /** Resolves with the counters as soon as `isTrue`; fails after `timeoutMs` (30 000) with the counters as they stand. */
  readonly until: (
    isTrue: (counters: AuthorizationCounters) => boolean,
    timeoutMs?: number,
  ) => Promise<AuthorizationCounters>;
  readonly apiCalls: () => Promise<readonly ApiCall[]>;
  /** Stops at once; open sockets are cut. */
  readonly close: () => Promise<void>;
  /** The process, which also ends by itself when this one does. */
  readonly pid: number;
}

const workerPath = fileURLToPath(new URL('./authorization-server/worker.mjs', import.meta.url));

/** Starts the server on 127.0.0.1 and a free port, within 2 s. Close it in `afterAll` or `finally`. */
export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const worker = await startWorker({ ...defaults, ...options });
  const { issuer, call } = worker;
  return {
    issuer,
    apiUrl: `${issuer}/api`,
    pid: worker.pid,
    addClient: (client) => call('addClient', client),
    addRedirectUri: (clientId, redirectUri) => call('addRedirectUri', clientId, redirectUri),
    authorize: (url, user = {}) => followToRedirect(issuer, url, user),
    approveDevice: (userCode, user = {}) => approveDevice(issuer, userCode, user),
    setFault: (endpoint, fault, times) =>
      call('setFault', endpoint, { ...(typeof fault === 'string' ? { mode: fault } : fault), times }),
    setAccessTokenLifetime: (seconds) => call('setAccessTokenLifetime', seconds),
    expireAccessTokens: (subject) => call('expireAccessTokens', subject),
    revokeGrant: (subject) => call('revokeGrant', subject),
    counters: async () => (await call<Counted>('counters')).values,
    until: (isTrue, timeoutMs = 30_000) => waitUntil(call, isTrue, timeoutMs),
    apiCalls: () => call('apiCalls'),
    close: worker.close,
  };
}

const defaults: Required<AuthorizationServerOptions> = {
  clients: [],
  scopes: ['items:read', 'items:write'],
  accessTokenLifetime: 3600,
  accessTokens: 'opaque',
  rotation: true,
  pkce: 'required',
  issuerParameter: true,
  deviceInterval: 5,
  deviceCodeLifetime: 600,
};

interface Counted {
  readonly version: number;
  readonly values: AuthorizationCounters;
}

type Call = <Result = void>(command: string, ...values: readonly unknown[]) => Promise<Result>;

interface Worker {
  readonly issuer: string;
  readonly pid: number;
  readonly call: Call;
  readonly close: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

async function startWorker(settings: AuthorizationServerOptions): Promise<Worker> {
  const child = fork(workerPath, [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const waiting = new Map<number, Waiting>();
  const exited = watchExit(child, waiting);
  let nextId = 1;

  const issuer = await new Promise<string>((resolve, reject) => {
    waiting.set(0, { resolve, reject });
    child.on('message', (message: { issuer?: string; id?: number; result?: never; error?: string }) => {
      const id = message.id ?? 0;
      const caller = waiting.get(id);
      waiting.delete(id);
      if (message.error !== undefined) caller?.reject(new Error(`The authorization server: ${message.error}`));
      else caller?.resolve((message.issuer ?? message.result) as never);
    });
    child.send(settings);
  });

  return {
    issuer,
    pid: child.pid!,
    call: (command, ...values) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        child.send({ id, command, values }, (error) => error && reject(error));
      }),
    close: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** Fails everything that still waits when the process ends, with what it had to say. */
function watchExit(child: ChildProcess, waiting: Map<number, Waiting>): Promise<void> {
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4000)));
  return new Promise((resolve) => {
    child.once('exit', () => {
      for (const { reject } of waiting.values())
        reject(new Error(`The authorization server has ended.\n${complaints}`));
      waiting.clear();
      resolve();
    });
  });
}

async function waitUntil(
  call: Call,
  isTrue: (counters: AuthorizationCounters) => boolean,
  timeoutMs: number,
): Promise<AuthorizationCounters> {
  let counted = await call<Counted>('counters');
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Not so within ${timeoutMs} ms; the counters are ${JSON.stringify(counted.values)}.`)),
      timeoutMs,
    );
  });
  try {
    while (!isTrue(counted.values)) {
      counted = await Promise.race([call<Counted>('countersAfter', counted.version), tooLate]);
    }
    return counted.values;
  } finally {
    clearTimeout(timer);
  }
}
