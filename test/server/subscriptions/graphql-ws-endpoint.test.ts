import { describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws/client';
import { WebSocket } from 'ws';
import { codedError, feedingGraph } from '../../support/feeding-graph.ts';
import { changingGraph, runServer } from '../../support/running-server.ts';
import { connectSocket, openSocket, subscribeMessage } from '../../support/socket-client.ts';
import { until } from '../../support/until.ts';

describe('GraphQL over WebSocket', () => {
  it('sends each event of a subscription, then complete', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    fed.send('two', 'c2');
    expect(await client.next()).toEqual({
      id: 'a',
      type: 'next',
      payload: { data: { renamed: 'one' }, extensions: { cursor: 'c1' } },
    });
    expect((await client.next()).payload.data).toEqual({ renamed: 'two' });
    fed.sink.end();
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' });
  });

  it('answers queries and mutations once, each under its own id', async () => {
    const { url } = await runServer(feedingGraph());
    const client = await connectSocket(url);
    client.send(subscribeMessage('q', 'query Q($name: String) { greeting(name: $name) }', { name: 'Ada' }));
    client.send(subscribeMessage('m', 'mutation { rename(name: "x") }'));
    const answers = [await client.next(), await client.next(), await client.next(), await client.next()];
    expect(answers.filter(({ id }) => id === 'q')).toEqual([
      { id: 'q', type: 'next', payload: { data: { greeting: 'Hello Ada' } } },
      { id: 'q', type: 'complete' },
    ]);
    expect(answers.filter(({ id }) => id === 'm')).toEqual([
      { id: 'm', type: 'next', payload: { data: { rename: 'x' } } },
      { id: 'm', type: 'complete' },
    ]);
  });

  it('gives fields that fail with their neighbours, and hides what nobody foresaw', async () => {
    const { url, log } = await runServer(feedingGraph());
    const client = await connectSocket(url);
    client.send(subscribeMessage('q', '{ greeting deliberate broken }'));
    const { type, payload } = await client.next();
    expect([type, payload.data]).toEqual(['next', { greeting: 'Hello you', deliberate: null, broken: null }]);
    expect(payload.errors.map(({ path, extensions }: any) => [path[0], extensions.code])).toEqual([
      ['deliberate', 'PROVIDER_NOT_FOUND'],
      ['broken', 'INTERNAL_ERROR'],
    ]);
    expect(JSON.stringify(payload)).not.toContain('hunter2');
    expect(log()).toContain(payload.errors[1].extensions.requestId);
  });

  it.each([
    ['{ greeting', undefined, 'GRAPHQL_PARSE_FAILED', 'Syntax Error: Expected Name, found <EOF>.'],
    [
      'subscription { renamd }',
      undefined,
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "renamd" on type "Subscription". Did you mean "renamed"?',
    ],
    [
      'query A { greeting } query B { greeting }',
      undefined,
      'OPERATION_RESOLUTION_FAILURE',
      'The document has several operations, or none. Send one, or name the one to run as operationName.',
    ],
    [
      `{ ${'item { '.repeat(20)} id ${'}'.repeat(20)} }`,
      undefined,
      'OPERATION_TOO_LARGE',
      'The operation is 21 levels deep; the limit is 15. Ask for the deeper part in a second operation.',
    ],
    [
      `{ ${'greeting '.repeat(2001)} }`,
      undefined,
      'OPERATION_TOO_LARGE',
      'The document has more than 2000 tokens, which is the limit. Split the operation, and send values as variables.',
    ],
  ])('ends the one operation that cannot be run: %.30s', async (query, variables, code, message) => {
    const { url } = await runServer(feedingGraph());
    const client = await connectSocket(url);
    client.send(subscribeMessage('bad', query, variables));
    const failed = await client.next();
    expect([failed.id, failed.type]).toEqual(['bad', 'error']);
    expect(failed.payload[0]).toMatchObject({ message, extensions: { code } });
    client.send(subscribeMessage('bad', '{ greeting }'));
    expect([await client.next(), await client.next()]).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
    expect(client.messages).toHaveLength(4);
  });

  it('says of variables what is wrong with them, as over HTTP', async () => {
    const { url, ask } = await runServer(feedingGraph());
    const client = await connectSocket(url);
    const query = 'query Q($of: Int!) { count(of: $of) }';
    client.send(subscribeMessage('q', query, { of: 'many' }));
    const overHttp = await ask(query, { variables: { of: 'many' } });
    expect((await client.next()).payload).toEqual(overHttp.body);
    expect(overHttp.body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('keeps the schema to itself in production', async () => {
    const { url } = await runServer(feedingGraph(), { production: true });
    const client = await connectSocket(url);
    client.send(subscribeMessage('a', '{ greting }'));
    expect((await client.next()).payload[0].message).toBe('Cannot query field "greting" on type "Query".');
    client.send(subscribeMessage('b', '{ __schema { queryType { name } } }'));
    expect((await client.next()).payload[0].message).toBe(
      'Introspection is off on this gateway. Set `introspection: true` to allow it.',
    );
  });

  it('refuses alone what graphql-js throws at', async () => {
    const { url } = await runServer(feedingGraph());
    const client = await connectSocket(url);
    client.send(subscribeMessage('a', 'subscription ($x: Boolean!) { renamed @include(if: $x) }', { x: true }));
    const refused = await client.next();
    expect([refused.id, refused.type, refused.payload[0].extensions.code]).toEqual([
      'a',
      'error',
      'GRAPHQL_VALIDATION_FAILED',
    ]);
    client.send(subscribeMessage('b', '{ greeting }'));
    expect((await client.next()).payload).toEqual({ data: { greeting: 'Hello you' } });
  });

  it('sends a refused subscription as the result that it is', async () => {
    const graph = feedingGraph();
    graph.refusal = { errors: [codedError('CURSOR_EXPIRED', 'Too old.', { cursor: 'oldest' })] };
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    expect(await client.next()).toEqual({
      id: 'a',
      type: 'next',
      payload: { errors: [{ message: 'Too old.', extensions: { code: 'CURSOR_EXPIRED', cursor: 'oldest' } }] },
    });
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' });
  });

  it('ends with an error message what did not end by itself, and only that', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    client.send(subscribeMessage('b'));
    const [a, b] = [await graph.started(1), await graph.started(2)];
    a.sink.end({ errors: [codedError('LAGGED', 'Too slow.', { cursor: 'c9' })] });
    expect(await client.next()).toEqual({
      id: 'a',
      type: 'error',
      payload: [{ message: 'Too slow.', extensions: { code: 'LAGGED', cursor: 'c9' } }],
    });
    b.send('still', 'c1');
    expect((await client.next()).id).toBe('b');
    expect(client.messages).toHaveLength(3);
  });

  it('hides an executor that fails as a whole, and says so under a request id', async () => {
    const graph = feedingGraph();
    const { url, log } = await runServer({ ...graph, subscribe: () => Promise.reject(new Error('at /srv/secret')) });
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const { type, payload } = await client.next();
    expect([type, payload[0].extensions.code]).toEqual(['error', 'INTERNAL_ERROR']);
    expect(JSON.stringify(payload)).not.toContain('secret');
    expect(log()).toContain(payload[0].extensions.requestId);
  });

  it('gives each subscription who asks, its variables and its own time limit for events', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph, { subscriptions: { eventTimeoutMs: 123 } });
    const client = await connectSocket(url, { 'X-External-Subject-Id': 'ada' });
    client.send(subscribeMessage('a', 'subscription S($of: ID) { renamed(of: $of) }', { of: '7' }));
    const { operation, options } = await graph.started(1);
    expect(operation).toMatchObject({ operationName: null, variables: { of: '7' } });
    expect(operation.context.caller).toMatchObject({ tenant: 'local', subject: 'ada' });
    expect(operation).not.toHaveProperty('after');
    expect(options.eventTimeoutMs).toBe(123);
    expect(options.finish({ errors: [codedError('NOPE', 'secret')] }).errors![0]!.message).toContain(
      'Plugboard failed',
    );
  });

  it('stops a subscription when its client completes it, and takes the id again', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const first = await graph.started(1);
    const { signal } = first.operation.context;
    client.send({ id: 'a', type: 'complete' });
    client.send(subscribeMessage('a'));
    const second = await graph.started(2);
    expect([first.isStopped, signal.aborted, second.isStopped]).toEqual([true, true, false]);
    expect(first.send('late')).toBe(false);
    second.send('now');
    expect((await client.next()).payload.data).toEqual({ renamed: 'now' });
    expect(client.messages).toHaveLength(2);
  });

  it('never starts what is completed before it was accepted', async () => {
    const graph = feedingGraph();
    let open!: () => void;
    graph.gate = new Promise((resolve) => (open = resolve));
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    client.send({ id: 'a', type: 'complete' });
    // Its answer comes after both were read.
    client.send({ type: 'ping' });
    expect(await client.next()).toEqual({ type: 'pong' });
    open();
    client.send(subscribeMessage('b'));
    await graph.started(1);
    expect([graph.discarded, graph.fed.length]).toEqual([1, 1]);
  });

  it('aborts the query that a client no longer waits for', async () => {
    let tellAborted: (reason: unknown) => void;
    const aborted = new Promise((resolve) => (tellAborted = resolve));
    const graph = feedingGraph({
      slow: (_args, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            tellAborted(signal.reason);
            resolve(null);
          });
        }),
    });
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a', '{ slow }'));
    await until(() => graph.executed.length > 0);
    client.socket.close();
    expect(await aborted).toMatchObject({ code: 'REQUEST_CANCELLED' });
  });

  it('stops all subscriptions of a socket that is gone', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    client.send(subscribeMessage('b'));
    await graph.started(2);
    client.socket.terminate();
    await until(() => graph.fed.every(({ isStopped }) => isStopped));
    expect(graph.fed.map(({ isStopped }) => isStopped)).toEqual([true, true]);
  });

  it('goes on when the graph is replaced; new operations meet the new one', async () => {
    const [first, second] = [feedingGraph(), feedingGraph()];
    const graphs = changingGraph(first);
    const { url } = await runServer(graphs);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await first.started(1);
    graphs.publish(second);
    client.send(subscribeMessage('b'));
    await second.started(1);
    fed.send('of the first');
    expect((await client.next()).payload.data).toEqual({ renamed: 'of the first' });
  });

  it('serves the client of graphql-ws', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    const events = client.iterate({ query: 'subscription { renamed }' });
    const pending = events.next();
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    fed.sink.end();
    expect((await pending).value).toEqual({ data: { renamed: 'one' }, extensions: { cursor: 'c1' } });
    expect((await events.next()).done).toBe(true);
    const failing = client.iterate({ query: 'subscription { nothing }' });
    await expect(failing.next()).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    await client.dispose();
  });
});

describe('a socket that breaks the protocol', () => {
  it('is closed with 4406 when it speaks another', async () => {
    const { url } = await runServer(feedingGraph());
    const client = await openSocket(url, { protocols: [] });
    expect(await client.closed).toEqual({ code: 4406, reason: 'Subprotocol not acceptable' });
  });

  it('is closed with 4408 when it does not say who it is in time', async () => {
    const { url } = await runServer(feedingGraph(), { subscriptions: { initTimeoutMs: 50 } });
    const client = await openSocket(url);
    expect(await client.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
  });

  it.each([
    ['4401 when it subscribes before it is acknowledged', [subscribeMessage('a')], 4401, 'Unauthorized'],
    [
      '4429 when it says twice who it is',
      [{ type: 'connection_init' }, { type: 'connection_init' }],
      4429,
      'Too many initialisation requests',
    ],
    ['4400 when it sends no JSON', ['{"type":'], 4400, 'Invalid message received'],
    ['4400 when it sends JSON that is no message', ['[1]'], 4400, 'Invalid message received'],
    ['4400 when it sends an unknown type', [{ type: 'start', id: '1' }], 4400, 'Invalid message received'],
    [
      '4400 when it sends what only servers send',
      [{ type: 'next', id: '1', payload: {} }],
      4400,
      'Invalid message received',
    ],
    [
      '4400 when an operation has no query',
      [{ type: 'subscribe', id: '1', payload: {} }],
      4400,
      'Invalid message received',
    ],
  ])('is closed with %s', async (_name, messages, code, reason) => {
    const { url, log } = await runServer(feedingGraph());
    const client = await openSocket(url);
    for (const message of messages) client.send(message);
    expect(await client.closed).toEqual({ code, reason });
    expect(log()).not.toContain('"level":50');
  });

  it('is closed with 4409 when it uses an id twice at once', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    client.send(subscribeMessage('a'));
    expect(await client.closed).toEqual({ code: 4409, reason: 'Subscriber for a already exists' });
    expect(fed.isStopped).toBe(true);
  });

  it('is closed with 4400 for a binary message, though it holds JSON', async () => {
    const { url } = await runServer(feedingGraph());
    const client = await openSocket(url);
    client.socket.send(Buffer.from('{"type":"connection_init"}'));
    expect(await client.closed).toEqual({ code: 4400, reason: 'Invalid message received' });
  });

  it('is closed with 1009 for a message of 4 MiB, and its subscriptions end', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    client.send({ type: 'ping', payload: { text: 'x'.repeat(4 * 1024 * 1024) } });
    expect((await client.closed).code).toBe(1009);
    expect(fed.isStopped).toBe(true);
  });

  it('is closed with 1007 for text that is not UTF-8, and with 1002 for frames that are none', async () => {
    const { url } = await runServer(feedingGraph());
    const garbled = await openSocket(url);
    garbled.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await garbled.closed).code).toBe(1007);
    const broken = await openSocket(url);
    (broken.socket as any)._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect((await broken.closed).code).toBe(1002);
  });
});

describe('what runs on one socket', () => {
  it('is bounded in number: one more is refused, the others go on', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph, { subscriptions: { maxOperationsPerSocket: 2 } });
    const client = await connectSocket(url);
    for (const id of ['a', 'b', 'c']) client.send(subscribeMessage(id));
    expect(await client.next()).toEqual({
      id: 'c',
      type: 'error',
      payload: [
        {
          message: 'This socket runs 2 operations, which is the limit. Complete some of them, or open another socket.',
          extensions: { code: 'SUBSCRIPTION_LIMIT' },
        },
      ],
    });
    client.send({ id: 'a', type: 'complete' });
    client.send(subscribeMessage('c'));
    (await graph.started(3)).send('room again');
    expect((await client.next()).id).toBe('c');
  });

  it('is bounded in bytes, which are kept as long as it runs', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    const large = { name: 'x'.repeat(600_000) };
    client.send(subscribeMessage('a', 'subscription { renamed }', large));
    client.send(subscribeMessage('b', 'subscription { renamed }', large));
    expect(await client.next()).toMatchObject({ id: 'b', payload: [{ extensions: { code: 'SUBSCRIPTION_LIMIT' } }] });
    client.send({ id: 'a', type: 'complete' });
    client.send(subscribeMessage('b', 'subscription { renamed }', large));
    await graph.started(2);
  });

  it('is not known by an id that would be repeated at length', async () => {
    const { url } = await runServer(feedingGraph());
    const client = await connectSocket(url);
    client.send(subscribeMessage('i'.repeat(1_001)));
    expect((await client.next()).payload).toEqual([
      { message: 'The id of an operation is at most 1000 characters long.', extensions: { code: 'BODY_INVALID' } },
    ]);
    client.send(subscribeMessage('__proto__', '{ greeting }'));
    expect((await client.next()).id).toBe('__proto__');
  });
});
