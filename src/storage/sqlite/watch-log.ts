/** Tells who listens which feeds were appended to, by this process or another one on the same file. */
// Not the global ones: a test with a fake clock must not stop the store.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedLog } from '../feed-log.ts';
import type { Sql, SqliteDatabase } from './database.ts';

/** Two looks fit in the half second that the contract allows. */
const lookEveryMs = 200;

export interface LogWatch {
  readonly watch: FeedLog['watch'];
  /** This process appended to the feed. */
  readonly tell: (feed: string) => void;
}

/** Up to where changes were seen. */
interface Mark {
  /** Changes when another connection has written: https://www.sqlite.org/pragma.html#pragma_data_version */
  readonly dataVersion: number;
  /** Number of the newest change that was looked at. */
  readonly change: number;
}

export function createLogWatch(database: SqliteDatabase): LogWatch {
  const listeners = new Set<{ readonly hear: (feed: string) => void }>();
  let mark: Mark = { dataVersion: -1, change: 0 };
  let isLooking = false;

  const tell = (feed: string) => {
    // Each in its own turn: one that throws keeps nobody else from hearing.
    for (const { hear } of listeners) queueMicrotask(() => hear(feed));
  };
  const look = async () => {
    isLooking = true;
    while (listeners.size > 0 && !database.isClosed) {
      await sleep(lookEveryMs, undefined, { ref: false });
      const found = await database.read((sql) => readChanges(sql, mark)).catch(() => undefined);
      if (!found) continue;
      mark = found.mark;
      for (const feed of found.feeds) tell(feed);
    }
    isLooking = false;
  };
  return {
    tell,
    watch(hear) {
      const listener = { hear };
      listeners.add(listener);
      if (!isLooking) {
        mark = readMark(database);
        void look();
      }
      return () => void listeners.delete(listener);
    },
  };
}

/** Where things stand at this very moment. Where that cannot be read all feeds count as changed: too often, but never too seldom. */
function readMark(database: SqliteDatabase): Mark {
  let mark: Mark = { dataVersion: -1, change: 0 };
  let isNow = true;
  database
    .read((sql) => {
      if (!isNow) return;
      const dataVersion = readDataVersion(sql);
      mark = { dataVersion, change: Number(sql.prepare('SELECT value FROM counter').get([])?.value) };
    })
    .catch(() => {});
  isNow = false;
  return mark;
}

function readChanges(sql: Sql, mark: Mark): { readonly mark: Mark; readonly feeds: readonly string[] } {
  const dataVersion = readDataVersion(sql);
  if (dataVersion === mark.dataVersion) return { mark, feeds: [] };
  const rows = sql
    .prepare('SELECT id, change FROM feeds WHERE change > ? AND id IS NOT NULL ORDER BY change')
    .all([mark.change]);
  const change = Number(rows.at(-1)?.change ?? mark.change);
  return { mark: { dataVersion, change }, feeds: rows.map(({ id }) => String(id)) };
}

function readDataVersion(sql: Sql): number {
  return Number(sql.prepare('PRAGMA data_version').get([])?.data_version);
}
