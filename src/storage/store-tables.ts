/** The rows of a store, for moving it to another one: the same tables, whichever SQL keeps them. Nobody else asks for them. */
import type { Row } from './row.ts';

/** A table that is moved. Leases are not: they are held by those who run, and nobody runs then. */
export interface StoreTable {
  readonly name: string;
  /** Its rows are read in the order of these columns, text as bytes of UTF-8. */
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, 'text' | 'bigint'>>;
  /** Rows that are moved at a time: of those that may hold 4 MiB each fewer. */
  readonly pageSize: number;
}

const event = { occurred_at: 'bigint', size: 'bigint', id: 'text', payload: 'text' } as const;

/** All of them; a row comes after those that it belongs to. */
export const storeTables: readonly StoreTable[] = [
  {
    name: 'records',
    key: ['kind', 'id'],
    columns: {
      kind: 'text',
      id: 'text',
      version: 'bigint',
      value: 'text',
      indexes: 'text',
      unique_key: 'text',
      created_at: 'bigint',
      updated_at: 'bigint',
      expires_at: 'bigint',
    },
    pageSize: 100,
  },
  {
    name: 'feeds',
    key: ['feed'],
    columns: {
      feed: 'bigint',
      id: 'text',
      fence: 'bigint',
      version: 'bigint',
      progress: 'text',
      last_place: 'bigint',
      oldest_place: 'bigint',
      last_number: 'bigint',
      seen_count: 'bigint',
      staged_count: 'bigint',
      parked_count: 'bigint',
    },
    pageSize: 500,
  },
  {
    name: 'feed_events',
    key: ['feed', 'place'],
    columns: { feed: 'bigint', place: 'bigint', received_at: 'bigint', ...event },
    pageSize: 200,
  },
  {
    name: 'feed_seen',
    key: ['feed', 'signature'],
    columns: { feed: 'bigint', signature: 'text', number: 'bigint' },
    pageSize: 2000,
  },
  {
    name: 'feed_staged',
    key: ['feed', 'number'],
    columns: { feed: 'bigint', number: 'bigint', signature: 'text', ...event },
    pageSize: 200,
  },
  {
    name: 'feed_parked',
    key: ['feed', 'number'],
    columns: {
      feed: 'bigint',
      number: 'bigint',
      parked_at: 'bigint',
      code: 'text',
      reason: 'text',
      signature: 'text',
      payload: 'text',
    },
    pageSize: 200,
  },
  {
    name: 'feed_deliveries',
    key: ['feed', 'delivery'],
    columns: { feed: 'bigint', delivery: 'text', held_until: 'bigint' },
    pageSize: 2000,
  },
];

/** @throws GatewayError as `Records` does. */
export interface StoreTables {
  readonly count: (table: StoreTable) => Promise<number>;
  /** The rows after one, at most a page; all its columns and no others. Absent: from the first on. */
  readonly read: (table: StoreTable, after?: Row) => Promise<readonly Row[]>;
  /** The last row, of which only the key is sure to be given; `undefined` when there is none. */
  readonly last: (table: StoreTable) => Promise<Row | undefined>;
  /** Writes rows, all or none; those that are there already stay as they are. */
  readonly write: (table: StoreTable, rows: readonly Row[]) => Promise<void>;
  /** The number that versions and fences are drawn from. */
  readonly number: () => Promise<number>;
  /** From now on numbers are larger than this, and the feeds that are made larger than those that are there. */
  readonly raise: (number: number) => Promise<void>;
}
