/** Two replicas of the built command over one PostgreSQL: what one begins the other goes on with, and nothing is missing. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { withPostgres } from '../support/postgres.ts';
import type { TestPostgres } from '../support/start-postgres.ts';
import { withRedis } from '../support/redis.ts';
import { startReplica, type Replica } from '../support/replica.ts';
import { subscribeResuming, type ResumingSubscriber } from '../support/resuming-subscriber.ts';
import { createProject, type TemporaryProject } from '../support/temporary-project.ts';
import { until } from '../support/until.ts';

interface Sale {
  readonly id: string;
  readonly created_at: string;
}

let provider: FakeProvider;
let project: TemporaryProject;
let sales: Sale[];
/** Polls of sales are held while this is set. */
let hold: Promise<void> | undefined;
let heldCount: number;
let pollCount: number;
let key: string;
const replicas: Replica[] = [];
const subscribers: ResumingSubscriber[] = [];

beforeEach(async () => {
  sales = [];
  hold = undefined;
  heldCount = pollCount = 0;
  key = randomBytes(32).toString('base64');
  provider = await startFakeProvider(async ({ query, headers }) => {
    if (headers['x-token'] !== 'good') return { status: 401, json: { message: 'no' } };
    if (query['since'] === undefined) return { json: { sales } };
    if (hold) {
      heldCount += 1;
      await hold;
    }
    pollCount += 1;
    return { json: { sales: sales.filter(({ created_at }) => created_at >= query['since']!) } };
  });
  project = await createProject({
    'plugboard.config.ts': `export default {
      insecureDev: true, explorer: false, logLevel: 'silent', key: ${JSON.stringify(key)},
      feeds: { minIntervalMs: 20 }, http: { allowedPrivateOrigins: [${JSON.stringify(provider.origin)}] },
    };`,
    'connectors/shop/connector.ts': connector(provider.origin),
  });
});
afterEach(async () => {
  await Promise.all(subscribers.splice(0).map((subscriber) => subscriber.close()));
  await Promise.all(replicas.splice(0).map((replica) => replica.kill()));
  await provider.close();
  await project.remove();
});

function connector(origin: string): string {
  return `import { defineAction, defineConnector, defineTrigger } from 'plugboard/connector';
const output = [{ name: 'id', optional: false }, { name: 'created_at', type: 'date_time' }];
export default defineConnector({
  name: 'shop',
  connection: {
    fields: [{ name: 'token', optional: false, controlType: 'password' }],
    baseUri: '${origin}/',
    authorization: { type: 'api_key', apply: (request, { fields }) => request.headers({ 'x-token': fields.token }) },
  },
  test: (connection) => connection.get('sales.json'),
  objects: { sale: { key: 'id', fields: output } },
  actions: {
    getSales: defineAction({
      title: 'Sales', readOnly: true, input: [], output: [{ name: 'sales', type: 'array', of: 'object', properties: output }],
      execute: (connection) => connection.get('sales.json'),
    }),
  },
  triggers: {
    newSale: defineTrigger({
      title: 'New sale', startField: 'since', intervalMs: 50, lookBackMs: 3_000,
      input: [{ name: 'since', type: 'date_time' }], output,
      async poll(connection, input, cursor) {
        const { sales } = await connection.get('sales.json').params({ since: cursor ?? input.since?.toISOString() });
        return { events: sales, nextPoll: sales.at(-1)?.created_at };
      },
      dedup: (sale) => sale.id,
    }),
  },
});
`;
}

function sell(count: number): void {
  const created_at = new Date().toISOString();
  for (let sold = 0; sold < count; sold += 1) sales.push({ id: `s${sales.length + 1}`, created_at });
}

async function startGateway(store: string, queue?: string): Promise<Replica> {
  const args = ['--config', project.config, '--store', store, ...(queue === undefined ? [] : ['--queue', queue])];
  const replica = await startReplica(project.folder, args, {});
  replicas.push(replica);
  return replica;
}

/** A cursor to begin at and the subscription, in the first replica's words. */
async function watchSales(
  replica: Replica,
  since: string,
): Promise<{ readonly query: string; readonly cursor: string }> {
  const started = await replica.ask(
    `mutation { startFeed(connector: "shop", trigger: "newSale", input: { since: "${since}" }) { cursor } }`,
  );
  expect(started).toEqual({ data: { startFeed: { cursor: expect.any(String) } } });
  const query = `subscription ($after: String) { shopNewSale(since: "${since}", after: $after) { id cursor } }`;
  return { query, cursor: started.data.startFeed.cursor };
}

async function connect(replica: Replica): Promise<void> {
  const connected = await replica.ask(
    'mutation { connect(connector: "shop", fields: { token: "good" }) { connection { state } } }',
  );
  expect(connected).toEqual({ data: { connect: { connection: { state: 'STARTED' } } } });
}

const socketOf = (replica: Replica) => `${replica.url.replace('http', 'ws')}/graphql`;

async function measureTakeover(store: string, queue?: string): Promise<number> {
  const one = await startGateway(store, queue);
  await connect(one);
  const { query, cursor } = await watchSales(one, new Date().toISOString());
  await until(() => pollCount > 2);
  let release = () => {};
  hold = new Promise((resolve) => (release = resolve));
  // Its poll is held, so that it dies in the midst of it.
  await until(() => heldCount > 0);
  const other = await startGateway(store, queue);
  await one.kill();
  const killedAt = performance.now();
  const before = heldCount;
  await until(() => heldCount > before);
  const tookMs = performance.now() - killedAt;
  release();
  hold = undefined;
  sell(5);
  const subscriber = subscribeResuming(socketOf(other), query, cursor);
  subscribers.push(subscriber);
  await subscriber.received(5);
  expect(subscriber.ids).toEqual(sales.map(({ id }) => id));
  if (process.env['REPLICAS'] === 'full') {
    process.stdout.write(
      `${JSON.stringify({ queue: queue ? 'redis' : 'postgres', takeoverMs: Math.round(tookMs) })}\n`,
    );
  }
  return tookMs;
}

let store: TestPostgres | undefined;
await withPostgres((postgres) => {
  store = postgres;
  beforeEach(() => postgres.ask('DROP SCHEMA IF EXISTS plugboard CASCADE'));

  it('connects through one, queries through the other, and a subscription goes on there after the first was killed', async () => {
    const [one, other] = [await startGateway(postgres.url), await startGateway(postgres.url)];
    await connect(one);
    const since = new Date().toISOString();
    sell(3);
    expect(await other.ask('{ shopSales { sales { id } } }')).toEqual({
      data: { shopSales: { sales: [{ id: 's1' }, { id: 's2' }, { id: 's3' }] } },
    });
    const { query, cursor } = await watchSales(one, since);
    let target = one;
    const subscriber = subscribeResuming(() => socketOf(target), query, cursor);
    subscribers.push(subscriber);
    for (let turn = 0; turn < 5; turn += 1) {
      sell(10);
      await subscriber.received(3 + (turn + 1) * 10);
    }
    // What happens around the kill: some of it logged and not told, some not even polled.
    sell(20);
    await one.kill();
    target = other;
    sell(20);
    await subscriber.received(93);
    expect(subscriber.ids).toEqual(sales.map(({ id }) => id));
    expect(subscriber.errors).toEqual([]);
  });

  it('takes the feed of a killed replica over within 10 s', async () => {
    expect(await measureTakeover(postgres.url)).toBeLessThan(10_000);
  });
});

if (store) {
  await withRedis((redis) => {
    beforeEach(() => store!.ask('DROP SCHEMA IF EXISTS plugboard CASCADE'));

    it('takes it over within 10 s where Redis hands out the polls', async () => {
      expect(await measureTakeover(store!.url, redis.url)).toBeLessThan(10_000);
    });
  });
}
