/** A provider whose sales come fast, doubled, out of order and late, and whose answers fail: what feeds must lose nothing of. */
import type { ServerResponse } from 'node:http';
import { startFakeProvider, type RecordedRequest, type Reply } from './fake-provider.ts';

export interface FaultyShopOptions {
  /** Sales in all. */
  readonly count: number;
  readonly perSecond: number;
  /** Shares between 0 and 1: of the sales. */
  readonly doubled: number;
  readonly reordered: number;
  readonly late: number;
  /** Of the requests: refused, or answered with half a list. */
  readonly failing: number;
  /** Of the requests: held, and cut after a while. */
  readonly hanging?: number;
  /** Sales without an id, so many exactly, spread over all. */
  readonly poisonedCount?: number;
  /** Seed, so that a run can be repeated. */
  readonly seed?: number;
}

export interface FaultyShop {
  readonly origin: string;
  /** Sells, up to so many in all; default: everything. */
  readonly open: (upTo?: number) => void;
  /** Resolves when everything was sold and can be listed. */
  readonly soldOut: Promise<void>;
  /** Ids of all sales so far that are sound. */
  readonly sold: () => readonly string[];
  readonly poisonedCount: () => number;
  /** What the shop did: to the requests that it was asked, and to its sales. */
  readonly mischief: () => Mischief;
  readonly close: () => Promise<void>;
}

export interface Mischief {
  readonly asked: number;
  readonly failed: number;
  readonly cut: number;
  readonly hung: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly late: number;
}

interface Sale {
  readonly number: number;
  readonly createdAt: number;
  readonly visibleAt: number;
  readonly isReordered: boolean;
  readonly isLate: boolean;
  readonly isDoubled: boolean;
  readonly isPoisoned: boolean;
}

/** A late sale can be listed so long after its time. */
export const lateByMs = 1_500;

/** Starts it on 127.0.0.1, closed for business until `open`. */
export async function startFaultyShop(options: FaultyShopOptions): Promise<FaultyShop> {
  const random = randomNumbers(options.seed ?? 1);
  const sales: Sale[] = [];
  const mischief = { asked: 0, failed: 0, cut: 0, hung: 0 };
  let timer: NodeJS.Timeout | undefined;
  let tellSoldOut: () => void = () => {};
  const soldOut = new Promise<void>((resolve) => (tellSoldOut = resolve));
  const provider = await startFakeProvider((request, response) => {
    mischief.asked += 1;
    if (random() < (options.hanging ?? 0)) {
      mischief.hung += 1;
      hang(response, random());
      return undefined;
    }
    if (random() >= options.failing) return list(sales, request);
    const kind = random();
    if (kind < 0.2) {
      mischief.cut += 1;
      cut(response);
      return undefined;
    }
    mischief.failed += 1;
    return failure(kind);
  });
  let goal = 0;
  let due = 0;
  let lastAt = 0;
  const sell = () => {
    const now = Date.now();
    // After a pause of this process they do not come all at one time.
    due = Math.min(due + ((now - lastAt) * options.perSecond) / 1000, mostAtOnce, goal - sales.length);
    lastAt = now;
    for (; due >= 1; due -= 1) sales.push(newSale(sales.length + 1, now, random, options));
    if (sales.length < options.count || sales.some(({ visibleAt }) => visibleAt > now)) return;
    clearInterval(timer);
    tellSoldOut();
  };
  return {
    origin: provider.origin,
    open(upTo = options.count) {
      goal = upTo;
      if (timer) return;
      lastAt = Date.now();
      timer = setInterval(sell, 5);
    },
    soldOut,
    sold: () => sales.filter(({ isPoisoned }) => !isPoisoned).map(({ number }) => `s${number}`),
    poisonedCount: () => sales.filter(({ isPoisoned }) => isPoisoned).length,
    mischief: () => ({
      ...mischief,
      doubled: sales.filter(({ isDoubled }) => isDoubled).length,
      reordered: sales.filter(({ isReordered }) => isReordered).length,
      late: sales.filter(({ isLate }) => isLate).length,
    }),
    async close() {
      clearInterval(timer);
      await provider.close();
    },
  };
}

const mostAtOnce = 10;

function newSale(number: number, now: number, random: () => number, options: FaultyShopOptions): Sale {
  const isLate = random() < options.late;
  const isReordered = random() < options.reordered;
  return {
    number,
    // Out of order: it says that it is older than what was listed before it.
    createdAt: isReordered ? now - Math.floor(random() * 200) : now,
    visibleAt: isLate ? now + lateByMs : now,
    isReordered,
    isLate,
    isDoubled: random() < options.doubled,
    isPoisoned: isPoisoned(number, options),
  };
}

/** Every so-manyth, until there are so many. */
function isPoisoned(number: number, { count, poisonedCount = 0 }: FaultyShopOptions): boolean {
  if (poisonedCount === 0) return false;
  const distance = Math.floor(count / poisonedCount);
  return number % distance === 0 && number <= distance * poisonedCount;
}

/**
 * `GET /sales.json?since=…&before=…&order=…&limit=…`: oldest first, or newest first with `order=desc`; both ends belong to it.
 */
function list(sales: readonly Sale[], { query }: RecordedRequest): Reply {
  const now = Date.now();
  const since = query['since'] ? Date.parse(query['since']) : 0;
  const before = query['before'] ? Date.parse(query['before']) : Infinity;
  const sorted = sales
    .filter(({ createdAt, visibleAt }) => createdAt >= since && createdAt <= before && visibleAt <= now)
    .sort((one, other) => one.createdAt - other.createdAt || one.number - other.number);
  const rows = (query['order'] === 'desc' ? sorted.reverse() : sorted)
    .slice(0, Number(query['limit'] ?? 100))
    .flatMap((sale) => (sale.isDoubled ? [row(sale), row(sale)] : [row(sale)]));
  return { json: { sales: rows } };
}

function row({ number, createdAt, isPoisoned }: Sale): object {
  const created_at = new Date(createdAt).toISOString();
  return isPoisoned ? { id: null, created_at, amount: number } : { id: `s${number}`, created_at, amount: number % 100 };
}

/** A list of which half comes, in an answer that is whole all the same. */
const halfList = '{"sales":[{"id":"s1","crea';

function failure(kind: number): Reply {
  if (kind < 0.5) return { status: 500, json: { message: 'Out of order' } };
  if (kind < 0.7) return { status: 503, json: { message: 'Closed for a moment' } };
  if (kind < 0.85) return { status: 200, body: halfList, headers: { 'content-type': 'application/json' } };
  return { status: 429, json: { message: 'Too many' }, headers: { 'retry-after': '0' } };
}

/** Breaks the connection in the middle of the body. */
function cut(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 10_000 });
  response.write(halfList, () => response.destroy());
}

/** Says nothing, or half of it, for a while that some clients do not wait, and breaks the connection. */
function hang(response: ServerResponse, length: number): void {
  if (length < 0.5) response.writeHead(200, { 'content-type': 'application/json' }).write(halfList);
  setTimeout(() => response.destroy(), 200 + length * 1_000).unref();
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
