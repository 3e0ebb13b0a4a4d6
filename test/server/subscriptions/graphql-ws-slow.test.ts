import { describe, expect, it } from '@jest/globals';
import { createConnection } from 'node:net';
import { feedingGraph, type Fed } from '../../support/feeding-graph.ts';
import { runServer } from '../../support/running-server.ts';
import { connectSocket, openSocket, subscribeMessage } from '../../support/socket-client.ts';
import { until } from '../../support/until.ts';

const text = 'x'.repeat(16 * 1024);

/** So long that a sign of life is answered on a busy machine too: whoever gives none is cut, with 1006. */
const keepAliveMs = 1_000;

describe('a client that does not read', () => {
  it('is sent nothing more than a little, and goes on where it stopped once it reads', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    client.socket.pause();
    const sent = fill(fed);
    expect(sent).toBeGreaterThan(1);
    expect(fed.send(text)).toBe(false);
    expect(fed.resumed).toBe(0);
    client.socket.resume();
    await until(() => fed.resumed > 0);
    fed.send('after');
    for (let index = 0; index < sent + 1; index += 1) await client.next();
    expect((await client.next()).payload.data).toEqual({ renamed: 'after' });
  });

  it('holds up no other', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const [stalled, quick] = [await connectSocket(url), await connectSocket(url)];
    stalled.send(subscribeMessage('a'));
    const slow = await graph.started(1);
    quick.send(subscribeMessage('b'));
    const other = await graph.started(2);
    stalled.socket.pause();
    fill(slow);
    for (let index = 0; index < 50; index += 1) {
      other.send(text);
      expect((await quick.next()).id).toBe('b');
    }
  });

  it('is sent nothing by any of its operations while one has filled its socket, then by each in turn', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    for (let index = 0; index < 100; index += 1) client.send(subscribeMessage(`a${index}`));
    await graph.started(100);
    client.socket.pause();
    const sent = fill(graph.fed[0]!);
    expect(graph.fed.filter(({ sink }) => sink.canTake?.())).toEqual([]);
    const turns: Fed[] = [];
    for (const fed of graph.fed) {
      fed.onResume = () => {
        delete fed.onResume;
        turns.push(fed);
        // All together they are twenty times as much as may wait.
        fed.send('x'.repeat(200_000));
      };
    }
    client.socket.resume();
    // It is not closed: that would fail here.
    for (let index = 0; index < sent + 100; index += 1) await client.next();
    expect(new Set(turns).size).toBe(100);
  });

  it('is closed with 1013 when too much waits for it, and costs no more than that', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    for (let index = 0; index < 100; index += 1) client.send(subscribeMessage(`a${index}`));
    await graph.started(100);
    client.socket.pause();
    fill(graph.fed[0]!);
    // Feeds that do not listen to `false`.
    let sent = 0;
    while (graph.fed.some(({ isStopped }) => !isStopped)) {
      for (const fed of graph.fed) fed.send(text);
      sent += 100;
      expect(sent).toBeLessThan(1_000);
    }
    expect(graph.fed.every((fed) => fed.isStopped)).toBe(true);
    client.socket.resume();
    expect(await client.closed).toEqual({ code: 1013, reason: 'The client reads too slowly' });
  });

  it('is closed with 1013 when it has not read for long', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph, { subscriptions: { stuckMs: 100, closeGraceMs: 60_000, keepAliveMs } });
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    client.socket.pause();
    fill(fed);
    await until(() => fed.isStopped);
    client.socket.resume();
    expect((await client.closed).code).toBe(1013);
  });

  it('is cut when it is closed and reads not even that', async () => {
    const graph = feedingGraph();
    const { url, app } = await runServer(graph, { subscriptions: { stuckMs: 50, closeGraceMs: 50, keepAliveMs } });
    const [idle, stalled] = [await connectSocket(url), await connectSocket(url)];
    stalled.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    stalled.socket.pause();
    fill(fed);
    const connections = () => new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
    await until(async () => (await connections()) === 1);
    idle.send({ type: 'ping' });
    expect((await idle.next()).type).toBe('pong');
  });

  it('cannot fill the memory by asking: pongs, pings and errors are bounded too', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const { socket, closed } = await rawSocket(url);
    socket.pause();
    const large = JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(500_000) } });
    const ended = new AbortController();
    void closed.then(() => ended.abort());
    for (let index = 0; index < 100 && !ended.signal.aborted; index += 1) {
      await new Promise<void>((resolve) => socket.write(maskedText(large), () => resolve()));
    }
    socket.resume();
    await closed;
    expect(ended.signal.aborted).toBe(true);
  });
});

describe('signs of life', () => {
  it('are asked of each socket, and one that gives none is cut', async () => {
    const { url } = await runServer(feedingGraph(), { subscriptions: { keepAliveMs } });
    const alive = await connectSocket(url);
    let pings = 0;
    alive.socket.on('ping', () => (pings += 1));
    const dead = await openSocket(url, { autoPong: false });
    dead.send({ type: 'connection_init' });
    expect((await dead.closed).code).toBe(1006);
    await until(() => pings >= 3);
    alive.send({ type: 'ping', payload: { at: 1 } });
    expect(await alive.next()).toEqual({ type: 'pong', payload: { at: 1 } });
  });

  it('are read before anybody is judged by them, where the process was frozen meanwhile', async () => {
    const { url } = await runServer(feedingGraph(), { subscriptions: { keepAliveMs: 200 } });
    const client = await connectSocket(url);
    const pinged = new Promise<void>((resolve) => {
      client.socket.once('ping', () => {
        // Its pong is on the way, and nothing of this process runs.
        for (const until = performance.now() + 600; performance.now() < until;);
        resolve();
      });
    });
    await pinged;
    await new Promise<void>((resolve) => client.socket.once('ping', () => resolve()));
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('are given to who asks, in both ways', async () => {
    const { url } = await runServer(feedingGraph());
    const client = await openSocket(url);
    const ponged = new Promise((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
    client.socket.ping('hello');
    expect(await ponged).toBe('hello');
    client.send({ type: 'ping' });
    expect(await client.next()).toEqual({ type: 'pong' });
  });
});

/** Sends until the sink takes no more; gives how many it took. */
function fill(fed: Fed): number {
  for (let sent = 1; sent < 10_000; sent += 1) if (!fed.send(text)) return sent;
  throw new Error('The sink takes whatever comes.');
}

/** A connection that was upgraded, without a WebSocket on it. */
async function rawSocket(url: string) {
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.write(
    'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('data', resolve));
  return { socket, closed };
}

/** A frame as clients send it: masked, here with zeros. */
function maskedText(message: string): Buffer {
  const payload = Buffer.from(message);
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0x80 | 127;
  head.writeUIntBE(payload.length, 4, 6);
  return Buffer.concat([head, payload]);
}
