/** Makes one statement of many reads that come at a time: whoever waits for a connection anyway waits together. */
import { GatewayError } from '../../errors.ts';

export interface Gathered<Row> {
  /** Reads one. What was written before the call is seen by it. */
  (kind: string, id: string): Promise<Row | undefined>;
}

interface Asked<Row> {
  readonly kind: string;
  readonly id: string;
  readonly callers: { readonly resolve: (row: Row | undefined) => void; readonly reject: (error: unknown) => void }[];
}

/** So many statements are under way; what comes meanwhile is in the next one. The other connections are for those who write. */
const maxStatements = 4;
const maxKeys = 500;

/**
 * Gathers reads by kind and id. While few come each is a statement of its own, at once; a crowd, as of callers who all find
 * the same token expired, costs a few statements and not one for each. A read that was already sent is never shared, for it may
 * not see what the next caller has written.
 *
 * @param read - reads these; the rows in any order, those that there are.
 * @param keyOf - which of them a row is.
 */
export function gatherReads<Row>(
  read: (kinds: readonly string[], ids: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => { readonly kind: string; readonly id: string },
): Gathered<Row> {
  const waiting = new Map<string, Asked<Row>>();
  let underWay = 0;
  let isPlanned = false;
  const next = (): void => {
    isPlanned = false;
    while (underWay < maxStatements && waiting.size > 0) {
      const batch = [...waiting].slice(0, maxKeys);
      for (const [key] of batch) waiting.delete(key);
      underWay += 1;
      void answer(batch.map(([, asked]) => asked)).finally(() => {
        underWay -= 1;
        next();
      });
    }
  };
  const answer = async (batch: readonly Asked<Row>[]): Promise<void> => {
    try {
      const rows = await read(
        batch.map(({ kind }) => kind),
        batch.map(({ id }) => id),
      );
      const found = new Map(rows.map((row) => [keyText(keyOf(row)), row]));
      for (const asked of batch) {
        for (const { resolve } of asked.callers) resolve(found.get(keyText(asked)));
      }
    } catch (error) {
      for (const { reject } of batch.flatMap(({ callers }) => callers)) reject(ownError(error));
    }
  };
  return (kind, id) =>
    new Promise((resolve, reject) => {
      const key = keyText({ kind, id });
      const asked = waiting.get(key) ?? { kind, id, callers: [] };
      asked.callers.push({ resolve, reject });
      waiting.set(key, asked);
      if (isPlanned) return;
      isPlanned = true;
      // Those who ask in the same turn are together.
      queueMicrotask(next);
    });
}

/** A text of PostgreSQL has no NUL. */
function keyText({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind}\0${id}`;
}

/** One for each: what is added to it on the way up is about one caller. */
function ownError(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  return new GatewayError(error.code, error.message, { ...error.details, cause: error.cause });
}
