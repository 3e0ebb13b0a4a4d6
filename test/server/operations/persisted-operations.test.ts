import { describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { insecureCaller } from '../../../src/connection/caller.ts';
import { createGraphqlEndpoint } from '../../../src/server/graphql-endpoint.ts';
import { fixedGraph } from '../../../src/server/graph-source.ts';
import type { HttpServerOptions } from '../../../src/server/http-server.ts';
import { defaultLimits } from '../../../src/server/limits.ts';
import { createDocumentLock } from '../../../src/server/operations/document-lock.ts';
import { checkOperationList, hashOf } from '../../../src/server/operations/operation-list.ts';
import { cacheOver, type Cache } from '../../../src/storage/cache.ts';
import { readEvents } from '../../support/event-reader.ts';
import { feedingGraph } from '../../support/feeding-graph.ts';
import { fetchJson, runServer } from '../../support/running-server.ts';
import { connectSocket } from '../../support/socket-client.ts';

const texts = {
  greet: 'query Greet($name: String) { greeting(name: $name) }',
  rename: 'mutation { rename(name: "x") }',
  renamed: 'subscription { renamed }',
};
const unlisted = '{ generation }';
const json = { 'content-type': 'application/json' };
const persisted = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });

function searchOf(parameters: object): string {
  const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const texts = Object.entries(parameters).map(([name, value]): [string, string] => [name, asText(value)]);
  return new URLSearchParams(texts).toString();
}

/** A server, and everything that can be asked of it: the three transports, by POST and GET. */
async function serve(operations: HttpServerOptions['operations'] = {}, graph = feedingGraph()) {
  const documents = Object.entries(texts).map(([id, text]) => ({ id, text, place: id }));
  const rules = { limits: defaultLimits, production: false, introspection: true } as const;
  const list = checkOperationList({ source: 'list', documents, faults: [] }, graph.schema, rules);
  const server = await runServer({ ...fixedGraph(graph), operations: () => list }, { operations });
  const { url } = server;
  const post = (body: object, headers: object = {}) =>
    fetchJson(`${url}/graphql`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
  const get = (parameters: object, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${url}/graphql?${searchOf(parameters)}`, { headers: { 'apollo-require-preflight': '1', ...headers } });
  const socket = async (payload: object): Promise<any> => {
    const client = await connectSocket(url);
    client.send({ id: 'a', type: 'subscribe', payload });
    return (await client.next()).payload;
  };
  const stream = async (body: object): Promise<any> => {
    const events = await readEvents(`${url}/graphql/stream`, { body, headers: { accept: 'text/event-stream' } });
    return (await events.next())!.json;
  };
  const streamByGet = async (parameters: object): Promise<any> => {
    const search = searchOf(parameters);
    const response = await fetch(`${url}/graphql/stream?${search}`, { headers: { accept: 'text/event-stream' } });
    const text = await response.text();
    return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
  };
  return { graph, url, post, get, socket, stream, streamByGet };
}

/** The code of the first error, wherever a transport puts it. */
function codeOf(answer: any): unknown {
  const errors = Array.isArray(answer) ? answer : answer.errors;
  return errors?.[0].extensions.code;
}

const memory = (): Cache => cacheOver(new Map(), (error) => expect(error).toBeUndefined());

describe('operations of a list', () => {
  it('are asked for by id or hash on every transport', async () => {
    const { post, get, socket, stream, streamByGet, graph } = await serve({ only: true });
    const variables = { name: 'Ada' };
    const expected = { data: { greeting: 'Hello Ada' } };
    for (const named of [
      { documentId: 'greet' },
      { documentId: `sha256:${hashOf(texts.greet)}` },
      { extensions: persisted(texts.greet) },
      { query: texts.greet },
    ]) {
      expect((await post({ ...named, variables })).body).toEqual(expected);
      expect(await (await get({ ...named, variables })).json()).toEqual(expected);
      expect(await socket({ query: '', ...named, variables })).toEqual(expected);
      expect(await stream({ ...named, variables })).toEqual(expected);
      expect(await streamByGet({ ...named, variables })).toEqual(expected);
    }
    expect(graph.executed).toHaveLength(20);
  });

  it('may be mutations, by POST alone, and subscriptions', async () => {
    const { post, get, url, graph } = await serve({ only: true });
    expect((await post({ documentId: 'rename' })).body).toEqual({ data: { rename: 'x' } });
    expect((await get({ documentId: 'rename' })).status).toBe(405);
    const accept = 'text/event-stream';
    expect((await fetch(`${url}/graphql/stream?documentId=rename`, { headers: { accept } })).status).toBe(405);
    const client = await connectSocket(url);
    client.send({ id: 'a', type: 'subscribe', payload: { query: '', documentId: 'renamed' } });
    (await graph.started(1)).send('one', 'c1');
    expect((await client.next()).payload.data).toEqual({ renamed: 'one' });
    const headers = { accept: 'application/json, text/event-stream' };
    const events = await readEvents(`${url}/graphql`, { body: { documentId: 'renamed' }, headers });
    (await graph.started(2)).send('two', 'c2');
    expect((await events.next())?.json.data).toEqual({ renamed: 'two' });
    graph.fed[1]!.sink.end();
    expect(await events.ended).toBe('ended');
    // A query that is streamed is executed once, and not again when its stream has ended.
    const once = await readEvents(`${url}/graphql`, { body: { documentId: 'greet' }, headers: { accept } });
    expect(await once.ended).toBe('ended');
    await post({ documentId: 'rename' });
    expect(graph.executed).toHaveLength(3);
  });

  it.each<[string, object]>([
    ['a text', { query: unlisted }],
    ['a text that differs by a line break', { query: `${texts.greet}\n` }],
    ['a text with its hash', { query: unlisted, extensions: persisted(unlisted) }],
    ['a hash', { query: '', extensions: persisted(unlisted) }],
    ['an id', { query: '', documentId: 'unknown' }],
    ['a question about the schema', { query: '{ __schema { queryType { name } } }' }],
  ])('are the only ones that are answered, on every transport: not %s', async (_what, named) => {
    const { post, get, socket, stream, streamByGet, graph } = await serve({ only: true, cache: memory() });
    const answers = [
      (await post(named)).body,
      (await post(named, { accept: 'text/event-stream, application/json' })).body,
      await (await get(named)).json(),
      await socket(named),
      await stream(named),
      await streamByGet(named),
    ];
    expect(answers.map(codeOf)).toEqual(Array(6).fill('OPERATION_NOT_LISTED'));
    expect(graph.executed).toHaveLength(0);
  });

  it('are the only ones although a request hides its document, or sends several', async () => {
    const { url, post, graph } = await serve({ only: true });
    const headers = { 'apollo-require-preflight': '1' };
    const extensions = encodeURIComponent(JSON.stringify(persisted(unlisted))).replace('persisted', '%70ersisted');
    const text = encodeURIComponent(unlisted);
    for (const search of [
      `query=${encodeURIComponent(texts.greet)}&query=${text}`,
      `query=${text}&query=${encodeURIComponent(texts.greet)}`,
      `extensions=${extensions}`,
      `extensions=${extensions}&query=${text}`,
      `documentId=greet&query=${text}`,
      '',
    ]) {
      const answer = await fetchJson(`${url}/graphql?${search}`, { headers });
      // Of two, the first is meant, or both are refused.
      if (answer.status === 200 && answer.body.data) expect(answer.body).toEqual({ data: { greeting: 'Hello you' } });
      else expect(codeOf(answer.body)).toMatch(/^(?:OPERATION_NOT_LISTED|BODY_INVALID|BAD_REQUEST)$/);
    }
    expect((await post([{ query: unlisted }, { query: texts.greet }])).status).toBe(400);
    expect((await post({ query: { kind: 'Document', definitions: [] } })).status).toBe(400);
    expect(graph.executed.every(({ document }) => document.loc?.source.body === texts.greet)).toBe(true);
  });

  it('that are found by id leave others alone unless only they are answered', async () => {
    const { post } = await serve({});
    expect((await post({ documentId: 'greet' })).body).toEqual({ data: { greeting: 'Hello you' } });
    expect((await post({ query: unlisted })).body).toEqual({ data: { generation: 'first' } });
    expect(codeOf((await post({ documentId: 'unknown' })).body)).toBe('PERSISTED_QUERY_NOT_SUPPORTED');
  });
});

describe('the second lock', () => {
  it('stands before Apollo Server validates, should the first be passed', async () => {
    const graph = feedingGraph();
    const graphs = { ...fixedGraph(graph), operations: () => ({ find: () => undefined, has: () => false }) };
    const app = Fastify();
    const endpoint = await createGraphqlEndpoint({
      graphs,
      limits: defaultLimits,
      operationTimeoutMs: 1_000,
      production: false,
      introspection: true,
      caller: () => insecureCaller,
      logger: app.log,
      findDocument: ({ query }) => ({ query: query as string }),
      refuseUnlisted: createDocumentLock(graphs, { only: true }),
    });
    endpoint.addRoutes(app);
    for (let count = 0; count < 2; count += 1) {
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query: unlisted } });
      expect([answer.statusCode, codeOf(answer.json())]).toEqual([400, 'OPERATION_NOT_LISTED']);
    }
    expect(graph.executed).toHaveLength(0);
    await app.close();
    await endpoint.stop();
  });
});

describe('automatic persisted queries', () => {
  it('go as Apollo’s clients do it: a hash, the text once, and the hash from then on', async () => {
    const { post, get, socket, stream } = await serve({ cache: memory() });
    const extensions = persisted(unlisted);
    const first = await post({ extensions });
    expect([first.status, first.body.errors]).toEqual([
      200,
      [
        {
          message: 'PersistedQueryNotFound',
          extensions: expect.objectContaining({ code: 'PERSISTED_QUERY_NOT_FOUND' }),
        },
      ],
    ]);
    expect(codeOf(await socket({ query: '', extensions }))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(codeOf(await stream({ extensions }))).toBe('PERSISTED_QUERY_NOT_FOUND');
    const expected = { data: { generation: 'first' } };
    expect((await post({ query: unlisted, extensions })).body).toEqual(expected);
    expect((await post({ extensions })).body).toEqual(expected);
    expect(await (await get({ extensions })).json()).toEqual(expected);
    expect(await socket({ query: '', extensions })).toEqual(expected);
    expect(await stream({ extensions })).toEqual(expected);
  });

  it('are shared by replicas through their cache, whichever transport was told of them', async () => {
    const cache = memory();
    const [one, other] = [await serve({ cache }), await serve({ cache })];
    await one.socket({ query: unlisted, extensions: persisted(unlisted) });
    expect((await other.post({ extensions: persisted(unlisted) })).body).toEqual({ data: { generation: 'first' } });
    await other.stream({ query: texts.rename, extensions: persisted(texts.rename) });
    expect((await one.post({ extensions: persisted(texts.rename) })).body).toEqual({ data: { rename: 'x' } });
  });

  it('keep nothing that has another hash, is not valid, or is too long', async () => {
    const { post, socket } = await serve({ cache: memory() });
    const wrong = await post({ query: unlisted, extensions: persisted(texts.greet) });
    expect([wrong.status, codeOf(wrong.body)]).toEqual([400, 'OPERATION_HASH_WRONG']);
    expect(codeOf(await socket({ query: unlisted, extensions: persisted(texts.greet) }))).toBe('OPERATION_HASH_WRONG');
    const long = `${unlisted} # ${'x'.repeat(40_000)}`;
    expect((await post({ query: long, extensions: persisted(long) })).body).toEqual({ data: { generation: 'first' } });
    for (const text of ['{ nothing }', '{ broken', long]) {
      await post({ query: text, extensions: persisted(text) });
      await socket({ query: text, extensions: persisted(text) });
      expect(codeOf((await post({ extensions: persisted(text) })).body)).toBe('PERSISTED_QUERY_NOT_FOUND');
    }
  });

  it('believe no cache that gives another document than was asked for, and live with one that fails', async () => {
    const poisoned: Cache = { ...memory(), get: async <T>() => texts.rename as T };
    const { post, graph } = await serve({ cache: poisoned });
    expect(codeOf((await post({ extensions: persisted(unlisted) })).body)).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(graph.executed).toHaveLength(0);
    const broken = new Map();
    const failing = cacheOver(
      Object.assign(broken, { get: () => Promise.reject(new Error('down')) }) as never,
      () => {},
    );
    const other = await serve({ cache: failing });
    expect(codeOf((await other.post({ extensions: persisted(unlisted) })).body)).toBe('PERSISTED_QUERY_NOT_FOUND');
    const sent = await other.post({ query: unlisted, extensions: persisted(unlisted) });
    expect(sent.body).toEqual({ data: { generation: 'first' } });
  });

  it('can be switched off', async () => {
    const { post } = await serve({});
    const { status, body } = await post({ extensions: persisted(unlisted) });
    expect([status, body.errors[0].message, codeOf(body)]).toEqual([
      200,
      'PersistedQueryNotSupported',
      'PERSISTED_QUERY_NOT_SUPPORTED',
    ]);
    expect((await post({ query: unlisted, extensions: persisted(unlisted) })).status).toBe(200);
  });

  it('stay on the path of all queries: a GET needs a header that pages of others cannot send', async () => {
    const { url } = await serve({ cache: memory() });
    const answer = await fetch(`${url}/graphql?${searchOf({ documentId: 'greet' })}`);
    expect(answer.status).toBe(400);
  });
});

describe('the answer to a query by GET', () => {
  it('is kept by nobody, unless the operator says how long', async () => {
    const { get } = await serve({ cache: memory() });
    const { headers } = await get({ documentId: 'greet' });
    expect([headers.get('cache-control'), headers.get('etag')]).toEqual(['no-store', null]);
  });

  it('is kept by its caller’s browser, and asked for again by its tag', async () => {
    const { get, post } = await serve({ maxAgeSeconds: 60 });
    const first = await get({ documentId: 'greet' });
    const tag = first.headers.get('etag')!;
    expect([first.headers.get('cache-control'), first.headers.get('vary')]).toEqual([
      'private, max-age=60',
      'Authorization, X-External-Subject-Id, Accept',
    ]);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const again = await get({ documentId: 'greet' }, { 'if-none-match': known });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
    }
    const changed = await get({ documentId: 'greet', variables: { name: 'Ada' } }, { 'if-none-match': tag });
    expect([changed.status, await changed.json()]).toEqual([200, { data: { greeting: 'Hello Ada' } }]);
    const asked = await (await serve({ maxAgeSeconds: 0 })).get({ documentId: 'greet' });
    expect(asked.headers.get('cache-control')).toBe('private, no-cache');
    expect((await post({ documentId: 'greet' })).headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['errors of fields', { query: '{ greeting deliberate }' }],
    ['a fault of validation', { query: '{ nothing }' }],
    ['a hash that is not known', { extensions: persisted(unlisted) }],
    ['a mutation', { query: 'mutation { rename(name: "x") }' }],
  ])('is never kept with %s', async (_what, named) => {
    const { get } = await serve({ maxAgeSeconds: 60, cache: memory() });
    const { headers } = await get(named);
    expect([headers.get('cache-control')?.includes('max-age'), headers.get('etag')]).toEqual([false, null]);
  });
});
