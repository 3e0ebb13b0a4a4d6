import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-sse';
import { EventSource } from 'undici';
import type { Caller } from '../../../src/connection/caller.ts';
import { insecureCaller } from '../../../src/connection/caller.ts';
import { CallerError } from '../../../src/errors.ts';
import type { HttpServerOptions } from '../../../src/server/http-server.ts';
import { readEvents, type EventRequest } from '../../support/event-reader.ts';
import { codedError, eventOf, feedingGraph, type FeedingGraph } from '../../support/feeding-graph.ts';
import { fetchJson, runServer } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';

const subscription = { query: 'subscription { renamed }' };

describe('GraphQL over server-sent events', () => {
  it('sends each event with its cursor as id, then complete with empty data', async () => {
    const { graph, stream } = await start();
    const events = await stream({ body: subscription });
    expect([events.status, events.headers]).toMatchObject([
      200,
      {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-store, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      },
    ]);
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    fed.send('two');
    fed.sink.end();
    expect(await events.next()).toMatchObject({ event: 'next', id: 'c1', data: eventOf('one', 'c1') });
    const second = await events.next();
    expect([second?.data, second?.id]).toEqual([eventOf('two'), undefined]);
    expect(await events.next()).toMatchObject({ event: 'complete', data: '' });
    expect(await events.ended).toBe('ended');
    expect(Number(events.events[0]?.retry)).toBeGreaterThanOrEqual(1_000);
  });

  it('takes the same by GET, with variables and the name of the operation', async () => {
    const { graph, stream } = await start();
    const search = new URLSearchParams({
      query: 'query Q { greeting } subscription S($of: ID) { renamed(of: $of) }',
      operationName: 'S',
      variables: '{"of":"7"}',
    });
    const events = await stream({ method: 'GET', search: `?${search.toString()}` });
    const { operation } = await graph.started(1);
    expect(operation).toMatchObject({ operationName: 'S', variables: { of: '7' } });
    events.close();
    await until(() => graph.fed[0]!.isStopped);
    expect(operation.context.signal.aborted).toBe(true);
  });

  it('begins after Last-Event-ID, whatever the operation says', async () => {
    const { graph, stream } = await start();
    await stream({ body: subscription, headers: { 'last-event-id': 'c7' } });
    expect((await graph.started(1)).operation.after).toBe('c7');
    await stream({ body: subscription, headers: { 'last-event-id': '' } });
    expect((await graph.started(2)).operation).not.toHaveProperty('after');
  });

  it('answers queries and mutations once', async () => {
    const { stream } = await start();
    for (const [query, data] of [
      ['{ greeting }', { greeting: 'Hello you' }],
      ['mutation { rename(name: "x") }', { rename: 'x' }],
    ]) {
      const events = await stream({ body: { query } });
      expect((await events.next())?.json).toEqual({ data });
      expect((await events.next())?.event).toBe('complete');
      expect(await events.ended).toBe('ended');
    }
  });

  it.each([
    ['{ greeting', 'GRAPHQL_PARSE_FAILED'],
    ['subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription ($x: Boolean!) { renamed @include(if: $x) }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query A { greeting } query B { greeting }', 'OPERATION_RESOLUTION_FAILURE'],
  ])('says in an event what is wrong with %s', async (query, code) => {
    const { stream } = await start();
    const events = await stream({ body: { query } });
    expect([events.status, (await events.next())?.json]).toMatchObject([200, { errors: [{ extensions: { code } }] }]);
    expect((await events.next())?.event).toBe('complete');
  });

  it('sends refusals, and what ended a subscription, as the last result', async () => {
    const { graph, stream } = await start();
    graph.refusal = { errors: [codedError('CURSOR_EXPIRED', 'Too old.', { cursor: 'oldest' })] };
    const refused = await stream({ body: subscription });
    expect((await refused.next())?.json).toEqual({
      errors: [{ message: 'Too old.', extensions: { code: 'CURSOR_EXPIRED', cursor: 'oldest' } }],
    });
    expect((await refused.next())?.event).toBe('complete');
    graph.refusal = undefined;
    const broken = await stream({ body: subscription });
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    fed.sink.end({ errors: [codedError('LAGGED', 'Too slow.', { cursor: 'c1' })] });
    expect((await broken.next())?.id).toBe('c1');
    const last = await broken.next();
    // Without an id: an EventSource that comes back goes on after the last event.
    expect([last?.id, last?.json.errors[0].extensions]).toEqual([undefined, { code: 'LAGGED', cursor: 'c1' }]);
    expect((await broken.next())?.event).toBe('complete');
  });

  it('keeps an event in one line whatever its JSON looks like', async () => {
    const { graph, stream } = await start();
    const events = await stream({ body: subscription });
    (await graph.started(1)).sink.send('{\n"data": {\r\n"renamed":"a\\nb"}}', 'c1');
    expect((await events.next())?.json).toEqual({ data: { renamed: 'a\nb' } });
  });

  it('gives a sign of life when nothing happens', async () => {
    const { graph, stream } = await start({ subscriptions: { keepAliveMs: 40 } });
    const events = await stream({ body: subscription });
    const fed = await graph.started(1);
    await until(() => events.events.filter(({ comment }) => comment !== undefined).length >= 2);
    fed.send('one');
    expect((await events.next())?.json.data).toEqual({ renamed: 'one' });
  });

  it('serves the client of graphql-sse', async () => {
    const { graph, url } = await start();
    const client = createClient({ url: `${url}/graphql/stream`, retryAttempts: 0 });
    const results = client.iterate({ query: 'subscription { renamed }' });
    const first = results.next();
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    expect((await first).value).toEqual({ data: { renamed: 'one' }, extensions: { cursor: 'c1' } });
    fed.sink.end();
    expect((await results.next()).done).toBe(true);
    client.dispose();
  });

  it('serves an EventSource, which comes back where it was cut', async () => {
    const { graph, url } = await start();
    const search = new URLSearchParams({ query: 'subscription { renamed }' });
    const source = new EventSource(`${url}/graphql/stream?${search.toString()}`);
    const received: string[] = [];
    source.addEventListener('next', (event: any) => received.push(JSON.parse(event.data).data.renamed));
    const first = await graph.started(1);
    first.send('one', 'c1');
    await until(() => received.length === 1);
    first.sink.end();
    // As after a cut, it waits for `retry`, then asks again.
    const second = await graph.started(2);
    expect(second.operation.after).toBe('c1');
    second.send('two', 'c2');
    await until(() => received.length === 2);
    source.close();
    expect(received).toEqual(['one', 'two']);
  });
});

describe('a request for a stream that cannot be one', () => {
  it.each([
    [{ body: '{"query":' }, 400, 'BODY_INVALID', 'The body is not valid JSON. Send one JSON object, in UTF-8.'],
    [{ body: [] }, 400, 'BODY_INVALID', 'The body must be a JSON object with `query`; got a list.'],
    [{ body: {} }, 400, 'BODY_INVALID', '`query` must be a string; got nothing.'],
    [{ body: { query: 7 } }, 400, 'BODY_INVALID', '`query` must be a string; got a number.'],
    [{ body: { query: '{a}', variables: [] } }, 400, 'BODY_INVALID', '`variables` must be an object; got a list.'],
    [{ body: { query: '{a}', variables: '{}' } }, 400, 'BODY_INVALID', '`variables` must be an object; got a string.'],
    [
      { body: { query: '{a}', operationName: {} } },
      400,
      'BODY_INVALID',
      '`operationName` must be a string; got an object.',
    ],
    [{ body: { query: '{a}', extensions: 1 } }, 400, 'BODY_INVALID', '`extensions` must be an object; got a number.'],
    [{}, 400, 'BODY_INVALID', 'The body must be a JSON object with `query`; got nothing.'],
    [
      { body: 'query=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
      'The gateway reads bodies of Content-Type application/json only. Send the request as JSON.',
    ],
    [{ method: 'GET' }, 400, 'BODY_INVALID', '`query` must be a string; got nothing.'],
    [
      { method: 'GET', search: '?query={a}&variables={' },
      400,
      'BODY_INVALID',
      'The parameter `variables` must be JSON; got something else.',
    ],
    [
      { method: 'GET', search: '?query=mutation{rename(name:"x")}' },
      405,
      'METHOD_NOT_ALLOWED',
      'A GET asks for queries and subscriptions only. Send mutations by POST.',
    ],
    [{ method: 'PUT' }, 405, 'METHOD_NOT_ALLOWED', 'This path takes GET, POST; got PUT.'],
    [
      { body: subscription, headers: { accept: 'application/json' } },
      406,
      'NOT_ACCEPTABLE',
      'Here answers are streams of events. Send Accept: text/event-stream, or ask at /graphql.',
    ],
    [
      { body: subscription, headers: { accept: 'text/event-stream;q=0, */*' } },
      406,
      'NOT_ACCEPTABLE',
      expect.anything(),
    ],
  ] as readonly [Ask, number, string, string][])('gets an answer in JSON: %j', async (ask, status, code, message) => {
    const { graph, url } = await start();
    const { method = 'POST', search = '', headers, body } = ask;
    const json = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetchJson(`${url}/graphql/stream${search}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(json !== undefined && { body: json }),
    });
    const [error] = answer.body.errors;
    expect([answer.status, error.extensions.code, error.message]).toEqual([status, code, message]);
    expect([graph.executed, graph.fed]).toEqual([[], []]);
  });

  it('is refused as long as there is no graph', async () => {
    const { url } = await runServer({
      current: () => {
        throw new Error('There is none.');
      },
      onChange: () => () => {},
      status: () => ({ ready: false, faults: [], loadedAt: new Date() }),
    });
    const events = await readEvents(`${url}/graphql/stream`, { body: subscription });
    expect((await events.next())?.json.errors[0].extensions.code).toBe('NOT_READY');
  });
});

describe('a stream whose client does not read', () => {
  const text = 'x'.repeat(16 * 1024);

  it('is given no more than a little, and goes on when it is read', async () => {
    const { graph, stream } = await start();
    const events = await stream({ body: subscription });
    events.response.pause();
    const fed = await graph.started(1);
    let sent = 1;
    while (fed.send(text)) sent += 1;
    expect(fed.resumed).toBe(0);
    events.response.resume();
    await until(() => fed.resumed === 1);
    for (let index = 0; index < sent; index += 1) await events.next();
    fed.send('after');
    expect((await events.next())?.json.data).toEqual({ renamed: 'after' });
  });

  it.each([
    ['when too much waits for it', { maxBufferedBytes: 100_000 }],
    ['when it has not read for long', { stuckMs: 60, keepAliveMs: 40 }],
  ])('is cut %s', async (_when, subscriptions) => {
    const { graph, stream } = await start({ subscriptions });
    const events = await stream({ body: subscription });
    events.response.pause();
    const fed = await graph.started(1);
    for (let index = 0; index < 1_000 && !fed.isStopped; index += 1) {
      fed.send(text);
      if ('stuckMs' in subscriptions && index > 500) break;
    }
    await until(() => fed.isStopped);
    events.response.resume();
    expect(await events.ended).toBe('cut');
  });
});

describe('streams when the gateway stops', () => {
  it('end at once and without complete, so that they are resumed', async () => {
    const { graph, stream, close } = await start({ stopTimeoutMs: 60_000 });
    const events = await stream({ body: subscription });
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    await events.next();
    await close();
    expect([await events.ended, await events.next(), fed.isStopped]).toEqual(['ended', undefined, true]);
  });

  it('are answered first when they are answered once', async () => {
    let finish!: (value: string) => void;
    const { graph, stream, close } = await start(
      { stopTimeoutMs: 60_000 },
      feedingGraph({ slow: () => new Promise((resolve) => (finish = resolve)) }),
    );
    const events = await stream({ body: { query: '{ slow }' } });
    await until(() => graph.executed.length > 0);
    const closed = close();
    finish('done');
    expect((await events.next())?.json).toEqual({ data: { slow: 'done' } });
    expect((await events.next())?.event).toBe('complete');
    await closed;
  });

  it('are cut when their clients do not read', async () => {
    const { graph, stream, close } = await start({ stopTimeoutMs: 60_000, subscriptions: { closeGraceMs: 50 } });
    const events = await stream({ body: subscription });
    events.response.pause();
    const fed = await graph.started(1);
    while (fed.send('x'.repeat(16_384)));
    await close();
    expect(fed.isStopped).toBe(true);
  });
});

describe('who opens a stream', () => {
  const isAda = (authorization: string | undefined) => authorization === 'Bearer ada';
  const desk = { isRevoked: false };
  const caller: HttpServerOptions['caller'] = ({ authorization }): Caller => {
    if (!isAda(authorization) || desk.isRevoked) throw new CallerError('UNAUTHENTICATED', 'Who are you?');
    return { tenant: 'acme', subject: 'ada', scopes: insecureCaller.scopes };
  };
  const authorization = 'Bearer ada';

  it('is asked first', async () => {
    const { graph, stream, url } = await start({ caller });
    const refused = await fetchJson(`${url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'not even JSON',
    });
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    await stream({ body: subscription, headers: { authorization } });
    expect((await graph.started(1)).operation.context.caller.subject).toBe('ada');
  });

  it('is told that it may not listen any more when its credentials are revoked', async () => {
    const { graph, stream } = await start({ caller, subscriptions: { recheckMs: 20 } });
    const events = await stream({ body: subscription, headers: { authorization } });
    const fed = await graph.started(1);
    desk.isRevoked = true;
    expect((await events.next())?.json.errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED' });
    expect((await events.next())?.event).toBe('complete');
    expect([await events.ended, fed.isStopped]).toEqual(['ended', true]);
    desk.isRevoked = false;
  });

  it('has so many streams at once', async () => {
    const { stream, url } = await start({ subscriptions: { maxSocketsPerSubject: 1 } });
    const first = await stream({ body: subscription });
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(subscription),
    };
    const refused = await fetchJson(`${url}/graphql/stream`, post);
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([429, 'SUBSCRIPTION_LIMIT']);
    first.close();
    await until(async () => (await stream({ body: { query: '{ greeting }' } })).status === 200);
  });

  it('waits its turn behind another one on its connection, and keeps no place when that is cut', async () => {
    const { graph, stream, url, close, log } = await start({ subscriptions: { maxSocketsPerSubject: 2 } });
    const client = connectTo(url);
    let text = '';
    client.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    client.write(getStream(url).repeat(3));
    const first = await graph.started(1);
    first.send('one', 'c1');
    await until(() => text.includes('"one"'));
    await turn();
    expect(graph.fed).toHaveLength(1);
    first.sink.end();
    const second = await graph.started(2);
    second.send('two', 'c2');
    await until(() => text.includes('"two"'));
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    client.destroy();
    await until(() => second.isStopped);
    for (let place = 0; place < 2; place += 1) expect((await stream({ body: subscription })).status).toBe(200);
    expect(graph.fed).toHaveLength(4);
    await close();
    expect(log()).not.toContain('did not end in time');
  });

  it('takes no place when it leaves while it is asked who it is', async () => {
    let admit: () => void = () => {};
    const gate = new Promise<void>((resolve) => (admit = resolve));
    let asked = 0;
    const { stream, url } = await start({
      subscriptions: { maxSocketsPerSubject: 1 },
      caller: async () => {
        asked += 1;
        if (asked === 1) await gate;
        return insecureCaller;
      },
    });
    const taken = serverSocket();
    const client = connectTo(url);
    client.write(getStream(url));
    const socket = await taken;
    await until(() => asked === 1);
    client.destroy();
    await until(() => socket.closed);
    admit();
    await turn();
    const next = await stream({ body: { query: '{ greeting }' } });
    expect([next.status, (await next.next())?.json]).toEqual([200, { data: { greeting: 'Hello you' } }]);
  });

  it('may be a page with a cookie that stands for its credentials', async () => {
    const { graph, stream, url } = await start({ caller });
    const token = await fetch(`${url}/graphql/stream/token`, { method: 'POST', headers: { authorization } });
    const [setCookie = ''] = token.headers.getSetCookie();
    expect([token.status, setCookie.replace(/=[^;]+/, '=…')]).toEqual([
      204,
      'plugboard-stream=…; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600',
    ]);
    expect(setCookie).not.toContain('ada');
    const cookie = setCookie.split(';')[0]!;
    const get = { method: 'GET', search: '?query=subscription{renamed}' };
    await stream({ ...get, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
    expect((await graph.started(1)).operation.context.caller.subject).toBe('ada');
    // Anything less than a browser's word that the page is ours, another method, another cookie: as if there were none.
    for (const [ask, status] of [
      [{ ...get, headers: { cookie } }, 401],
      [{ ...get, headers: { cookie, 'sec-fetch-site': 'cross-site' } }, 403],
      [{ ...get, headers: { cookie, 'sec-fetch-site': 'same-site' } }, 403],
      [{ ...get, headers: { cookie, origin: 'https://evil.example' } }, 403],
      [{ ...get, headers: { cookie: `${cookie}; ${cookie}`, 'sec-fetch-site': 'same-origin' } }, 401],
      [{ ...get, headers: { cookie: `${cookie.slice(0, -2)}xx`, 'sec-fetch-site': 'same-origin' } }, 401],
      [{ body: subscription, headers: { cookie, 'sec-fetch-site': 'same-origin' } }, 401],
    ] as const) {
      expect([ask.headers, (await stream(ask)).status]).toEqual([ask.headers, status]);
    }
    const again = await fetch(`${url}/graphql/stream/token`, { method: 'POST', headers: { cookie } });
    expect(again.status).toBe(401);
    const cleared = await fetch(`${url}/graphql/stream/token`, { method: 'DELETE', headers: { authorization } });
    expect(cleared.headers.getSetCookie()).toEqual(['plugboard-stream=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0']);
  });

  it.each([
    [{}, 200],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }, 200],
  ])('is heard from where it may ask: %j gets %i', async (headers, status) => {
    const { stream } = await start({ subscriptions: { allowedOrigins: ['https://app.example'] } });
    for (const ask of [{ method: 'GET', search: '?query={greeting}' }, { body: { query: '{greeting}' } }]) {
      const events = await stream({ ...ask, headers });
      expect(events.status).toBe(status);
      const isAllowed = 'origin' in headers && status === 200;
      expect(events.headers['access-control-allow-origin']).toBe(isAllowed ? 'https://app.example' : undefined);
    }
  });
});

describe('POST /graphql with Accept: text/event-stream', () => {
  it('streams everything to who takes nothing else', async () => {
    const { graph, url } = await start();
    const headers = { accept: 'text/event-stream' };
    const query = await readEvents(`${url}/graphql`, { body: { query: '{ greeting }' }, headers });
    expect((await query.next())?.json).toEqual({ data: { greeting: 'Hello you' } });
    const events = await readEvents(`${url}/graphql`, {
      body: subscription,
      headers: { ...headers, 'last-event-id': 'c3' },
    });
    const fed = await graph.started(1);
    expect(fed.operation.after).toBe('c3');
    fed.send('one', 'c4');
    expect((await events.next())?.id).toBe('c4');
  });

  it('streams subscriptions and answers the rest as JSON to who takes both', async () => {
    const { graph, url } = await start();
    const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed';
    const post = (query: string) =>
      fetchJson(`${url}/graphql`, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
    const answer = await post('{ greeting }');
    expect([answer.headers.get('content-type'), answer.body]).toEqual([
      'application/graphql-response+json; charset=utf-8',
      { data: { greeting: 'Hello you' } },
    ]);
    expect((await post('subscription {')).status).toBe(400);
    const events = await readEvents(`${url}/graphql`, { body: subscription, headers: { accept } });
    (await graph.started(1)).send('one', 'c1');
    expect((await events.next())?.id).toBe('c1');
  });
});

function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

function getStream(url: string): string {
  const search = `query=${encodeURIComponent(subscription.query)}`;
  return `GET /graphql/stream?${search} HTTP/1.1\r\nhost: ${new URL(url).host}\r\naccept: text/event-stream\r\n\r\n`;
}

/** The server's end of the connection on which the next request comes. */
function serverSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const take = (message: unknown) => {
      unsubscribe('http.server.request.start', take);
      resolve((message as { socket: Socket }).socket);
    };
    subscribe('http.server.request.start', take);
  });
}

interface Ask extends EventRequest {
  readonly search?: string;
}

async function start(options: Partial<HttpServerOptions> = {}, graph: FeedingGraph = feedingGraph()) {
  const server = await runServer(graph, options);
  const stream = ({ search = '', ...ask }: Ask) => readEvents(`${server.url}/graphql/stream${search}`, ask);
  return { ...server, graph, stream };
}
