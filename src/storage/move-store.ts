/** Moves all that a store keeps to another one, of the same sort or the other; what was done stays done when it is stopped. */
import { GatewayError } from '../errors.ts';
import type { Row } from './row.ts';
import type { Store } from './store.ts';
import { storeTables, type StoreTable } from './store-tables.ts';

export interface MoveProgress {
  readonly table: string;
  readonly moved: number;
  readonly total: number;
}

export interface MoveOptions {
  /** What tells the source from all others, and stays the same when the move is begun again. */
  readonly source: string;
  /** Hears after every page. */
  readonly onProgress?: (progress: MoveProgress) => void;
  readonly signal?: AbortSignal;
}

/** Rows by table; in the target as many as in the source. */
export type MovedCounts = Readonly<Record<string, number>>;

const markKind = 'store_move';
/** Of the target: from where, and whether all is there. Of the source: that it is not to be used any more. */
const arriving = 'arriving';
const left = 'left';

/**
 * Moves everything but leases: records as they are sealed, with their versions, and the logs of feeds with their places,
 * so that every cursor goes on. Fences and versions that the target gives are larger than all that were given before.
 * No gateway may run on either meanwhile. At the end the source is marked, so that no gateway starts on it by mistake and
 * spends tokens that were replaced since (`refuseMoved`).
 *
 * @throws GatewayError STORE_NOT_EMPTY when the target has anything that this move has not put there, STORE_MOVED when the
 *   source was moved before, STORE_MOVE_INCOMPLETE when the counts differ in the end; those of the stores; the reason of `signal`.
 */
export async function moveStore(from: Store, to: Store, options: MoveOptions): Promise<MovedCounts> {
  await refuseMoved(from);
  await begin(to, options.source);
  for (const table of storeTables) await moveTable(from, to, table, options);
  await to.tables.raise(await from.tables.number());
  const counts = await compare(from, to);
  const mark = await to.records.get(markKind, arriving);
  await to.records.remove(markKind, arriving, mark?.version);
  await from.records.create(markKind, left, {});
  return counts;
}

/** @throws GatewayError STORE_MOVED when the store was moved to another place. */
export async function refuseMoved(store: Pick<Store, 'records'>): Promise<void> {
  if (await store.records.get(markKind, arriving)) {
    throw new GatewayError(
      'STORE_MOVED',
      'The store is being moved to here and is not complete. Run `plugboard store migrate` again until it says that all was moved.',
    );
  }
  if (!(await store.records.get(markKind, left))) return;
  throw new GatewayError(
    'STORE_MOVED',
    'The store was moved to another place, and what it has is out of date: tokens in it may have been replaced since. Name the new place in `store`.',
  );
}

/** The mark that this move is under way in the target; there all along when it goes on. */
async function begin(to: Store, source: string): Promise<void> {
  const mark = await to.records.get(markKind, arriving);
  if (mark?.value['source'] === source) return;
  if (mark) {
    throw new GatewayError('STORE_NOT_EMPTY', 'Another store is being moved to this one. Name an empty one.');
  }
  for (const table of storeTables) {
    const count = await to.tables.count(table);
    if (count === 0) continue;
    throw new GatewayError(
      'STORE_NOT_EMPTY',
      `The store to move to has other data (${count} rows in ${table.name}), so it was left alone. Name an empty one.`,
    );
  }
  await to.records.create(markKind, arriving, { source });
}

async function moveTable(from: Store, to: Store, table: StoreTable, options: MoveOptions): Promise<void> {
  const total = await from.tables.count(table);
  // Pages are written whole and in order, so the last row tells how far an earlier try came.
  let last = await lastMoved(to, table);
  let moved = last === undefined ? 0 : (await to.tables.count(table)) - marksIn(table);
  for (;;) {
    options.signal?.throwIfAborted();
    const rows = await from.tables.read(table, last);
    if (rows.length === 0) return;
    await to.tables.write(table, rows);
    last = rows.at(-1);
    moved += rows.length;
    options.onProgress?.({ table: table.name, moved, total });
  }
}

/** Of records none: the mark of the move stands among them, and those that are there are not written again. */
async function lastMoved(to: Store, table: StoreTable): Promise<Row | undefined> {
  return table.name === 'records' ? undefined : to.tables.last(table);
}

function marksIn({ name }: StoreTable): number {
  return name === 'records' ? 1 : 0;
}

async function compare(from: Store, to: Store): Promise<MovedCounts> {
  const counts: Record<string, number> = {};
  for (const table of storeTables) {
    const expected = await from.tables.count(table);
    const there = (await to.tables.count(table)) - marksIn(table);
    if (there !== expected) {
      throw new GatewayError(
        'STORE_MOVE_INCOMPLETE',
        `The target has ${there} rows in ${table.name}, the source ${expected}: somebody writes to one of them. Stop every gateway, empty the target and move again.`,
      );
    }
    counts[table.name] = there;
  }
  return counts;
}
