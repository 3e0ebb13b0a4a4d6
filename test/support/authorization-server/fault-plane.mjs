/** Stands in front of every endpoint and spoils answers on demand; clients go through it because it is the issuer's own address. */

/** @typedef {import('node:http').IncomingMessage & { marks?: Record<string, any> }} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {{ mode: string, times?: number, grantType?: string, [setting: string]: any }} Fault */

const routes = [
  [/^\/\.well-known\//, 'discovery'],
  [/^\/jwks$/, 'jwks'],
  [/^\/auth(\/|$)/, 'authorization'],
  [/^\/token$/, 'token'],
  [/^\/token\/revocation$/, 'revocation'],
  [/^\/token\/introspection$/, 'introspection'],
  [/^\/me$/, 'userinfo'],
  [/^\/device\/auth$/, 'device_authorization'],
  [/^\/api\//, 'api'],
];

/** The name under which an endpoint is counted and spoiled. @param {string} path */
export function endpointOf(path) {
  return /** @type {string} */ (routes.find(([pattern]) => /** @type {RegExp} */ (pattern).test(path))?.[1] ?? 'pages');
}

export function createFaultPlane() {
  /** @type {Map<string, Fault>} */
  const faults = new Map();
  return {
    /** Replaces the fault of an endpoint. @param {string} endpoint @param {Fault} fault */
    set(endpoint, fault) {
      if (fault.mode === 'none') faults.delete(endpoint);
      else if (fault.mode in beforeTheServer || fault.mode in aroundTheServer) faults.set(endpoint, { ...fault });
      else throw new Error(`There is no fault mode "${fault.mode}".`);
    },
    /** The fault for this request, used up by it. @param {string} endpoint @param {string | null} grantType */
    take(endpoint, grantType) {
      const fault = faults.get(endpoint);
      if (!fault || (fault.grantType !== undefined && fault.grantType !== grantType)) return undefined;
      if (fault.times !== undefined && --fault.times <= 0) faults.delete(endpoint);
      return fault;
    },
  };
}

/**
 * Answers in place of the server, or lets `serve` answer and spoils that.
 *
 * @param {Fault} fault
 * @param {Request} request
 * @param {Response} response
 * @param {() => Promise<void>} serve
 */
export async function spoil(fault, request, response, serve) {
  const instead = beforeTheServer[fault.mode];
  if (instead && !(fault.mode === 'drip' && fault.executed)) return instead(response, fault);
  const around = aroundTheServer[fault.mode] ?? aroundTheServer['dripping answer'];
  await around?.(request, response, fault, serve);
}

/** @type {Record<string, (response: Response, fault: Fault) => void>} The server never learns of the request. */
const beforeTheServer = {
  'status-500': (response) =>
    void response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error'),
  'status-503': (response, fault) => unavailable(response, 503, fault),
  'status-429': (response, fault) => unavailable(response, 429, fault),
  reset: (response) => void response.socket?.resetAndDestroy(),
  timeout: () => {},
  garbage: (response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(Buffer.from('{"access_token":\xff\x00 oops', 'latin1')),
  html: (response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Please sign in</title>'),
  error: (response, fault) => sendJson(response, fault.status ?? 400, { error: fault.error ?? 'invalid_grant' }),
  'error-in-200': (response, fault) => sendJson(response, 200, { error: fault.error ?? 'temporarily_unavailable' }),
  drip: (response, fault) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    dripOut(response, Buffer.from(`{"access_token":"${'x'.repeat(60)}`), fault.delayMs ?? 1000, () =>
      response.destroy(),
    );
  },
  huge: (response, fault) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":"');
    pour(response, fault.bytes ?? 512 * 1024 * 1024);
  },
};

/** @type {Record<string, (request: Request, response: Response, fault: Fault, serve: () => Promise<void>) => Promise<void>>} */
const aroundTheServer = {
  'lost-answer': async (_request, response, _fault, serve) => {
    holdAnswer(response, () => response.socket?.resetAndDestroy());
    await serve();
  },
  slow: async (_request, response, fault, serve) => {
    holdAnswer(response, (send, body) => {
      const timer = setTimeout(() => send(body), fault.delayMs ?? 12_000);
      response.on('close', () => clearTimeout(timer));
    });
    await serve();
  },
  'dripping answer': async (_request, response, fault, serve) => {
    holdAnswer(response, (send, body) => {
      response.setHeader('content-length', body.length);
      dripOut(response, body, fault.delayMs ?? 1000, () => send());
    });
    await serve();
  },
  'no-expires-in': (_request, response, _fault, serve) =>
    rewriting(response, serve, (answer) => without(answer, 'expires_in')),
  'expires-in-zero': (_request, response, _fault, serve) =>
    rewriting(response, serve, (answer) => ({ ...answer, expires_in: 0 })),
  // The old refresh token has to stay good, or its next use would count as a reuse.
  'no-refresh-token': async (request, response, _fault, serve) => {
    request.marks = { noRotation: true, noRefreshToken: true };
    await rewriting(response, serve, (answer) => without(answer, 'refresh_token'));
  },
  'lifetime-60': async (request, _response, fault, serve) => {
    request.marks = { lifetimeSeconds: fault.lifetimeSeconds ?? 60 };
    await serve();
  },
  'wrong-iss': (_request, response, fault, serve) =>
    redirecting(response, serve, (query) => query.set('iss', fault.issuer ?? 'https://other.example.test')),
  'missing-iss': (_request, response, _fault, serve) => redirecting(response, serve, (query) => query.delete('iss')),
};

/** @param {Response} response @param {number} status @param {Fault} fault */
function unavailable(response, status, fault) {
  response.setHeader('retry-after', String(fault.retryAfter ?? 1));
  response.writeHead(status, { 'content-type': 'text/plain' }).end('Try again later.');
}

/** @param {Response} response @param {number} status @param {unknown} body */
export function sendJson(response, status, body) {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}

/**
 * Holds the answer of the server back and gives it to `release`.
 *
 * @param {Response} response
 * @param {(send: (body?: Buffer) => void, body: Buffer) => void} release
 */
export function holdAnswer(response, release) {
  const end = response.end.bind(response);
  // The provider writes its answer with one `end(body)`.
  response.end = /** @type {any} */ (
    (/** @type {any} */ body) => {
      response.end = /** @type {any} */ (end);
      release((sent) => void end(sent), Buffer.from(body ?? ''));
      return response;
    }
  );
}

/**
 * Lets the server answer and changes a successful JSON answer on its way out.
 *
 * @param {Response} response
 * @param {() => Promise<void>} serve
 * @param {(answer: any) => any} change
 */
export async function rewriting(response, serve, change) {
  holdAnswer(response, (send, body) => {
    const isJson = String(response.getHeader('content-type') ?? '').includes('json');
    if (!isJson || response.statusCode >= 300) return send(body);
    const changed = Buffer.from(JSON.stringify(change(JSON.parse(body.toString('utf8')))));
    response.setHeader('content-length', changed.length);
    send(changed);
  });
  await serve();
}

/**
 * Changes the query of the redirect that carries the authorization response.
 *
 * @param {Response} response
 * @param {() => Promise<void>} serve
 * @param {(query: URLSearchParams) => void} change
 */
export async function redirecting(response, serve, change) {
  holdAnswer(response, (send, body) => {
    const location = String(response.getHeader('location') ?? '');
    if (!/[?&]iss=/.test(location)) return send(body);
    const url = new URL(location);
    change(url.searchParams);
    response.setHeader('location', url.href);
    // The body repeats the link.
    response.removeHeader('content-length');
    send();
  });
  await serve();
}

/** The answer without one of its members. @param {Record<string, unknown>} answer @param {string} name */
export function without(answer, name) {
  return Object.fromEntries(Object.entries(answer).filter(([member]) => member !== name));
}

/** @param {Response} response @param {Buffer} bytes @param {number} delayMs @param {() => void} done */
function dripOut(response, bytes, delayMs, done) {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent < bytes.length) return;
    clearInterval(timer);
    done();
  }, delayMs);
  response.on('close', () => clearInterval(timer));
}

/** @param {Response} response @param {number} bytes */
function pour(response, bytes) {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let left = bytes;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', more);
    }
    if (!response.destroyed) response.end('"}');
  };
  more();
}
