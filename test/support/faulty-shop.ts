/** A provider whose sales come fast, doubled, out of order and late, and whose answers fail: what feeds must lose nothing of. */
import { startFakeProvider, type RecordedRequest, type Reply } from './fake-provider.ts';

export interface FaultyShopOptions {
  /** Sales in all. */
  readonly count: number;
  readonly perSecond: number;
  /** Shares between 0 and 1. */
  readonly doubled: number;
  readonly reordered: number;
  readonly late: number;
  readonly failing: number;
  readonly poisoned?: number;
  /** Seed, so that a run can be repeated. */
  readonly seed?: number;
}

export interface FaultyShop {
  readonly origin: string;
  /** Begins to sell. */
  readonly open: () => void;
  /** Resolves when everything was sold and can be listed. */
  readonly soldOut: Promise<void>;
  /** Ids of all sales so far that are sound. */
  readonly sold: () => readonly string[];
  readonly poisonedCount: () => number;
  readonly requestCount: () => number;
  readonly close: () => Promise<void>;
}

interface Sale {
  readonly number: number;
  readonly createdAt: number;
  readonly visibleAt: number;
  readonly isDoubled: boolean;
  readonly isPoisoned: boolean;
}

/** A late sale can be listed so long after its time. */
export const lateByMs = 1_500;

/** Starts it on 127.0.0.1, closed for business until `open`. */
export async function startFaultyShop(options: FaultyShopOptions): Promise<FaultyShop> {
  const random = randomNumbers(options.seed ?? 1);
  const sales: Sale[] = [];
  let timer: NodeJS.Timeout | undefined;
  let tellSoldOut: () => void = () => {};
  const soldOut = new Promise<void>((resolve) => (tellSoldOut = resolve));
  const provider = await startFakeProvider((request) => {
    if (random() < options.failing) return failure(random());
    return list(sales, request);
  });
  const sellUpTo = (count: number, now: number) => {
    while (sales.length < Math.min(count, options.count)) sales.push(newSale(sales.length + 1, now, random, options));
  };
  return {
    origin: provider.origin,
    open() {
      const openedAt = Date.now();
      timer = setInterval(() => {
        const now = Date.now();
        sellUpTo(Math.floor(((now - openedAt) * options.perSecond) / 1000), now);
        if (sales.length < options.count || sales.some(({ visibleAt }) => visibleAt > now)) return;
        clearInterval(timer);
        tellSoldOut();
      }, 5);
    },
    soldOut,
    sold: () => sales.filter(({ isPoisoned }) => !isPoisoned).map(({ number }) => `s${number}`),
    poisonedCount: () => sales.filter(({ isPoisoned }) => isPoisoned).length,
    requestCount: () => provider.requests.length,
    async close() {
      clearInterval(timer);
      await provider.close();
    },
  };
}

function newSale(number: number, now: number, random: () => number, options: FaultyShopOptions): Sale {
  const isLate = random() < options.late;
  return {
    number,
    // Out of order: it says that it is older than what was listed before it.
    createdAt: random() < options.reordered ? now - Math.floor(random() * 200) : now,
    visibleAt: isLate ? now + lateByMs : now,
    isDoubled: random() < options.doubled,
    isPoisoned: random() < (options.poisoned ?? 0),
  };
}

/** `GET /sales.json?since=…&limit=…`: oldest first, `since` included. */
function list(sales: readonly Sale[], { query }: RecordedRequest): Reply {
  const now = Date.now();
  const since = query['since'] ? Date.parse(query['since']) : 0;
  const rows = sales
    .filter(({ createdAt, visibleAt }) => createdAt >= since && visibleAt <= now)
    .sort((one, other) => one.createdAt - other.createdAt || one.number - other.number)
    .slice(0, Number(query['limit'] ?? 100))
    .flatMap((sale) => (sale.isDoubled ? [row(sale), row(sale)] : [row(sale)]));
  return { json: { sales: rows } };
}

function row({ number, createdAt, isPoisoned }: Sale): object {
  const created_at = new Date(createdAt).toISOString();
  return isPoisoned ? { id: null, created_at, amount: number } : { id: `s${number}`, created_at, amount: number % 100 };
}

function failure(kind: number): Reply | undefined {
  if (kind < 0.4) return { status: 500, json: { message: 'Out of order' } };
  if (kind < 0.6) return { status: 503, json: { message: 'Closed for a moment' } };
  if (kind < 0.8)
    return { status: 200, body: '{"sales":[{"id":"s1","crea', headers: { 'content-type': 'application/json' } };
  return { status: 429, json: { message: 'Too many' }, headers: { 'retry-after': '0' } };
}

/** Mulberry32: small, and the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
