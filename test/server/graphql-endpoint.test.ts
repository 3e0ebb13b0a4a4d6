import { describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { insecureCaller } from '../../src/connection/caller.ts';
import { defaultLimits } from '../../src/server/limits.ts';
import { createFindDocument } from '../../src/server/operations/kept-documents.ts';
import { changingGraph, fetchJson, runServer } from '../support/running-server.ts';
import { smallGraph } from '../support/small-graph.ts';

const json = { 'content-type': 'application/json' };
const firstError = ({ body }: { body: any }) => [body.errors[0].extensions.code, body.errors[0].message];

describe('a GraphQL request', () => {
  it('is answered over POST, with variables and an operation name', async () => {
    const { url } = await runServer(smallGraph());
    const query = 'query A { generation } query B($n: String) { greeting(name: $n) }';
    const body = JSON.stringify({ query, operationName: 'B', variables: { n: 'Ada' } });
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect([answer.status, answer.body]).toEqual([200, { data: { greeting: 'Hello Ada' } }]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('is answered over GET when it is a query that says it is no simple form', async () => {
    const { url } = await runServer(smallGraph());
    const query = encodeURIComponent('{ greeting }');
    const answer = await fetchJson(`${url}/graphql?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
    expect([answer.status, answer.body]).toEqual([200, { data: { greeting: 'Hello you' } }]);
  });

  it('may ask for the media type of GraphQL over HTTP', async () => {
    const { ask } = await runServer(smallGraph());
    const { headers } = await ask('{ greeting }', { headers: { accept: 'application/graphql-response+json' } });
    expect(headers.get('content-type')).toBe('application/graphql-response+json; charset=utf-8');
  });

  it('carries the caller and its own id to the resolvers', async () => {
    const graph = smallGraph();
    const { ask } = await runServer(graph);
    const { headers } = await ask('{ greeting }', { headers: { 'x-external-subject-id': 'ada' } });
    const { caller, requestId } = graph.executed[0]!.context;
    expect(caller).toEqual({ ...insecureCaller, subject: 'ada' });
    expect(headers.get('x-request-id')).toBe(requestId);
  });

  it('is refused when the header of the subject is bad', async () => {
    const graph = smallGraph();
    const { ask } = await runServer(graph);
    const answer = await ask('{ greeting }', { headers: { 'x-external-subject-id': 'x'.repeat(300) } });
    expect(answer.status).toBe(400);
    expect(firstError(answer)[0]).toBe('INPUT_INVALID');
    expect(graph.executed).toHaveLength(0);
  });

  it('is refused as 503 before the first graph, and answered from the moment when there is one', async () => {
    const graphs = changingGraph();
    const server = await runServer(graphs);
    const before = await server.ask('{ greeting }');
    expect([before.status, ...firstError(before)]).toEqual([
      503,
      'NOT_READY',
      'The gateway has no graph to serve yet. Ask again later.',
    ]);
    graphs.publish(smallGraph());
    let after = await server.ask('{ greeting }');
    while (after.status === 503) after = await server.ask('{ greeting }');
    expect(after.body).toEqual({ data: { greeting: 'Hello you' } });
  });
});

describe('bad input', () => {
  it('names the variable of the wrong type', async () => {
    const { ask } = await runServer(smallGraph());
    const answer = await ask('query ($of: Int!) { count(of: $of) }', { variables: { of: 'many' } });
    expect([answer.status, ...firstError(answer)]).toEqual([
      400,
      'BAD_USER_INPUT',
      'Variable "$of" got invalid value "many"; Int cannot represent non-integer value: "many"',
    ]);
    const absent = await ask('query ($of: Int!) { count(of: $of) }');
    expect(firstError(absent)).toEqual(['BAD_USER_INPUT', 'Variable "$of" of required type "Int!" was not provided.']);
  });

  it('names an unknown field, with a suggestion in development and without one in production', async () => {
    const development = await runServer(smallGraph());
    const production = await runServer(smallGraph(), { production: true });
    expect(firstError(await development.ask('{ secretFiel }'))).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "secretFiel" on type "Query". Did you mean "secretField"?',
    ]);
    const answer = await production.ask('{ secretFiel }');
    expect([answer.status, ...firstError(answer)]).toEqual([
      400,
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "secretFiel" on type "Query".',
    ]);
  });

  it('gets no suggestion about variables in production either', async () => {
    const query = 'query ($filter: Filter) { search(filter: $filter) }';
    const variables = { filter: { secretTitl: 'x' } };
    const message =
      'Variable "$filter" got invalid value { secretTitl: "x" }; Field "secretTitl" is not defined by type "Filter".';
    const development = await runServer(smallGraph());
    expect(firstError(await development.ask(query, { variables }))).toEqual([
      'BAD_USER_INPUT',
      `${message} Did you mean "secretTitle"?`,
    ]);
    const production = await runServer(smallGraph(), { production: true });
    expect(firstError(await production.ask(query, { variables }))).toEqual(['BAD_USER_INPUT', message]);
  });

  it('is told at most five errors and that there are more', async () => {
    const { ask } = await runServer(smallGraph());
    const { body } = await ask('{ a b c d e f g h }');
    expect(body.errors.map((error: any) => error.message)).toEqual([
      ...['a', 'b', 'c', 'd', 'e'].map((name) => `Cannot query field "${name}" on type "Query".`),
      'Too many validation errors, error limit reached. Validation aborted.',
    ]);
  });

  it('is told where the syntax is wrong', async () => {
    const { ask } = await runServer(smallGraph());
    const answer = await ask('{ greeting');
    expect([answer.status, ...firstError(answer)]).toEqual([
      400,
      'GRAPHQL_PARSE_FAILED',
      'Syntax Error: Expected Name, found <EOF>.',
    ]);
  });

  it('is told which operations the document lacks', async () => {
    const { ask, url } = await runServer(smallGraph());
    expect(firstError(await ask('query A { greeting } query B { greeting }'))).toEqual([
      'OPERATION_RESOLUTION_FAILURE',
      'The document has several operations, or none. Send one, or name the one to run as operationName.',
    ]);
    const body = JSON.stringify({ query: 'query A { greeting }', operationName: 'C' });
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(firstError(answer)).toEqual([
      'OPERATION_RESOLUTION_FAILURE',
      'The document has no operation named "C". Send the name of one that it has as operationName.',
    ]);
  });

  it.each([
    ['no JSON', '{"query":', 400, 'BODY_INVALID', 'The body is not valid JSON. Send one JSON object, in UTF-8.'],
    ['a number', '7', 400, 'BAD_REQUEST', 'POST body missing, invalid Content-Type, or JSON object has no keys.'],
    [
      'no query',
      '{"variables":{}}',
      400,
      'BAD_REQUEST',
      'GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.',
    ],
    ['a query that is no string', '{"query":5}', 400, 'BAD_REQUEST', 'GraphQL queries must be strings.'],
    [
      'variables that are no object',
      '{"query":"{a}","variables":[]}',
      400,
      'BAD_REQUEST',
      '`variables` in a POST body must be an object if provided.',
    ],
    ['a batch', '[{"query":"{greeting}"}]', 400, 'BAD_REQUEST', 'Operation batching disabled.'],
    [
      'a key __proto__',
      '{"query":"{greeting}","variables":{"__proto__":{"polluted":true}}}',
      400,
      'BODY_INVALID',
      'The body is not valid JSON. Send one JSON object, in UTF-8.',
    ],
  ])('is refused when the body is %s', async (_what, body, status, code, message) => {
    const graph = smallGraph();
    const { url } = await runServer(graph);
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect([answer.status, ...firstError(answer)]).toEqual([status, code, message]);
    expect(graph.executed).toHaveLength(0);
  });

  it('is refused in a hash instead of a query: persisted operations are not served', async () => {
    const { url } = await runServer(smallGraph());
    const body = JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } });
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(firstError(answer)).toEqual(['PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported']);
  });
});

describe('any JSON at all', () => {
  it('is answered or refused with a code, and never breaks the server', async () => {
    const { app } = await runServer(smallGraph());
    const word = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      ' a: ',
      'greeting',
      'item',
      '...',
      ' on ',
      '"x"',
      '$n',
      '@skip',
      '#',
    );
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record({ query: fc.oneof(text, fc.jsonValue()), variables: fc.jsonValue(), operationName: fc.jsonValue() }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (payload) => {
        const answer = await app.inject({
          method: 'POST',
          url: '/graphql',
          headers: { ...json, host: 'localhost' },
          payload: JSON.stringify(payload),
        });
        const { data, errors } = answer.json();
        expect(answer.statusCode).toBeLessThan(500);
        if (data === undefined) expect(errors[0].extensions.code).toMatch(/^(GRAPHQL|BAD|BODY|OPERATION)_/);
      }),
      { numRuns: 200 },
    );
  });

  it('of 400 000 levels is refused or answered, and the next request is served', async () => {
    const { url, ask } = await runServer(smallGraph());
    const body = `{"query":"query ($n: String) { greeting(name: $n) }","variables":{"n":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`;
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(answer.body.errors).toHaveLength(1);
    expect((await ask('{ greeting }')).body).toEqual({ data: { greeting: 'Hello you' } });
  });
});

describe('requests that a foreign page can send', () => {
  const jsonOnly = [
    415,
    'MEDIA_TYPE_UNSUPPORTED',
    'The gateway reads bodies of Content-Type application/json only. Send the request as JSON.',
  ];
  it.each([
    ['text/plain', jsonOnly],
    ['application/x-www-form-urlencoded', jsonOnly],
    [
      'multipart/form-data; boundary=x',
      [
        400,
        'UPLOAD_INVALID',
        'Files beside an operation are taken with the header Apollo-Require-Preflight only, which no form of another site can send. Add it, with any value.',
      ],
    ],
  ])('are refused as POST of %s', async (type, refusal) => {
    const graph = smallGraph();
    const { url } = await runServer(graph);
    const body = JSON.stringify({ query: 'mutation { rename(name: "x") }' });
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body });
    expect([answer.status, ...firstError(answer)]).toEqual(refusal);
    expect(graph.executed).toHaveLength(0);
  });

  it('are refused as GET without a header that makes a browser ask first', async () => {
    const graph = smallGraph();
    const { url } = await runServer(graph);
    const answer = await fetchJson(`${url}/graphql?query=${encodeURIComponent('{ greeting }')}`);
    expect(answer.status).toBe(400);
    expect(firstError(answer)[0]).toBe('BAD_REQUEST');
    expect(firstError(answer)[1]).toContain('potential Cross-Site Request Forgery');
    expect(graph.executed).toHaveLength(0);
  });

  it('get no CORS header, whatever their origin', async () => {
    const { url, ask } = await runServer(smallGraph());
    const { headers } = await ask('{ greeting }', { headers: { origin: 'https://evil.example' } });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    const preflight = await fetchJson(`${url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, ...firstError(preflight)]).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
      'This path takes GET, POST; got OPTIONS.',
    ]);
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('cannot write over GET', async () => {
    const graph = smallGraph();
    const { url } = await runServer(graph);
    const query = encodeURIComponent('mutation { rename(name: "x") }');
    const answer = await fetchJson(`${url}/graphql?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
    expect([answer.status, answer.headers.get('allow'), ...firstError(answer)]).toEqual([
      405,
      'POST',
      'BAD_REQUEST',
      'GET requests only support query operations, not mutation operations',
    ]);
    expect(graph.executed).toHaveLength(0);
  });
});

describe('large operations', () => {
  const refused = async (query: string, expected: object[]) => {
    const graph = smallGraph();
    const { ask } = await runServer(graph);
    const answer = await ask(query);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject(expected);
    expect(answer.body.errors).toHaveLength(expected.length);
    expect(graph.executed).toHaveLength(0);
    return answer;
  };

  it('of 10 000 aliases are refused by their tokens', async () => {
    const query = `{ ${Array.from({ length: 10_000 }, (_, index) => `a${index}: greeting`).join(' ')} }`;
    await refused(query, [
      {
        message:
          'The document has more than 2000 tokens, which is the limit. Split the operation, and send values as variables.',
        extensions: { code: 'OPERATION_TOO_LARGE', limit: 'tokens', max: 2_000, actual: null },
      },
    ]);
  });

  it('of 100 aliases are refused by aliases and root fields', async () => {
    const query = `{ ${Array.from({ length: 100 }, (_, index) => `a${index}: greeting`).join(' ')} }`;
    await refused(query, [
      {
        message:
          'The operation has 100 aliases; the limit is 30. Ask for many things of a kind through a list field, or in several operations.',
        locations: [{ line: 1, column: 1 }],
        extensions: { code: 'OPERATION_TOO_LARGE', limit: 'aliases', max: 30, actual: 100 },
      },
      {
        message:
          'The document has 100 root fields; the limit is 20. Split the document into several operations and send each alone.',
        extensions: { code: 'OPERATION_TOO_LARGE', limit: 'rootFields', max: 20, actual: 100 },
      },
    ]);
  });

  it('of 16 levels are refused by their depth', async () => {
    await refused(`{ item ${'{ item '.repeat(14)} { id } ${'}'.repeat(14)} }`, [
      {
        message: 'The operation is 16 levels deep; the limit is 15. Ask for the deeper part in a second operation.',
        extensions: { code: 'OPERATION_TOO_LARGE', limit: 'depth', max: 15, actual: 16 },
      },
    ]);
  });

  it('are not validated at all, so that their refusal is the only error', async () => {
    await refused(`{ ${'item { name nothing } '.repeat(300)} }`, [
      { extensions: { limit: 'repeats', actual: 299 } },
      { extensions: { limit: 'rootFields', actual: 300 } },
    ]);
  });

  it('of 5 MB are refused before they are read', async () => {
    const graph = smallGraph();
    const { url } = await runServer(graph);
    const body = JSON.stringify({ query: `{ greeting(name: "${'x'.repeat(5_000_000)}") }` });
    const answer = await fetchJson(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect([answer.status, ...firstError(answer)]).toEqual([
      413,
      'BODY_TOO_LARGE',
      'The body is larger than the limit of the gateway. Send less at once, or raise `limits.bodyBytes`.',
    ]);
    expect(graph.executed).toHaveLength(0);
  });

  it('are measured once per document, not once per request', async () => {
    let measured = 0;
    const limits = {
      ...defaultLimits,
      get aliases() {
        return (measured += 1) && 30;
      },
    };
    const { createGraphqlEndpoint } = await import('../../src/server/graphql-endpoint.ts');
    const { default: Fastify } = await import('fastify');
    const { fixedGraph } = await import('../../src/server/graph-source.ts');
    const app = Fastify();
    const graphs = fixedGraph(smallGraph());
    const endpoint = await createGraphqlEndpoint({
      graphs,
      findDocument: createFindDocument({ graphs, cache: undefined, only: false, automatic: false }),
      limits,
      operationTimeoutMs: 1_000,
      production: false,
      introspection: true,
      caller: () => insecureCaller,
      logger: app.log,
    });
    endpoint.addRoutes(app);
    const ask = () => app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ greeting }' } });
    expect((await ask()).json()).toEqual({ data: { greeting: 'Hello you' } });
    const afterFirst = measured;
    expect(afterFirst).toBeGreaterThan(0);
    await ask();
    await ask();
    expect(measured).toBe(afterFirst);
    await endpoint.stop();
    await app.close();
  });
});

describe('errors of fields', () => {
  it('that nobody foresaw are hidden behind the request id, and their neighbours answer', async () => {
    const { ask, log } = await runServer(smallGraph());
    const { status, body, headers } = await ask('{ greeting broken }');
    const requestId = headers.get('x-request-id');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: { greeting: 'Hello you', broken: null },
      errors: [
        {
          message: `Plugboard failed. The log has the cause under request id ${requestId}.`,
          path: ['broken'],
          locations: [{ line: 1, column: 12 }],
          extensions: { code: 'INTERNAL_ERROR', requestId },
        },
      ],
    });
    const line = log()
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text))
      .find((entry) => entry.path?.[0] === 'broken');
    expect(line).toMatchObject({
      requestId,
      level: 50,
      failure: { name: 'Error', frames: [expect.stringContaining('small-graph.ts'), ...line.failure.frames.slice(1)] },
    });
    // What an unforeseen error says may hold anything, a secret included.
    expect(log()).not.toContain('hunter2');
  });

  it('that are deliberate pass whole, and the status of a provider is not the status of the answer', async () => {
    const { ask } = await runServer(smallGraph());
    const { status, body } = await ask('{ deliberate }');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: { deliberate: null },
      errors: [
        {
          message: 'GitHub answered 404: no such issue.',
          path: ['deliberate'],
          locations: [{ line: 1, column: 3 }],
          extensions: { code: 'PROVIDER_NOT_FOUND', connector: 'github', http: { status: 404 } },
        },
      ],
    });
  });

  it('of an executor that fails as a whole are hidden too', async () => {
    const graph = { ...smallGraph(), execute: () => Promise.reject(new Error('SELECT secret FROM connections')) };
    const { ask } = await runServer(graph, { production: true });
    const { body, headers } = await ask('{ greeting }');
    const requestId = headers.get('x-request-id');
    expect(body).toEqual({
      data: null,
      errors: [
        {
          message: `Plugboard failed. The log has the cause under request id ${requestId}.`,
          extensions: { code: 'INTERNAL_ERROR', requestId },
        },
      ],
    });
  });
});

describe('what is not for everyone', () => {
  it('subscriptions over POST are refused clearly', async () => {
    const graph = smallGraph();
    const { ask } = await runServer(graph);
    const answer = await ask('subscription { renamed }');
    expect([answer.status, ...firstError(answer)]).toEqual([
      406,
      'TRANSPORT_UNSUPPORTED',
      'A subscription has many answers, and this request asks for one. Send it over WebSocket (graphql-transport-ws) to ' +
        '/graphql, or as POST or GET to /graphql/stream for server-sent events (Accept: text/event-stream).',
    ]);
    expect(graph.executed).toHaveLength(0);
  });

  it.each(['@include(if: $x)', '@skip(if: $x)', '@include(if: "yes")'])(
    'subscriptions whose root field may be left out by %s are refused with a code, alone',
    async (directive) => {
      const { ask } = await runServer(smallGraph());
      const answer = await ask(`subscription ($x: Boolean!) { renamed ${directive} }`, { variables: { x: true } });
      expect([answer.status, firstError(answer)]).toEqual([
        400,
        ['GRAPHQL_VALIDATION_FAILED', expect.stringContaining('cannot be under @skip or @include with a variable')],
      ]);
      expect((await ask('{ greeting }')).body).toEqual({ data: { greeting: 'Hello you' } });
    },
  );

  it('introspection is off in production unless it is set', async () => {
    const query = '{ __schema { queryType { name } } }';
    const production = await runServer(smallGraph(), { production: true });
    expect(firstError(await production.ask(query))).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
      'Introspection is off on this gateway. Set `introspection: true` to allow it.',
    ]);
    const opened = await runServer(smallGraph(), { production: true, introspection: true });
    expect((await opened.ask(query)).body).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } });
  });

  it('credentials and variables never reach the log', async () => {
    const { ask, url, log } = await runServer(smallGraph());
    const canary = 'canary-7f3a';
    const headers = { authorization: `Bearer ${canary}`, cookie: `session=${canary}` };
    await ask('query ($n: String) { greeting(name: $n) broken }', { headers, variables: { n: canary } });
    await ask('query ($of: Int!) { count(of: $of) }', { headers, variables: { of: canary } });
    await ask(`{ nothing(secret: "${canary}") }`, { headers });
    const query = encodeURIComponent(`{ greeting(name: "${canary}") }`);
    await fetchJson(`${url}/graphql?query=${query}`, { headers: { ...headers, 'apollo-require-preflight': '1' } });
    await fetchJson(`${url}/nothing?token=${canary}`, { headers });
    await fetchJson(`${url}/graphql`, { method: 'POST', headers: { ...headers, ...json }, body: `{"x":"${canary}` });
    await sendBytes(url, `GET / HTTP/9.9\r\nAuthorization: ${canary}\r\n\r\n`);
    expect(log()).toContain('"path":"/graphql"');
    expect(log()).not.toContain(canary);
  });
});

describe('a change of the graph', () => {
  it('leaves operations under way to the generation that validated them', async () => {
    const entered = withResolvers();
    const release = withResolvers();
    const old = smallGraph('old', {
      slow: async () => {
        entered.resolve(undefined);
        await release.promise;
        return 'from old';
      },
    });
    const graphs = changingGraph(old);
    const { ask } = await runServer(graphs);
    const underWay = ask('{ slow generation }');
    await entered.promise;
    graphs.publish(smallGraph('new'));
    expect((await ask('{ generation }')).body).toEqual({ data: { generation: 'new' } });
    release.resolve(undefined);
    expect((await underWay).body).toEqual({ data: { slow: 'from old', generation: 'old' } });
  });

  it('validates known documents again', async () => {
    const graphs = changingGraph(smallGraph());
    const { ask } = await runServer(graphs);
    await ask('{ secretField }');
    const { buildSchema } = await import('graphql');
    graphs.publish({ ...smallGraph(), schema: buildSchema('type Query { other: String }') });
    expect(firstError(await ask('{ secretField }'))).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "secretField" on type "Query".',
    ]);
  });

  it('keeps the old graph when the new one is no valid schema', async () => {
    const graphs = changingGraph(smallGraph('old'));
    const { ask, log } = await runServer(graphs);
    const { buildSchema } = await import('graphql');
    graphs.publish({ ...smallGraph(), schema: buildSchema('type Nothing { a: Int }') });
    expect((await ask('{ generation }')).body).toEqual({ data: { generation: 'old' } });
    expect(log()).toContain('The new graph cannot be served; the one before stays');
  });
});

describe('the signal of an operation', () => {
  it('aborts when the client closes its connection', async () => {
    const entered = withResolvers<AbortSignal>();
    const graph = smallGraph('first', {
      slow: (_args, { signal }) => {
        entered.resolve(signal);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
      },
    });
    const { url } = await runServer(graph);
    const client = new AbortController();
    const answer = fetchJson(`${url}/graphql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: '{ slow }' }),
      signal: client.signal,
    });
    const signal = await entered.promise;
    expect(signal.aborted).toBe(false);
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await aborted;
    expect(signal.reason).toMatchObject({ code: 'REQUEST_CANCELLED' });
  });

  it('does not abort after a complete answer', async () => {
    const signals: AbortSignal[] = [];
    const graph = smallGraph('first', { slow: (_args, { signal }) => (signals.push(signal), 'done') });
    const server = await runServer(graph);
    expect((await server.ask('{ slow }')).body).toEqual({ data: { slow: 'done' } });
    await server.close();
    expect(signals[0]?.aborted).toBe(false);
  });

  it('aborts at the time limit, and what was done by then is answered', async () => {
    const graph = smallGraph('first', {
      slow: (_args, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    });
    const { ask } = await runServer(graph, { operationTimeoutMs: 20 });
    const { status, body } = await ask('{ greeting slow }');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: { greeting: 'Hello you', slow: null },
      errors: [
        {
          message: 'The operation took longer than its time limit of 20 ms. Ask for less in one operation.',
          path: ['slow'],
          extensions: { code: 'OPERATION_TIMEOUT' },
        },
      ],
    });
  });

  it('ends the wait even for work that listens to nothing', async () => {
    const { ask } = await runServer(smallGraph('first', { slow: () => new Promise(() => {}) }), {
      operationTimeoutMs: 10,
    });
    const answer = await ask('{ slow }');
    expect(answer.body.data).toBeNull();
    expect(firstError(answer)).toEqual([
      'OPERATION_TIMEOUT',
      'The operation took longer than its time limit of 10 ms. Ask for less in one operation.',
    ]);
  });
});

function withResolvers<Value = unknown>() {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Sends bytes that no HTTP client would, and gives what came back. */
function sendBytes(url: string, bytes: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
