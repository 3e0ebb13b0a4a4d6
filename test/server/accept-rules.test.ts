import { describe, expect, it } from '@jest/globals';
import { feedingGraph } from '../support/feeding-graph.ts';
import { fetchJson, runServer } from '../support/running-server.ts';

const response = 'application/graphql-response+json';
const json = 'application/json';

/** @see https://graphql.github.io/graphql-over-http/draft/ */
describe('the media type of an answer at /graphql', () => {
  it.each([
    [undefined, json],
    ['*/*', json],
    ['application/*', json],
    [json, json],
    [response, response],
    [`${response}, ${json}`, response],
    [`${json}, ${response}`, json],
    [`${json};q=0.5, ${response};q=0.9`, response],
    [`${response}; charset=utf-8, ${json}; charset=utf-8`, response],
    ['text/html, */*;q=0.1', json],
  ])('is, for Accept: %s, %s', async (accept, type) => {
    const { post } = await start();
    const { status, headers, body } = await post('{ greeting }', accept);
    expect([status, headers.get('content-type'), body]).toEqual([
      200,
      `${type}; charset=utf-8`,
      { data: { greeting: 'Hello you' } },
    ]);
  });

  it.each(['text/html', 'image/png', 'application/xml', 'application/json;q=0'])(
    'is none that the client takes for Accept: %s, which gets 406 before anything is done',
    async (accept) => {
      const { post, graph } = await start();
      const { status, body } = await post('mutation { rename(name: "x") }', accept);
      expect([status, body.errors[0].extensions.code, graph.executed]).toEqual([406, 'NOT_ACCEPTABLE', []]);
    },
  );

  it.each([
    ['{ greeting', 400],
    ['{ nothing }', 400],
    ['query A { greeting } query B { greeting }', 400],
    ['query Q($of: Int!) { count(of: $of) }', 400],
    ['{ greeting broken }', 200],
    ['subscription { renamed }', 406],
  ])('goes with a status that tells whether there is data: %s gets %i', async (query, status) => {
    const { post } = await start();
    for (const accept of [response, json]) {
      const answer = await post(query, accept);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, `${accept}; charset=utf-8`]);
      expect('data' in answer.body).toBe(status === 200);
      expect(answer.body.errors).toHaveLength(1);
    }
  });

  it('is not asked for by a GET that would change something, nor by one that subscribes', async () => {
    const { url } = await start();
    for (const query of ['mutation { rename(name: "x") }', 'subscription { renamed }']) {
      const search = new URLSearchParams({ query }).toString();
      const answer = await fetchJson(`${url}/graphql?${search}`, { headers: { 'apollo-require-preflight': '1' } });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});

async function start() {
  const graph = feedingGraph();
  const { url } = await runServer(graph);
  const post = (query: string, accept: string | undefined) =>
    fetchJson(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(accept !== undefined && { accept }) },
      body: JSON.stringify({ query }),
    });
  return { graph, url, post };
}
