/** A gateway with the feeds of a shop in a process of its own, to be killed at any moment. */
import { defineConnector, defineTrigger } from '../../src/connector/define.ts';
import { createGateway } from '../../src/gateway.ts';
import { lateByMs } from '../support/faulty-shop.ts';

const input = [{ name: 'since', type: 'date_time' }] as const;
const output = [
  { name: 'id', optional: false },
  { name: 'created_at', type: 'date_time' },
  { name: 'amount', type: 'integer' },
] as const;

const newSale = defineTrigger({
  title: 'New sale',
  startField: 'since',
  intervalMs: 20,
  lookBackMs: 2 * lateByMs,
  input,
  output,
  async poll(connection, input, cursor: string | undefined) {
    const since = cursor ?? input.since?.toISOString();
    const { sales } = await connection.get('sales.json').params({ since, limit: 500 });
    return { events: sales, nextPoll: sales.at(-1)?.created_at, canPollMore: sales.length >= 500 };
  },
  dedup: (sale) => sale.id,
});

/** The same sales from the newest down, in small pages, so that most kills come in the midst of a cycle. */
const latestSale = defineTrigger({
  title: 'Latest sale',
  type: 'paging_desc',
  startField: 'since',
  intervalMs: 20,
  lookBackMs: 2 * lateByMs,
  input,
  output,
  async poll(connection, { since }, before: string | undefined) {
    const params = { since: since?.toISOString(), before, order: 'desc', limit: 25 };
    const { sales } = await connection.get('sales.json').params(params);
    return { events: sales, nextPage: sales.length >= 25 ? sales.at(-1)!.created_at : undefined };
  },
  dedup: (sale) => sale.id,
  sortBy: (sale) => sale.created_at,
});

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(origin: string, store: string, key: string, port: number, queue?: string) {
    const shop = defineConnector({
      name: 'shop',
      connection: { baseUri: `${origin}/`, authorization: { type: 'none' } },
      triggers: { newSale, latestSale },
    });
    const gateway = await createGateway({
      connectors: [shop],
      environment: {},
      configuration: {
        insecureDev: true,
        explorer: false,
        logLevel: 'silent',
        store,
        ...(queue !== undefined && { queue }),
        key,
        port,
        feeds: { minIntervalMs: 20, takeoverMs: 2_000 },
        // Shorter than some answers hang.
        http: { allowedPrivateOrigins: [origin], totalTimeoutMs: 700 },
      },
    });
    return gateway.listen();
  },
};

process.on('message', (message: { call: number; name: string; given: never[] }) => {
  const { call, name, given } = message;
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
