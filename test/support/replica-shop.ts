/** A shop whose sales replicas of the built command watch and list, each with the same project and its own process. */
import { randomBytes } from 'node:crypto';
import { startFakeProvider, type FakeProvider } from './fake-provider.ts';
import { startReplica, type Replica } from './replica.ts';
import { subscribeResuming, type ResumingSubscriber } from './resuming-subscriber.ts';
import { createProject } from './temporary-project.ts';

export interface ReplicaShop {
  readonly provider: FakeProvider;
  /** Ids of all sales, in their order. */
  readonly ids: () => readonly string[];
  readonly sell: (count: number) => void;
  /** Polls of sales are held until it is called again with nothing. */
  readonly hold: (until?: Promise<void>) => void;
  readonly heldCount: () => number;
  readonly pollCount: () => number;
  readonly start: (store: string, more?: ReplicaOptions) => Promise<Replica>;
  /** A connection that is kept in the store. */
  readonly connect: (replica: Replica, subject?: string) => Promise<void>;
  readonly watch: (replica: Replica, since: string) => Promise<{ readonly query: string; readonly cursor: string }>;
  readonly subscribe: (replica: () => Replica, watched: { query: string; cursor: string }) => ResumingSubscriber;
  /** Ends what was started. */
  readonly close: () => Promise<void>;
}

export interface ReplicaOptions {
  readonly queue?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/** @param feeds - of the configuration. */
export async function openReplicaShop(feeds: object = {}): Promise<ReplicaShop> {
  const sales: { readonly id: string; readonly created_at: string }[] = [];
  const replicas: Replica[] = [];
  const subscribers: ResumingSubscriber[] = [];
  let held: Promise<void> | undefined;
  let heldCount = 0;
  let pollCount = 0;
  const provider = await startFakeProvider(async ({ query, headers }) => {
    if (headers['x-token'] !== 'good') return { status: 401, json: { message: 'no' } };
    if (query['since'] === undefined) return { json: { sales } };
    if (held) {
      heldCount += 1;
      await held;
    }
    pollCount += 1;
    return { json: { sales: sales.filter(({ created_at }) => created_at >= query['since']!) } };
  });
  const configuration = {
    insecureDev: true,
    explorer: false,
    logLevel: 'silent',
    key: randomBytes(32).toString('base64'),
    feeds: { minIntervalMs: 20, ...feeds },
    http: { allowedPrivateOrigins: [provider.origin] },
  };
  const project = await createProject({
    'plugboard.config.ts': `export default ${JSON.stringify(configuration)};`,
    'connectors/shop/connector.ts': connector(provider.origin),
  });
  return {
    provider,
    ids: () => sales.map(({ id }) => id),
    sell(count) {
      const created_at = new Date().toISOString();
      for (let sold = 0; sold < count; sold += 1) sales.push({ id: `s${sales.length + 1}`, created_at });
    },
    hold: (until) => void (held = until),
    heldCount: () => heldCount,
    pollCount: () => pollCount,
    async start(store, { queue, environment = {} } = {}) {
      const args = ['--config', project.config, '--store', store, ...(queue === undefined ? [] : ['--queue', queue])];
      const replica = await startReplica(project.folder, args, environment);
      replicas.push(replica);
      return replica;
    },
    connect,
    watch,
    subscribe(replica, { query, cursor }) {
      const subscriber = subscribeResuming(() => `${replica().url.replace('http', 'ws')}/graphql`, query, cursor);
      subscribers.push(subscriber);
      return subscriber;
    },
    async close() {
      await Promise.all(subscribers.splice(0).map((subscriber) => subscriber.close()));
      await Promise.all(replicas.splice(0).map((replica) => replica.kill()));
      await provider.close();
      await project.remove();
    },
  };
}

async function connect(replica: Replica, subject?: string): Promise<void> {
  const { data, errors } = await replica.ask(
    'mutation { connect(connector: "shop", fields: { token: "good" }) { connection { state } } }',
    {},
    subject,
  );
  if (errors) throw new Error(JSON.stringify(errors));
  if (data.connect.connection.state !== 'STARTED') throw new Error(JSON.stringify(data));
}

/** A cursor to begin at and the subscription, in this replica's words. */
async function watch(replica: Replica, since: string): Promise<{ readonly query: string; readonly cursor: string }> {
  const { data, errors } = await replica.ask(
    `mutation { startFeed(connector: "shop", trigger: "newSale", input: { since: "${since}" }) { cursor } }`,
  );
  if (errors) throw new Error(JSON.stringify(errors));
  const query = `subscription ($after: String) { shopNewSale(since: "${since}", after: $after) { id cursor } }`;
  return { query, cursor: data.startFeed.cursor };
}

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
