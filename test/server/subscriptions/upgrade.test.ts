import { describe, expect, it } from '@jest/globals';
import { createConnection } from 'node:net';
import { feedingGraph } from '../../support/feeding-graph.ts';
import { runServer } from '../../support/running-server.ts';
import { connectSocket, openSocket, subscribeMessage } from '../../support/socket-client.ts';
import { until } from '../../support/until.ts';

describe('a request for a WebSocket', () => {
  it('is answered at /graphql only', async () => {
    const { url } = await runServer(feedingGraph());
    for (const path of ['/', '/graphql/stream', '/graphql2', '/subgraphs']) {
      expect(await upgrade(url, { path })).toMatch(/^HTTP\/1.1 404 [^]*"code":"ROUTE_NOT_FOUND"/);
    }
    expect(await upgrade(url, { path: '/graphql?x=1' })).toMatch(/^HTTP\/1.1 101 /);
  });

  it.each([
    ['http://evil.example', 403],
    ['null', 403],
    ['not an origin', 403],
    ['http://localhost:1', 403],
    ['http://localhost', 403],
    ['https://app.example', 101],
    ['https://app.example:8443', 403],
    ['http://app.example', 403],
  ])('from a page of %s gets %i', async (origin, status) => {
    const { url } = await runServer(feedingGraph(), { subscriptions: { allowedOrigins: ['https://app.example'] } });
    const answer = await upgrade(url, { headers: [`Origin: ${origin}`] });
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    if (status === 403) expect(answer).toContain('"code":"ORIGIN_REFUSED"');
    const older = await upgrade(url, { headers: [`Sec-WebSocket-Origin: ${origin}`] });
    expect(older.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
  });

  it('comes from our own page, from the page at the base URL, and from programs', async () => {
    const { url } = await runServer(feedingGraph(), { baseUrl: 'https://api.example/gateway' });
    expect(await upgrade(url, { headers: [`Origin: ${url}`] })).toMatch(/^HTTP\/1.1 101 /);
    expect(await upgrade(url, { headers: ['Origin: https://api.example'] })).toMatch(/^HTTP\/1.1 101 /);
    expect(await upgrade(url)).toMatch(/^HTTP\/1.1 101 /);
  });

  it('under a foreign host name is refused like every other', async () => {
    const { url } = await runServer(feedingGraph());
    const answer = await upgrade(url, { host: 'evil.example', headers: ['Origin: http://evil.example'] });
    expect(answer).toMatch(/^HTTP\/1.1 421 [^]*"code":"HOST_NOT_ALLOWED"/);
  });

  it('that is none is refused', async () => {
    const { url } = await runServer(feedingGraph());
    expect(await upgrade(url, { key: 'short' })).toMatch(/^HTTP\/1.1 400 /);
    expect(await upgrade(url, { version: '7' })).toMatch(/^HTTP\/1.1 400 [^]*Sec-WebSocket-Version: 13/);
  });

  it('survives a client that is gone at once', async () => {
    const graph = feedingGraph();
    const { url, ask } = await runServer(graph);
    for (let index = 0; index < 20; index += 1) {
      const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(request({ path: index % 2 === 0 ? '/graphql' : '/nothing' }));
      socket.resetAndDestroy();
    }
    expect((await ask('{ greeting }')).status).toBe(200);
  });
});

describe('an offer of another protocol', () => {
  it('is declined by answering the request, as of clients that offer HTTP/2 first', async () => {
    const { url } = await runServer(feedingGraph());
    const body = '{"query":"{ greeting }"}';
    const answer = await exchange(
      url,
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n' +
        `HTTP2-Settings: AAEAAEAAAAIAAAAA\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
        'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 [^]*\{"data":\{"greeting":"Hello you"\}\}HTTP\/1.1 200 /);
  });
});

describe('a stop of the gateway', () => {
  it('closes sockets with 1001 at once, and takes no more', async () => {
    const graph = feedingGraph();
    const server = await runServer(graph, { stopTimeoutMs: 60_000 });
    const [idle, subscribed, silent] = [
      await connectSocket(server.url),
      await connectSocket(server.url),
      await openSocket(server.url),
    ];
    subscribed.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    await server.close();
    for (const client of [idle, subscribed, silent]) {
      expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    }
    expect([fed.isStopped, fed.send('late'), subscribed.messages.length]).toEqual([true, false, 1]);
  });

  it('answers a mutation under way first, and begins nothing new on its socket', async () => {
    let finish!: (value: string) => void;
    const graph = feedingGraph({ slow: () => new Promise((resolve) => (finish = resolve)) });
    const server = await runServer(graph, { stopTimeoutMs: 60_000 });
    const client = await connectSocket(server.url);
    client.send(subscribeMessage('s'));
    const fed = await graph.started(1);
    client.send(subscribeMessage('q', '{ slow }'));
    await until(() => graph.executed.length > 0);
    const closed = server.close();
    await until(() => fed.isStopped);
    client.send(subscribeMessage('late', '{ greeting }'));
    expect(await client.next()).toMatchObject({
      id: 'late',
      type: 'error',
      payload: [{ extensions: { code: 'NOT_READY' } }],
    });
    finish('done');
    expect(await client.next()).toEqual({ id: 'q', type: 'next', payload: { data: { slow: 'done' } } });
    expect((await client.closed).code).toBe(1001);
    await closed;
  });

  it('waits for no socket whose client does not say goodbye', async () => {
    const graph = feedingGraph();
    const server = await runServer(graph, { stopTimeoutMs: 60_000, subscriptions: { closeGraceMs: 50 } });
    const client = await connectSocket(server.url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    client.socket.pause();
    for (let index = 0; index < 10_000 && fed.send('x'.repeat(16_384)); index += 1);
    await server.close();
    expect(fed.isStopped).toBe(true);
  });

  it('cuts what is not answered in time', async () => {
    const graph = feedingGraph({ slow: () => new Promise(() => {}) });
    const server = await runServer(graph, { stopTimeoutMs: 100 });
    const client = await connectSocket(server.url);
    client.send(subscribeMessage('q', '{ slow }'));
    await until(() => graph.executed.length > 0);
    await server.close();
    expect((await client.closed).code).toBe(1006);
    expect(graph.executed[0]!.context.signal.aborted).toBe(true);
  });
});

interface Upgrade {
  readonly path?: string;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly key?: string;
  readonly version?: string;
}

function request({ path = '/graphql', host = 'localhost', headers = [], key, version = '13' }: Upgrade): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${version}`,
    `Sec-WebSocket-Key: ${key ?? 'dGhlIHNhbXBsZSBub25jZQ=='}`,
    'Sec-WebSocket-Protocol: graphql-transport-ws',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The head of the answer, and its body unless the connection is upgraded. */
async function upgrade(url: string, given: Upgrade = {}): Promise<string> {
  const { host = new URL(url).host } = given;
  return exchange(url, request({ ...given, host }), 'HTTP/1.1 101 ');
}

/** Sends bytes and gives what comes until the server closes, or until it has answered so. */
async function exchange(url: string, bytes: string, enough?: string): Promise<string> {
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (enough !== undefined && answer.startsWith(enough)) resolve();
    });
    socket.once('close', () => resolve());
    socket.once('error', reject);
    socket.write(bytes);
  });
  socket.destroy();
  return answer;
}
