/** Tells the other replicas that a provider takes no more requests for now, and hears it from them. */
import { createHash } from 'node:crypto';
import type { ClosedLimit, RateBudgets } from '../http/rate-budget.ts';
import type { RecordValue, Records, StoredRecord } from '../storage/records.ts';

/** Kind of the record. */
export const rateLimitKind = 'rate_limit';

/** How often the others are listened to; so late, at most, a replica stops too. */
const listenEveryMs = 1_000;
const pageSize = 1_000;

interface RateLimitValue extends RecordValue {
  readonly whose: string;
  readonly origin: string;
  readonly resource: string;
  /** From when it was written. */
  readonly closedMs: number;
}

export interface SharedRateLimits {
  /** Tells the others. It never fails: who does not hear it is told by the provider itself. */
  readonly publish: (limit: ClosedLimit) => void;
  /** Hears the others once. @throws GatewayError of the store */
  readonly listen: (budgets: Pick<RateBudgets, 'close'>) => Promise<void>;
  /** Hears them every second. A store that fails is asked again. */
  readonly start: (budgets: Pick<RateBudgets, 'close'>) => void;
  /** Waits for what is being written. */
  readonly stop: () => Promise<void>;
}

/**
 * What a request asks stays in the process; the store is written when a limit is reached, and read once a second. How much is
 * left below the limit is no message: the provider tells each replica with every answer, the requests of the others counted.
 */
export function createSharedRateLimits(records: Records, now: () => number = Date.now): SharedRateLimits {
  const heard = new Map<string, number>();
  const writing = new Set<Promise<void>>();
  let hasListened = false;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const listen = async (budgets: Pick<RateBudgets, 'close'>): Promise<void> => {
    const page = await records.list(rateLimitKind, {}, { limit: pageSize });
    const known = new Set(page.map(({ id }) => id));
    for (const id of heard.keys()) if (!known.has(id)) heard.delete(id);
    for (const record of page as readonly StoredRecord<RateLimitValue>[]) {
      if (heard.get(record.id) === record.version) continue;
      heard.set(record.id, record.version);
      const { closedMs, ...limit } = record.value;
      // Who listened a second ago needs no clock to know how old the news is; who begins to listen compares clocks.
      const ageMs = hasListened ? 0 : Math.max(0, now() - record.updatedAt);
      if (closedMs > ageMs) budgets.close({ ...limit, closedMs: closedMs - ageMs });
    }
    hasListened = true;
  };

  return {
    publish(limit) {
      const work = write(records, limit).catch(() => {});
      writing.add(work);
      void work.then(() => writing.delete(work));
    },
    listen,
    start(budgets) {
      const round = async (): Promise<void> => {
        // A store that fails may be back for the next round.
        await listen(budgets).catch(() => {});
        if (!isStopped) timer = setTimeout(() => void round(), listenEveryMs).unref();
      };
      void round();
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await Promise.all(writing);
    },
  };
}

/** The longest wait that anybody told stays; it ends by the clock of the store, which only the record itself tells. */
async function write(records: Records, limit: ClosedLimit): Promise<void> {
  const { whose, origin, resource } = limit;
  const value: RateLimitValue = { whose, origin, resource, closedMs: Math.ceil(limit.closedMs) };
  const id = createHash('sha256')
    .update(JSON.stringify([whose, origin, resource]))
    .digest('base64url');
  const created = await records.create(rateLimitKind, id, value);
  const record = created ?? (await records.get(rateLimitKind, id));
  if (!record) return;
  const expiresAt = (created ? record.updatedAt : Math.max(record.updatedAt, record.expiresAt ?? 0)) + value.closedMs;
  await records.compareAndSet(rateLimitKind, id, record.version, value, { expiresAt });
}
