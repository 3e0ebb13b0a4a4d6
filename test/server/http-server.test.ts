import { describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { changingGraph, fetchJson, runServer } from '../support/running-server.ts';
import { smallGraph } from '../support/small-graph.ts';

describe('the server', () => {
  it('answers unknown paths and methods as JSON with a code, and nothing else', async () => {
    const { url } = await runServer(smallGraph());
    const missing = await fetchJson(`${url}/nothing?token=1`);
    expect([missing.status, missing.body]).toEqual([
      404,
      {
        errors: [
          {
            message: 'Nothing is served here. GraphQL is at /graphql.',
            extensions: { code: 'ROUTE_NOT_FOUND', requestId: missing.headers.get('x-request-id') },
          },
        ],
      },
    ]);
    const deleted = await fetchJson(`${url}/graphql`, { method: 'DELETE' });
    expect([deleted.status, deleted.headers.get('allow'), deleted.body.errors[0].message]).toEqual([
      405,
      'GET, POST',
      'This path takes GET, POST; got DELETE.',
    ]);
    const broken = await fetchJson(`${url}/%ff%zz`);
    expect([broken.status, broken.body.errors[0].message]).toEqual([
      400,
      'The path of the request is not a valid URL path.',
    ]);
  });

  it('answers bytes that are no HTTP, and heads that are too large, as JSON', async () => {
    const { url } = await runServer(smallGraph());
    expect(await sendBytes(url, 'HELO there\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/json[^]*"message":"The request is not valid HTTP."/,
    );
    expect(await sendBytes(url, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [^]*"message":"The head of the request is larger than 16 KiB."/,
    );
  });

  it('shows no fault of a route to the client, only the request id', async () => {
    const server = await runServer(smallGraph(), {
      caller: () => {
        throw new TypeError('Cannot read properties of undefined (reading secret)');
      },
    });
    const answer = await server.ask('{ greeting }');
    const requestId = answer.headers.get('x-request-id');
    expect([answer.status, answer.body]).toEqual([
      500,
      {
        errors: [
          {
            message: `Plugboard failed. The log has the cause under request id ${requestId}.`,
            extensions: { code: 'INTERNAL_ERROR', requestId },
          },
        ],
      },
    ]);
    expect(server.log()).toContain('Cannot read properties of undefined (reading secret)');
  });

  it('takes no request id from outside and gives each request its own', async () => {
    const { ask } = await runServer(smallGraph());
    const first = await ask('{ greeting }', { headers: { 'x-request-id': 'mine', 'request-id': 'mine' } });
    const second = await ask('{ greeting }');
    const ids = [first, second].map(({ headers }) => headers.get('x-request-id'));
    expect(ids).not.toContain('mine');
    expect(new Set(ids).size).toBe(2);
  });

  it('marks every answer as data that no browser may run, sniff or keep', async () => {
    const { ask, url } = await runServer(smallGraph());
    for (const { headers } of [await ask('{ greeting }'), await fetchJson(`${url}/nothing`)]) {
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
    }
  });

  it('believes no X-Forwarded-* header', async () => {
    const { url } = await runServer(smallGraph());
    const answer = await sendBytes(
      url,
      'GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    expect(answer).not.toContain('evil');
  });

  it('refuses a page whose name was made to point at this machine', async () => {
    const graph = smallGraph();
    const { url } = await runServer(graph);
    const body = '{"query":"{greeting}"}';
    const ask = (host: string) =>
      sendBytes(
        url,
        `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    for (const host of [
      'evil.example:4000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '127.0.0.1:1@evil',
      '',
    ]) {
      expect(await ask(host)).toMatch(
        /^HTTP\/1.1 421 [^]*"message":"The gateway is not known by the host name of this request. Set `allowedHosts` to add it.","extensions":\{"code":"HOST_NOT_ALLOWED"/,
      );
    }
    expect(graph.executed).toHaveLength(0);
    for (const host of ['localhost', 'LOCALHOST:4000', '127.0.0.1:80', '[::1]:4000']) {
      expect(await ask(host)).toMatch(/^HTTP\/1.1 200 [^]*\{"data":\{"greeting":"Hello you"\}\}$/);
    }
  });

  it('answers to the host names that it was told', async () => {
    const { url } = await runServer(smallGraph(), { allowedHosts: ['Gateway.example'] });
    const ask = (host: string) => sendBytes(url, `GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await ask('gateway.example:443')).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask('localhost')).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask('other.example')).toMatch(/^HTTP\/1.1 421 /);
  });

  it('says when its address is taken, by what means another is chosen', async () => {
    const first = await runServer(smallGraph());
    const port = Number(new URL(first.url).port);
    await expect(runServer(smallGraph(), { port })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message:
        `ADDRESS_IN_USE: server: cannot listen on 127.0.0.1:${port}: ` +
        'another program uses this address. Stop it, or choose another port with --port (EADDRINUSE).',
    });
  });
});

describe('health', () => {
  it('is alive and not ready before the first graph, then ready', async () => {
    const graphs = changingGraph();
    const { url } = await runServer(graphs);
    expect(await fetchJson(`${url}/healthz`)).toMatchObject({
      status: 200,
      body: { status: 'ok', graph: null, faults: [] },
    });
    expect(await fetchJson(`${url}/readyz`)).toMatchObject({
      status: 503,
      body: { ready: false, reason: 'no graph yet' },
    });
    graphs.publish(smallGraph());
    expect(await fetchJson(`${url}/readyz`)).toMatchObject({ status: 200, body: { ready: true } });
    const loadedAt = graphs.status().loadedAt.toISOString();
    expect((await fetchJson(`${url}/healthz`)).body).toEqual({
      status: 'ok',
      store: 'ok',
      graph: { loadedAt },
      faults: [],
    });
  });

  it('tells the faults of the newest definitions while the last good graph serves', async () => {
    const graphs = changingGraph(smallGraph());
    const development = await runServer(graphs);
    const production = await runServer(graphs, { production: true });
    graphs.fail('expected an object; got a number at /srv/app/x.ts');
    const fault = { code: 'CONNECTOR_INVALID', path: 'github' };
    expect((await fetchJson(`${development.url}/healthz`)).body).toMatchObject({
      status: 'degraded',
      faults: [{ ...fault, message: 'expected an object; got a number at /srv/app/x.ts' }],
    });
    expect((await fetchJson(`${production.url}/healthz`)).body.faults).toEqual([fault]);
    expect((await fetchJson(`${development.url}/readyz`)).status).toBe(200);
    expect((await development.ask('{ greeting }')).body).toEqual({ data: { greeting: 'Hello you' } });
  });

  it('serves the supergraph with an ETag that changes with it', async () => {
    const graphs = changingGraph({ ...smallGraph(), supergraphSdl: () => 'schema @link { query: Query }' });
    const { url } = await runServer(graphs);
    const first = await fetch(`${url}/supergraph.graphql`);
    const etag = first.headers.get('etag') ?? '';
    expect(await first.text()).toBe('schema @link { query: Query }');
    expect(first.headers.get('content-type')).toBe('application/graphql; charset=utf-8');
    const again = await fetch(`${url}/supergraph.graphql`, { headers: { 'if-none-match': `"other", W/${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    graphs.publish({ ...smallGraph(), supergraphSdl: () => 'schema { query: Other }' });
    const changed = await fetch(`${url}/supergraph.graphql`, { headers: { 'if-none-match': etag } });
    expect([changed.status, await changed.text()]).toEqual([200, 'schema { query: Other }']);
  });

  it('shows the supergraph only where introspection is on', async () => {
    const { url } = await runServer(smallGraph(), { production: true });
    const answer = await fetchJson(`${url}/supergraph.graphql`);
    expect([answer.status, answer.body.errors[0].extensions.code, answer.body.errors[0].message]).toEqual([
      404,
      'NOT_SERVED',
      'The supergraph is not shown by this gateway. Set `introspection: true` to serve it.',
    ]);
  });
});

describe('a graceful stop', () => {
  it('answers what is under way, says that it is not ready, and refuses what is new', async () => {
    const entered = withResolvers();
    const release = withResolvers();
    const graph = smallGraph('first', {
      slow: async () => {
        entered.resolve(undefined);
        await release.promise;
        return 'answered';
      },
    });
    const server = await runServer(graph);
    // A connection on which a request is half sent when the stop begins.
    const half = openConnection(server.url);
    await half.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n');
    const other = openConnection(server.url);
    await other.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n',
    );
    const underWay = server.ask('{ slow }');
    await entered.promise;

    const closed = server.close();
    await half.write('\r\n');
    await other.write('\r\n{"query":"{greeting}"}'.slice(0, 22));
    expect(await half.ended).toMatch(/^HTTP\/1.1 503 [^]*connection: close[^]*\{"ready":false,"reason":"stopping"\}$/i);
    expect(await other.ended).toMatch(/^HTTP\/1.1 503 [^]*"message":"The gateway is stopping. Ask again."/);
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');

    release.resolve(undefined);
    const answer = await underWay;
    expect(answer.body).toEqual({ data: { slow: 'answered' } });
    await closed;
  });

  it('does not wait for connections that are kept open without a request', async () => {
    const server = await runServer(smallGraph(), { stopTimeoutMs: 5_000 });
    const agent = new Agent({ keepAlive: true });
    await readThrough(agent, `${server.url}/healthz`);
    const idle = openConnection(server.url);
    await idle.write('');
    await server.close();
    expect(server.log()).not.toContain('did not end in time');
    agent.destroy();
  });

  it('cuts what does not end in time, aborts its signal, and may be called twice', async () => {
    const entered = withResolvers<AbortSignal>();
    const graph = smallGraph('first', {
      slow: (_args, { signal }) => {
        entered.resolve(signal);
        return new Promise(() => {});
      },
    });
    const server = await runServer(graph, { stopTimeoutMs: 20 });
    const cut = expect(server.ask('{ slow }')).rejects.toThrow('fetch failed');
    const signal = await entered.promise;
    await Promise.all([server.close(), server.close()]);
    await cut;
    expect(signal.aborted).toBe(true);
    expect(server.log()).toContain('Answers under way did not end in time; their connections are cut');
  });
});

function withResolvers<Value = unknown>() {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A plain socket to the server; `ended` gives everything that came until it closed. */
function openConnection(url: string) {
  const { port } = new URL(url);
  let answer = '';
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
  return {
    ended,
    write: (bytes: string) => new Promise<void>((resolve) => socket.write(bytes, () => resolve())),
  };
}

async function sendBytes(url: string, bytes: string): Promise<string> {
  const connection = openConnection(url);
  await connection.write(bytes);
  return connection.ended;
}

function readThrough(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent }, (response: IncomingMessage) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end();
  });
}
