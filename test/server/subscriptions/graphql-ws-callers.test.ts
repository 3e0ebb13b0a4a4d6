import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../../src/connection/caller.ts';
import { insecureCaller } from '../../../src/connection/caller.ts';
import { CallerError, GatewayError } from '../../../src/errors.ts';
import { feedingGraph } from '../../support/feeding-graph.ts';
import { runServer } from '../../support/running-server.ts';
import { connectSocket, openSocket, subscribeMessage } from '../../support/socket-client.ts';
import { until } from '../../support/until.ts';

describe('who opens a socket', () => {
  it('is asked by the headers of the upgrade, or by what connection_init says, which counts more', async () => {
    const graph = feedingGraph();
    const desk = callerDesk();
    const { url } = await runServer(graph, { caller: desk.caller });
    const clients = [
      await connectSocket(url, undefined, { headers: { authorization: 'Bearer good-1' } }),
      await connectSocket(url, { authorization: 'Bearer good-2' }),
      await connectSocket(
        url,
        { Authorization: 'Bearer good-3', 'X-External-Subject-Id': 'eve', cookie: 'x' },
        { headers: { authorization: 'Bearer bad', cookie: 'y', 'x-other': 'z' } },
      ),
    ];
    for (const [index, client] of clients.entries()) {
      client.send(subscribeMessage('a'));
      await graph.started(index + 1);
    }
    expect(graph.fed.map(({ operation }) => operation.context.caller.subject)).toEqual(['good-1', 'good-2', 'eve']);
    expect(desk.asked[2]).toEqual({ authorization: 'Bearer good-3', 'x-external-subject-id': 'eve' });
  });

  it('is refused with 4403 without credentials that are accepted, and told nothing more', async () => {
    const { url } = await runServer(feedingGraph(), { caller: callerDesk().caller });
    for (const payload of [
      undefined,
      { authorization: 'Bearer bad' },
      { authorization: 7 },
      { authorization: ['Bearer good'] },
    ]) {
      const client = await openSocket(url);
      client.send({ type: 'connection_init', ...(payload && { payload }) });
      expect(await client.closed).toEqual({ code: 4403, reason: 'Forbidden' });
      expect(client.messages).toEqual([]);
    }
  });

  it('is asked to come again, not refused, when nobody can be asked', async () => {
    const caller = () => {
      throw new GatewayError('STORE_UNAVAILABLE', 'The store cannot be read.');
    };
    const { url } = await runServer(feedingGraph(), { caller });
    const client = await openSocket(url);
    client.send({ type: 'connection_init' });
    expect(await client.closed).toEqual({ code: 1013, reason: 'Try again later' });
  });

  it('has so many sockets at once, other subjects have their own', async () => {
    const { url } = await runServer(feedingGraph(), { subscriptions: { maxSocketsPerSubject: 2 } });
    const ada = { 'x-external-subject-id': 'ada' };
    const first = await connectSocket(url, ada);
    await connectSocket(url, ada);
    const third = await openSocket(url);
    third.send({ type: 'connection_init', payload: ada });
    expect(await third.closed).toEqual({ code: 4429, reason: 'Too many sockets for this subject' });
    await connectSocket(url, { 'x-external-subject-id': 'bob' });
    first.socket.close();
    await first.closed;
    await connectSocket(url, ada);
  });
});

describe('credentials that end while a socket is open', () => {
  const settings = { recheckMs: 20 };

  it('close it with 4403 when they expire, and its subscriptions end', async () => {
    const graph = feedingGraph();
    const desk = callerDesk();
    const { url } = await runServer(graph, { caller: desk.caller, subscriptions: settings });
    desk.expiresAt = Date.now() + 500;
    const client = await connectSocket(url, { authorization: 'Bearer good' });
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    expect(fed.send('while it lasts')).toBe(true);
    expect(await client.closed).toEqual({ code: 4403, reason: 'Forbidden' });
    expect(Date.now()).toBeGreaterThanOrEqual(desk.expiresAt);
    expect([fed.isStopped, fed.send('after')]).toEqual([true, false]);
    expect(client.messages).toHaveLength(2);
  });

  it('close it with 4403 when they are revoked', async () => {
    const desk = callerDesk();
    const { url } = await runServer(feedingGraph(), { caller: desk.caller, subscriptions: settings });
    const revoked = await connectSocket(url, { authorization: 'Bearer good-1' });
    const kept = await connectSocket(url, { authorization: 'Bearer good-2' });
    desk.revoked.add('good-1');
    expect(await revoked.closed).toEqual({ code: 4403, reason: 'Forbidden' });
    kept.send({ type: 'ping' });
    expect((await kept.next()).type).toBe('pong');
  });

  it('close it when they stand for fewer scopes than they did', async () => {
    const desk = callerDesk();
    const { url } = await runServer(feedingGraph(), { caller: desk.caller, subscriptions: settings });
    const client = await connectSocket(url, { authorization: 'Bearer good' });
    desk.scopes = ['plugboard.read'];
    expect((await client.closed).code).toBe(4403);
  });

  it('are not taken for revoked when the store does not answer', async () => {
    const desk = callerDesk();
    const { url } = await runServer(feedingGraph(), { caller: desk.caller, subscriptions: settings });
    const client = await connectSocket(url, { authorization: 'Bearer good' });
    desk.isDown = true;
    const asked = desk.asked.length;
    await until(() => desk.asked.length >= asked + 3);
    desk.isDown = false;
    client.send({ type: 'ping' });
    expect((await client.next()).type).toBe('pong');
    desk.revoked.add('good');
    expect((await client.closed).code).toBe(4403);
  });
});

/** Accepts `Bearer good…`; the subject is the token, or the one that is named. */
function callerDesk() {
  const desk = {
    asked: [] as IncomingHttpHeaders[],
    revoked: new Set<string>(),
    expiresAt: undefined as number | undefined,
    scopes: undefined as readonly string[] | undefined,
    isDown: false,
    caller: async (headers: IncomingHttpHeaders): Promise<Caller> => {
      desk.asked.push(headers);
      if (desk.isDown) throw new GatewayError('STORE_UNAVAILABLE', 'The store cannot be read.');
      const token = /^Bearer (good.*)$/.exec(headers.authorization ?? '')?.[1];
      if (token === undefined || desk.revoked.has(token)) throw new CallerError('UNAUTHENTICATED', 'Who are you?');
      return {
        tenant: 'acme',
        subject: (headers['x-external-subject-id'] as string | undefined) ?? token,
        scopes: desk.scopes ? new Set(desk.scopes) : insecureCaller.scopes,
        ...(desk.expiresAt !== undefined && { expiresAt: desk.expiresAt }),
      };
    },
  };
  return desk;
}
