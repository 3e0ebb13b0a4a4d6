/** A shop that writes, whose provider carries everything out and then loses its answers on demand. */
import { defineAction, defineConnector } from '../../src/connector/define.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { startFakeProvider, type FakeProvider } from './fake-provider.ts';

const input = [{ name: 'item', optional: false }] as const;
const output = [{ name: 'id', type: 'integer' }, { name: 'item' }] as const;

/** `createOrder`: its provider takes no keys. `createPayment`: it takes them in a header. */
export function writingShop(origin: string): Connector {
  return defineConnector({
    name: 'shop',
    title: 'Shop',
    connection: { baseUri: `${origin}/`, authorization: { type: 'none' } },
    actions: {
      createOrder: defineAction({
        input,
        output,
        execute: (connection, { item }) => connection.post('orders', { item }),
      }),
      createPayment: defineAction({
        input,
        output,
        idempotencyKey: { header: 'Idempotency-Key' },
        execute: (connection, { item }) => connection.post('payments', { item }),
      }),
    },
  });
}

export interface WritingProvider extends FakeProvider {
  /** What was carried out, in order. */
  readonly rows: readonly { readonly id: number; readonly item: string }[];
  /** What becomes of the next answers, by item: the connection is cut, or the answer waits for `release`. */
  readonly behave: (item: string, how: 'cut' | 'wait' | 'refuse') => void;
  readonly release: () => void;
}

/** Behaves as told the first time that an item is asked for. A payment with a known key is answered as before. */
export async function startWritingProvider(): Promise<WritingProvider> {
  const rows: { id: number; item: string }[] = [];
  const byKey = new Map<string, { id: number; item: string }>();
  const behaviours = new Map<string, 'cut' | 'wait' | 'refuse'>();
  let release = () => {};
  let released = new Promise<void>((resolve) => (release = resolve));
  const provider = await startFakeProvider(async (request, response) => {
    const { item } = JSON.parse(request.body) as { item: string };
    const behaviour = behaviours.get(item);
    behaviours.delete(item);
    if (behaviour === 'refuse') return { status: 422, json: { message: 'No.' } };
    const key = request.headers['idempotency-key'] as string | undefined;
    const known = key === undefined ? undefined : byKey.get(key);
    const row = known ?? { id: rows.length + 1, item };
    if (!known) rows.push(row);
    if (key !== undefined) byKey.set(key, row);
    if (behaviour === 'cut') return void response.destroy();
    if (behaviour === 'wait') await released;
    return { json: row };
  });
  return {
    ...provider,
    rows,
    behave: (item, how) => void behaviours.set(item, how),
    release: () => {
      release();
      released = new Promise<void>((resolve) => (release = resolve));
    },
  };
}
