/**
 * `npm run bench -- facades`: the CPU of one call of a facade beside the same operation in GraphQL, of one server. Rounds are
 * short and take turns, so that whatever else the machine does falls on both alike.
 */
import { cpus } from 'node:os';
import { canPin, startChild, type Usage } from '../child.ts';
import type { Load, LoadResult } from '../load.ts';
import { describeMachine } from '../report.ts';

const clients = 32;
/** At most so much of the CPU of the operation in GraphQL. */
const target = 1.3;

type Request = Required<Pick<Load, 'method' | 'path' | 'body'>>;

interface Pair {
  readonly name: string;
  readonly graphql: string;
  readonly facade: Request;
  /** Requests that either sends upstream. */
  readonly upstreamRequests: number;
}

function pairsOf(connection: string, thing: string): readonly Pair[] {
  return [
    {
      name: 'Lumos: 50 accounts',
      graphql: `{ accounts(connection: "${connection}", first: 50) { nodes {
        id email givenName familyName username status accountType customAttributes extraData
      } pageInfo { hasNextPage endCursor } } }`,
      facade: {
        method: 'POST',
        path: '/lumos/yard/list-accounts',
        body: JSON.stringify({ request: {}, page: { size: 50 } }),
      },
      upstreamRequests: 1,
    },
    {
      name: 'connctd: a property of a thing',
      graphql: `{ thing(id: "${thing}") { components(id: "order") { properties(id: "quantity") {
        id name value unit type lastUpdate propertyType
      } } } }`,
      facade: { method: 'GET', path: `/api/v1/things/${thing}/components/order/properties/quantity`, body: '' },
      upstreamRequests: 1,
    },
    {
      name: 'RDS: 50 projects of a port',
      graphql: `{ projects(connection: "${connection}", first: 50) { nodes { id metadata } } }`,
      facade: { method: 'GET', path: '/rds/ports/yard/metadata/project', body: '{"userId":"ada"}' },
      upstreamRequests: 1,
    },
    {
      name: 'RDS: research of a user',
      graphql: `{ researchContexts { number index name state
        imports { port fileStorage metadata customProperties { key value } }
        exports { port fileStorage metadata customProperties { key value } }
      } }`,
      facade: { method: 'GET', path: '/rds/research/user/ada', body: '' },
      upstreamRequests: 0,
    },
  ];
}

interface Costs {
  readonly graphql: number;
  readonly facade: number;
}

export async function measureFacades({ quick }: { readonly quick: boolean }): Promise<void> {
  const pace = quick ? { warmUp: 2_000, requests: 300, rounds: 20 } : { warmUp: 6_000, requests: 1_000, rounds: 40 };
  const core = canPin(cpus().length) ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const upstream = await startChild('./upstream.js', { core: core.others });
  const load = await startChild('./load.js', { core: core.others });
  const args = [String(upstream.ready.origin)];
  const server = await startChild('./facades/plugboard.js', { core: core.measured, args });
  const { port, connection, thing } = server.ready;

  const run = async (request: Request, minRequests: number, upstreamRequests: number): Promise<number> => {
    const headers = { 'x-external-subject-id': 'ada' };
    const details: Load = { port: Number(port), headers, clients, milliseconds: 0, minRequests, ...request };
    const asked = await upstream.ask<number>('asked');
    const before = await server.ask<Usage>('usage');
    const { requests } = await load.ask<LoadResult>('run', details);
    const after = await server.ask<Usage>('usage');
    const sent = (await upstream.ask<number>('asked')) - asked;
    if (sent !== requests * upstreamRequests) {
      throw new Error(`${request.path}: ${requests} calls sent ${sent} requests upstream.`);
    }
    return (after.cpuMicroseconds - before.cpuMicroseconds) / requests;
  };
  console.log(describeMachine(clients));
  for (const { name, graphql, facade, upstreamRequests } of pairsOf(String(connection), String(thing))) {
    process.stderr.write(`${name}\n`);
    const operation: Request = { method: 'POST', path: '/graphql', body: JSON.stringify({ query: graphql }) };
    for (const request of [operation, facade]) await run(request, pace.warmUp, upstreamRequests);
    const rounds: Costs[] = [];
    for (let round = 0; round < pace.rounds; round++) {
      const first = round % 2 === 0 ? await run(operation, pace.requests, upstreamRequests) : undefined;
      const own = await run(facade, pace.requests, upstreamRequests);
      rounds.push({ graphql: first ?? (await run(operation, pace.requests, upstreamRequests)), facade: own });
    }
    report(name, rounds);
  }
  await Promise.all([server, upstream, load].map((child) => child.stop()));
}

/** Medians, and of the ratios of each round the quartiles too. */
function report(name: string, rounds: readonly Costs[]): void {
  const cost = (kind: keyof Costs) =>
    quantile(
      rounds.map((each) => each[kind]),
      0.5,
    ).toFixed(0);
  const ratios = rounds.map(({ graphql, facade }) => facade / graphql);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share));
  const verdict = middle! <= target ? 'met' : 'MISSED';
  console.log(
    `${name.padEnd(32)} GraphQL ${cost('graphql').padStart(5)} µs, facade ${cost('facade').padStart(5)} µs: × ${middle!.toFixed(2)} ` +
      `(quartiles ${low!.toFixed(2)} and ${high!.toFixed(2)}), aim ≤ ${target}: ${verdict}`,
  );
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.round((values.length - 1) * share)]!;
}
