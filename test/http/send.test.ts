import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createCallBudget } from '../../src/http/budget.ts';
import { GatewayError, InputError } from '../../src/errors.ts';
import { createSender } from '../../src/http/send.ts';
import type { Sender, SenderOptions, SentEvent } from '../../src/http/send.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import type { FakeProvider, FakeProviderOptions, Handler, Routes } from '../support/fake-provider.ts';
import { loopbackCertificate } from '../support/loopback-certificate.ts';
import { callContext, errorOf, outgoing, writing } from '../support/sending.ts';

/** Fast repetitions, so that no test waits for them. */
const quick: SenderOptions = { retries: { baseDelayMs: 1, maxDelayMs: 2 } };
const providers: FakeProvider[] = [];
const servers: Server[] = [];
let sender: Sender;

async function start(script: Handler | Routes, options: SenderOptions = {}, how: FakeProviderOptions = {}) {
  const provider = await startFakeProvider(script, how);
  providers.push(provider);
  sender = createSender({ ...quick, allowedPrivateOrigins: providers.map(({ origin }) => origin), ...options });
  return provider;
}

/** A provider below HTTP: does with each connection what it likes. */
async function startRaw(onConnection: (socket: Socket) => void, options: SenderOptions = {}): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sender = createSender({ ...quick, allowedPrivateOrigins: [origin], ...options });
  return origin;
}

afterEach(async () => {
  for (const provider of providers.splice(0)) await provider.close();
  for (const server of servers.splice(0)) server.close();
  await sender.close();
});

describe('send', () => {
  it('gives status, headers, body and URL of the answer', async () => {
    const provider = await start({
      'GET /a': { status: 201, json: { x: 1 }, headers: { 'Set-Cookie': ['a=1', 'b=2'] } },
    });
    const answer = await sender.send(outgoing(`${provider.origin}/a?b=c`), callContext());
    expect(answer.status).toBe(201);
    expect(answer.headers['set-cookie']).toBe('a=1, b=2');
    expect(answer.body.toString()).toBe('{"x":1}');
    expect(answer.url.href).toBe(`${provider.origin}/a?b=c`);
  });

  it.each([
    ['POST', '{"ä":1}', '{"ä":1}'],
    ['PATCH', Buffer.from('bytes'), 'bytes'],
    ['GET', '{"on":"get"}', '{"on":"get"}'],
    ['DELETE', 'x', 'x'],
    ['OPTIONS', undefined, ''],
  ])('sends %s with its body, headers and query as they are', async (method, body, text) => {
    const provider = await start(() => ({ status: 204 }));
    const request = outgoing(`${provider.origin}/p%20a?q=%C3%A4&q=2`, {
      method,
      headers: { 'x-a': 'b' },
      ...(body && { body }),
    });
    expect((await sender.send(request, callContext())).body).toHaveLength(0);
    expect(provider.requests[0]).toMatchObject({ method, url: '/p%20a?q=%C3%A4&q=2', body: text });
    expect(provider.requests[0]!.headers).toMatchObject({
      'x-a': 'b',
      'user-agent': 'plugboard',
      'accept-encoding': 'gzip, deflate, br',
    });
  });

  it('gives an answer of any status, HTML of a 404 included', async () => {
    const provider = await start({
      'GET /': { status: 404, body: '<h1>no</h1>', headers: { 'content-type': 'text/html' } },
    });
    const answer = await sender.send(outgoing(`${provider.origin}/`), callContext());
    expect([answer.status, answer.body.toString()]).toEqual([404, '<h1>no</h1>']);
  });

  it('gives the headers of a HEAD, whatever size they announce', async () => {
    const provider = await start((_request, response) => {
      response.writeHead(200, { 'content-length': '999999999', 'content-encoding': 'gzip' }).end();
    });
    const answer = await sender.send(outgoing(provider.origin, { method: 'HEAD' }), callContext());
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '999999999', 0]);
  });

  it('waits for the answer behind early hints', async () => {
    const provider = await start((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      return { json: 1 };
    });
    expect((await sender.send(outgoing(provider.origin), callContext())).status).toBe(200);
  });

  it('uses connections again for requests that follow each other', async () => {
    const provider = await start({ '/': { json: 1 } });
    for (let index = 0; index < 5; index++) await sender.send(outgoing(provider.origin), callContext());
    // undici looks at a connection for one turn of the event loop before it uses it again, and opens a second meanwhile.
    expect(provider.openSockets()).toBeLessThanOrEqual(2);
  });

  it('closes pools beyond the limit, and sends through new ones afterwards', async () => {
    const first = await start({ '/': { json: 1 } });
    const second = await start({ '/': { json: 2 } }, { maxPools: 1 });
    await sender.send(outgoing(first.origin), callContext());
    await sender.send(outgoing(second.origin), callContext());
    await first.socketsLeft(0);
    expect((await sender.send(outgoing(first.origin), callContext())).body.toString()).toBe('1');
  });

  it('refuses requests after it was closed', async () => {
    const provider = await start({ '/': { json: 1 } });
    await sender.close();
    expect(await errorOf(sender.send(outgoing(provider.origin), callContext()))).toMatchObject({
      code: 'REQUEST_CANCELLED',
      message: `The request to sample at ${provider.origin} was stopped: the gateway is stopping.`,
    });
    expect(provider.requests).toHaveLength(0);
  });

  it('tells the observer what went out, without any value that could be secret', async () => {
    const events: SentEvent[] = [];
    const provider = await start(
      { '/a': [{ status: 503 }, { json: 12 }], '/b': { body: '' } },
      { observe: (event) => events.push(event) },
    );
    const request = outgoing(`${provider.origin}/a?api_token=SECRET`, { headers: { authorization: 'SECRET' } });
    await sender.send(request, callContext({ connection: 'c1' }));
    await errorOf(sender.send(outgoing('https://10.0.0.1/b'), callContext()));
    expect(events).toEqual([
      {
        connector: 'sample',
        connection: 'c1',
        method: 'GET',
        url: `${provider.origin}/a?…`,
        status: 200,
        durationMs: expect.any(Number),
        repeats: 1,
        bytes: 2,
      },
      expect.objectContaining({ url: 'https://10.0.0.1/b', status: 0, code: 'ADDRESS_REFUSED' }),
    ]);
    expect(JSON.stringify(events)).not.toContain('SECRET');
  });
});

describe('send, where it may go', () => {
  it('refuses a private address that nobody allowed, and sends nothing', async () => {
    const provider = await start({}, { allowedPrivateOrigins: [], allowHttp: true });
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext()));
    expect(error.code).toBe('ADDRESS_REFUSED');
    expect(error.message).toBe(
      `sample may not be asked at ${provider.origin}: its port is not the usual one of its scheme. Nothing was sent there. ` +
        'An operator who trusts this origin names it in allowedPrivateOrigins.',
    );
    expect(provider.openSockets()).toBe(0);
  });

  it('refuses a public name that resolves to a private address when it is dialled (DNS rebinding)', async () => {
    const provider = await start({ '/': { json: 1 } });
    await sender.close();
    const { port } = new URL(provider.origin);
    const origin = `http://rebinding.example.com:${port}`;
    sender = createSender({
      ...quick,
      allowHttp: true,
      resolveName: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    const error = await errorOf(sender.send(outgoing(origin, { declaredOrigin: origin }), callContext()));
    expect(error.code).toBe('ADDRESS_REFUSED');
    expect(error.message).toContain(`sample may not be asked at ${origin}: it is not at a public address.`);
    expect(error.message).not.toContain('127.0.0.1');
    expect([provider.requests.length, provider.openSockets()]).toEqual([0, 0]);
  });

  it('takes recorded answers from where they are replayed', async () => {
    const provider = await start({ 'GET /user': { json: { login: 'x' } } });
    await sender.close();
    sender = createSender({ replayedOrigins: { 'https://api.example.com': provider.origin } });
    const answer = await sender.send(outgoing('https://api.example.com/user'), callContext());
    expect(answer.body.toString()).toBe('{"login":"x"}');
    expect(answer.url.href).toBe('https://api.example.com/user');
  });

  it('refuses a certificate that it does not trust, and takes one whose authority it was given', async () => {
    const provider = await start({ '/': { json: 1 } }, {}, { tls: loopbackCertificate });
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext()));
    expect(error.code).toBe('PROVIDER_UNREACHABLE');
    expect(error.message).toContain('no trusted TLS connection could be made (DEPTH_ZERO_SELF_SIGNED_CERT)');
    const trusting = outgoing(provider.origin, { tls: { ca: [loopbackCertificate.certificate] } });
    expect((await sender.send(trusting, callContext())).status).toBe(200);
  });

  it('shows its certificate only for requests that carry it', async () => {
    const provider = await start(
      (_request, response) => ({ json: (response.socket as unknown as { authorized: boolean }).authorized }),
      {},
      { tls: { ...loopbackCertificate, clientAuthority: loopbackCertificate.certificate } },
    );
    const ca = [loopbackCertificate.certificate];
    const withIdentity = outgoing(provider.origin, { tls: { ...loopbackCertificate, ca } });
    expect((await sender.send(withIdentity, callContext())).body.toString()).toBe('true');
    const without = await errorOf(sender.send(outgoing(provider.origin, { tls: { ca } }), callContext()));
    expect(without.code).toBe('PROVIDER_UNREACHABLE');
  });
});

describe('send, redirects', () => {
  it('follows them on the same origin, credentials included', async () => {
    const provider = await start({ '/a': { status: 302, headers: { location: '/b?x=1' } }, '/b': { json: 1 } });
    const request = outgoing(`${provider.origin}/a`, { headers: { authorization: 'Bearer t' } });
    const answer = await sender.send(request, callContext());
    expect(answer.url.href).toBe(`${provider.origin}/b?x=1`);
    expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer t', 'Bearer t']);
  });

  it('refuses another origin by default and sends nothing there', async () => {
    const other = await start({ '/': { json: 1 } });
    const provider = await start({ '/': { status: 302, headers: { location: `${other.origin}/?token=SECRET` } } });
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext()));
    expect(error.code).toBe('PROVIDER_REDIRECT_REFUSED');
    expect(error.message).toBe(
      `sample at ${provider.origin} redirected the request to ${new URL(other.origin).host}, which is another origin than the one that was asked.`,
    );
    expect(error.details).toEqual({ connector: 'sample', http: { status: 302 } });
    expect(other.requests).toHaveLength(0);
  });

  it('takes no credential to another origin, over any number of hops, and back', async () => {
    const other = await start((request) => ({
      status: request.path === '/1' ? 307 : 308,
      headers: { location: request.path === '/1' ? '/2?api_token=SECRET' : `${home.origin}/end?api_token=SECRET` },
    }));
    const home: FakeProvider = await start({
      '/a': { status: 301, headers: { location: `${other.origin}/1?api_token=SECRET&page=1` } },
      '/end': { json: 1 },
    });
    const request = outgoing(`${home.origin}/a?api_token=SECRET`, {
      redirects: 'any-origin',
      body: 'SECRET',
      headers: {
        authorization: 'Bearer SECRET',
        cookie: 'SECRET',
        'x-custom': 'SECRET',
        'x-api-key': 'SECRET',
        accept: 'a/b',
      },
      credentials: { headers: new Set(['x-custom']), params: new Set(['api_token']) },
    });
    expect((await sender.send(request, callContext())).status).toBe(200);
    expect(other.requests).toHaveLength(2);
    expect(home.requests).toHaveLength(2);
    expect(JSON.stringify([other.requests[0], home.requests[1]])).not.toContain('SECRET');
    expect(other.requests[0]).toMatchObject({ url: '/1?page=1', body: '' });
    expect(other.requests[0]!.headers.accept).toBe('a/b');
  });

  it('guards every hop', async () => {
    const other = await startFakeProvider({ '/': { json: 1 } });
    providers.push(other);
    const provider = await start({ '/': { status: 302, headers: { location: other.origin } } }, {});
    await sender.close();
    sender = createSender({ allowedPrivateOrigins: [provider.origin] });
    const error = await errorOf(sender.send(outgoing(provider.origin, { redirects: 'any-origin' }), callContext()));
    expect(error.code).toBe('ADDRESS_REFUSED');
    expect(other.openSockets()).toBe(0);
  });

  it('ends after 5 hops', async () => {
    const provider = await start((request) => ({ status: 302, headers: { location: `${request.path}a` } }));
    const error = await errorOf(sender.send(outgoing(`${provider.origin}/`), callContext()));
    expect(error).toMatchObject({
      code: 'PROVIDER_REDIRECT_REFUSED',
      message: `sample at ${provider.origin} redirected the request more than 5 times.`,
    });
    expect(provider.requests).toHaveLength(6);
  });

  it('gives a 307 to a write back to the caller, and follows 303 with a GET', async () => {
    const provider = await start({
      '/307': { status: 307, headers: { location: '/end' } },
      '/303': { status: 303, headers: { location: '/end' } },
      '/end': { json: 1 },
    });
    expect((await sender.send(writing(`${provider.origin}/307`), callContext())).status).toBe(307);
    expect((await sender.send(writing(`${provider.origin}/303`), callContext())).status).toBe(200);
    expect(provider.requests.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      'POST /307 {"a":1}',
      'POST /303 {"a":1}',
      'GET /end ',
    ]);
  });
});

describe('send, repetitions', () => {
  it.each([502, 503, 504])('repeats a read after %d', async (status) => {
    const provider = await start({ '/': [{ status }, { status }, { json: 1 }] });
    expect((await sender.send(outgoing(provider.origin), callContext())).status).toBe(200);
    expect(provider.requests).toHaveLength(3);
  });

  it('gives the last answer when four tries have failed, HTML or not', async () => {
    const provider = await start({ '/': { status: 502, body: '<html>Bad Gateway</html>' } });
    const answer = await sender.send(outgoing(provider.origin), callContext());
    expect([answer.status, answer.body.toString()]).toEqual([502, '<html>Bad Gateway</html>']);
    expect(provider.requests).toHaveLength(4);
  });

  it.each([400, 401, 403, 404, 408, 409, 425, 429, 500, 501, 505])('does not repeat after %d', async (status) => {
    const provider = await start({ '/': [{ status, headers: { 'retry-after': '0' } }, { json: 1 }] });
    expect((await sender.send(outgoing(provider.origin), callContext())).status).toBe(status);
    expect(provider.requests).toHaveLength(1);
  });

  it.each([502, 503, 504])('never repeats a write after %d', async (status) => {
    const provider = await start({ '/': [{ status }, { json: 1 }] });
    expect((await sender.send(writing(provider.origin), callContext())).status).toBe(status);
    expect(provider.requests).toHaveLength(1);
  });

  it('repeats a write that says it is idempotent, with its body', async () => {
    const provider = await start({ '/': [{ status: 503 }, { json: 1 }] });
    await sender.send(writing(provider.origin, { repeatable: true }), callContext());
    expect(provider.requests.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
  });

  it('waits as long as a 503 asks', async () => {
    const provider = await start({ '/': [{ status: 503, headers: { 'retry-after': '0.05' } }, { json: 1 }] });
    const startedAt = performance.now();
    expect((await sender.send(outgoing(provider.origin), callContext())).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
  });

  it.each(['3600', '99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'gives a 503 that asks for %s back at once',
    async (retryAfter) => {
      const provider = await start({ '/': { status: 503, headers: { 'retry-after': retryAfter } } });
      expect((await sender.send(outgoing(provider.origin), callContext())).status).toBe(503);
      expect(provider.requests).toHaveLength(1);
    },
  );

  it('repeats a read whose connection was cut, before or inside the answer', async () => {
    const provider = await start({
      '/': [
        (_request, response) => void response.socket!.destroy(),
        (_request, response) => {
          response.writeHead(200, { 'content-length': '100' });
          response.write('part', () => response.socket!.destroy());
        },
        (_request, response) => {
          response.write('chunk', () => response.socket!.destroy());
        },
        { json: 1 },
      ],
    });
    expect((await sender.send(outgoing(provider.origin), callContext())).body.toString()).toBe('1');
    expect(provider.requests).toHaveLength(4);
  });

  it('says so when a read is cut every time', async () => {
    const provider = await start((_request, response) => void response.socket!.destroy());
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext({ connection: 'c1' })));
    expect(error.code).toBe('PROVIDER_UNREACHABLE');
    expect(error.message).toBe(
      `sample could not be asked at ${provider.origin}: the connection was cut before the answer was complete.`,
    );
    expect(error.details).toEqual({ connector: 'sample', connection: 'c1' });
    expect(provider.requests).toHaveLength(4);
  });

  it('spends the budget for every repetition and redirect', async () => {
    const provider = await start({
      '/a': [{ status: 503 }, { status: 302, headers: { location: '/b' } }],
      '/b': { json: 1 },
    });
    const budget = createCallBudget();
    await sender.send(outgoing(`${provider.origin}/a`), callContext({ budget }));
    expect(budget.spent).toBe(3);
  });

  it('sends nothing beyond the budget', async () => {
    const provider = await start({ '/': { status: 503 } });
    const budget = createCallBudget({ maxRequests: 2 });
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext({ budget })));
    expect(error).toMatchObject({ code: 'REQUEST_LIMIT_EXCEEDED', details: { connector: 'sample' } });
    expect(provider.requests).toHaveLength(2);
  });
});

describe('send, writes whose answer is lost', () => {
  it.each<[string, Handler]>([
    ['cut before the answer', (_request, response) => void response.socket!.destroy()],
    [
      'cut inside the answer',
      (_request, response) => {
        response.writeHead(201, { 'content-length': '9' });
        response.write('part', () => response.socket!.destroy());
      },
    ],
    ['out of time', () => undefined],
  ])('are of unknown outcome: %s', async (_name, script) => {
    const provider = await start(script, { totalTimeoutMs: 100 });
    const error = await errorOf(sender.send(writing(provider.origin), callContext()));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(error.message).toMatch(
      /^A writing request was sent to sample at http:\/\/127\.0\.0\.1:\d+, and .*\. It may have been carried out: look before you repeat it\.$/,
    );
    expect(provider.requests).toHaveLength(1);
  });

  it('are of unknown outcome too when the page that "see other" names is lost', async () => {
    const provider = await start({
      'POST /': { status: 303, headers: { location: '/done' } },
      'GET /done': (_request, response) => void response.socket!.destroy(),
    });
    expect((await errorOf(sender.send(writing(provider.origin), callContext()))).code).toBe('OUTCOME_UNKNOWN');
    expect(provider.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('are known not to have happened when no connection was made', async () => {
    const provider = await start({});
    await providers.pop()!.close();
    const error = await errorOf(sender.send(writing(provider.origin), callContext()));
    expect(error.code).toBe('PROVIDER_UNREACHABLE');
    expect(error.message).toBe(`sample could not be asked at ${provider.origin}: the connection was refused.`);
  });

  it('keep the status that came before an answer that is too large', async () => {
    const provider = await start({ '/': { status: 201, body: 'x'.repeat(2000) } }, { maxAnswerBytes: 1000 });
    expect(await errorOf(sender.send(writing(provider.origin), callContext()))).toMatchObject({
      code: 'PROVIDER_ANSWER_TOO_LARGE',
      details: { http: { status: 201 } },
    });
  });
});

describe('send, time limits', () => {
  const drip =
    (head: string, drop: string) =>
    (socket: Socket): void => {
      socket.write(head);
      const timer = setInterval(() => socket.write(drop), 10);
      socket.on('close', () => clearInterval(timer));
    };

  it.each([
    ['a body', 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', 'x'],
    ['headers', 'HTTP/1.1 200 OK\r\nx-drip: ', 'x'],
    ['hints', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('end %s that drips, and free its socket', async (_name, head, drop) => {
    let closed: Promise<void> | undefined;
    const origin = await startRaw(
      (socket) => {
        closed = new Promise((resolve) => socket.on('close', () => resolve()));
        drip(head, drop)(socket);
      },
      { totalTimeoutMs: 150 },
    );
    const error = await errorOf(sender.send(outgoing(origin), callContext()));
    expect(error.code).toBe('PROVIDER_TIMEOUT');
    expect(error.message).toBe(`sample was asked at ${origin}, but the answer was not complete within 150 ms.`);
    await closed;
  });

  it('end a wait for the first byte', async () => {
    const provider = await start(() => undefined, { firstByteTimeoutMs: 50 });
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext()));
    expect(error).toMatchObject({
      code: 'PROVIDER_TIMEOUT',
      message: `sample was asked at ${provider.origin}, but the answer did not begin within 50 ms.`,
    });
    expect(provider.requests).toHaveLength(1);
    await provider.socketsLeft(0);
  });

  it('end an answer that pauses', async () => {
    const provider = await start((_request, response) => void response.write('part'), { idleTimeoutMs: 50 });
    const error = await errorOf(sender.send(outgoing(provider.origin), callContext()));
    expect(error).toMatchObject({ code: 'PROVIDER_TIMEOUT', details: { http: { status: 200 } } });
    await provider.socketsLeft(0);
  });

  it('do not begin a repetition that would end too late', async () => {
    const provider = await start(
      { '/': { status: 503 } },
      { totalTimeoutMs: 1000, retries: { baseDelayMs: 5000, maxDelayMs: 5000 } },
    );
    expect((await sender.send(outgoing(provider.origin), callContext())).status).toBe(503);
  });

  it('end a request before the operation that it belongs to ends, unless told otherwise', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const provider = await start({ '/': { json: 1 } });
    await sender.send(outgoing(provider.origin), callContext());
    const limits = timers.mock.calls.map(([, delay]) => delay);
    timers.mockRestore();
    expect(limits).toContain(25_000);
    expect(limits).not.toContain(30_000);
  });

  it('hold over all tries together', async () => {
    const provider = await start({ '/': [{ status: 503 }, () => undefined] }, { totalTimeoutMs: 100 });
    expect((await errorOf(sender.send(outgoing(provider.origin), callContext()))).code).toBe('PROVIDER_TIMEOUT');
    expect(provider.requests).toHaveLength(2);
  });
});

describe('send, cancellation', () => {
  it('stops a request under way and frees its socket', async () => {
    const provider = await start(() => undefined);
    const client = new AbortController();
    const sending = errorOf(sender.send(outgoing(provider.origin), callContext({ signal: client.signal })));
    await provider.received(1);
    client.abort(new GatewayError('REQUEST_CANCELLED', 'The client has gone.'));
    expect(await sending).toMatchObject({
      code: 'REQUEST_CANCELLED',
      message: `The request to sample at ${provider.origin} was stopped: the client has gone.`,
    });
    await provider.socketsLeft(0);
  });

  it('tells the client that waits that its operation took too long', async () => {
    const provider = await start(() => undefined);
    const client = new AbortController();
    const sending = errorOf(sender.send(outgoing(provider.origin), callContext({ signal: client.signal })));
    await provider.received(1);
    client.abort(operationTimeout());
    const error = await sending;
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({
      code: 'OPERATION_TIMEOUT',
      message: `The request to sample at ${provider.origin} was stopped: the operation took longer than its time limit of 9 ms. Ask for less in one operation.`,
      details: { connector: 'sample' },
    });
  });

  it('tells that a write under way may have been carried out when the operation took too long', async () => {
    const provider = await start(() => undefined);
    const client = new AbortController();
    const sending = errorOf(sender.send(writing(provider.origin), callContext({ signal: client.signal })));
    await provider.received(1);
    client.abort(operationTimeout());
    expect((await sending).code).toBe('OUTCOME_UNKNOWN');
    const late = sender.send(writing(provider.origin), callContext({ signal: client.signal }));
    expect((await errorOf(late)).code).toBe('OPERATION_TIMEOUT');
    expect(provider.requests).toHaveLength(1);
  });

  it('gives each request an error of its own, whatever the reason of the signal', async () => {
    const provider = await start(() => undefined);
    for (const reason of [operationTimeout(), new Error('secret'), undefined]) {
      const client = new AbortController();
      const sendings = [1, 2].map(() =>
        errorOf(sender.send(outgoing(provider.origin), callContext({ signal: client.signal }))),
      );
      client.abort(reason);
      const [one, other] = await Promise.all(sendings);
      expect(one).not.toBe(other);
      expect(one).not.toBe(reason);
      expect(one!.message).not.toContain('secret');
    }
  });

  it('opens no connection in place of the one that it destroyed', async () => {
    let connections = 0;
    const origin = await startRaw((socket) => {
      connections++;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n');
    });
    for (let index = 0; index < 5; index++) await errorOf(sender.send(outgoing(origin), callContext()));
    expect(connections).toBe(5);
  });

  it('sends nothing for a client that has gone before', async () => {
    const provider = await start({ '/': { json: 1 } });
    const context = callContext({ signal: AbortSignal.abort() });
    expect((await errorOf(sender.send(outgoing(provider.origin), context))).code).toBe('REQUEST_CANCELLED');
    expect(provider.requests).toHaveLength(0);
  });

  it('ends the wait for a repetition', async () => {
    const provider = await start({ '/': { status: 503, headers: { 'retry-after': '4' } } });
    const client = new AbortController();
    const sending = errorOf(sender.send(outgoing(provider.origin), callContext({ signal: client.signal })));
    await provider.received(1);
    // The answer is on its way: the request is either in flight or waiting, and has to end in both cases.
    setImmediate(() => client.abort());
    expect((await sending).code).toBe('REQUEST_CANCELLED');
    expect(provider.requests).toHaveLength(1);
  });

  it('stops every request of an operation, those that wait for a connection too', async () => {
    const provider = await start(() => undefined, { connectionsPerOrigin: 2 });
    const client = new AbortController();
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    const sendings = Array.from({ length: 50 }, () =>
      errorOf(sender.send(outgoing(provider.origin), callContext({ signal: client.signal }))),
    );
    await provider.received(2);
    client.abort();
    const codes = (await Promise.all(sendings)).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['REQUEST_CANCELLED']));
    await provider.socketsLeft(0);
    expect(provider.requests).toHaveLength(2);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

function operationTimeout(): InputError {
  const message = 'The operation took longer than its time limit of 9 ms. Ask for less in one operation.';
  return new InputError('OPERATION_TIMEOUT', message);
}

describe('send, what a connector may build', () => {
  it.each([
    ['a\r\nx-admin: 1', 'line break'],
    ['\u560a\u560d', 'outside Latin-1'],
  ])('sends nothing with the header value %j', async (value, what) => {
    const provider = await start({ '/': { json: 1 } });
    const request = outgoing(provider.origin, { headers: { 'x-name': value } });
    const error = await errorOf(sender.send(request, callContext()));
    expect(error.code).toBe('REQUEST_INVALID');
    expect(error.message).toMatch(/^A request to sample cannot be sent: header "x-name" has .*value\.$/);
    expect(error.message).toContain(what);
    expect(provider.openSockets()).toBe(0);
  });

  it('sends nothing with a method that is no token', async () => {
    const provider = await start({ '/': { json: 1 } });
    const error = await errorOf(
      sender.send(outgoing(provider.origin, { method: 'GET / HTTP/1.1\r\nx:' }), callContext()),
    );
    expect(error.code).toBe('REQUEST_INVALID');
    expect(provider.requests).toHaveLength(0);
  });
});
