/** The logs of feeds in PostgreSQL. */
import { isStorableName } from '../check-record.ts';
import type { FeedLog } from '../feed-log.ts';
import { emptyFeed, toFeedRow, toState } from '../feed-row.ts';
import { preparePage } from '../prepare-page.ts';
import { appendPage } from './append-page.ts';
import type { PostgresDatabase } from './database.ts';
import { selectFeed } from './feed-row.ts';
import { knownSignatures, listParked, readLog } from './read-log.ts';
import { sweepRemoved, trimLog } from './trim-log.ts';
import type { LogWatch } from './watch-log.ts';

/** Rows that one transaction forgets, so that others get their turn in between. */
const batchSize = 1000;

/** Logs over an open database. */
export function createPostgresFeedLog(database: PostgresDatabase, { watch, tell }: LogWatch): FeedLog {
  const inTurn = createTurns();
  return {
    async state(feed) {
      // What cannot be stored is not there.
      if (!isStorableName(feed)) return toState(emptyFeed);
      const { rows } = await database.read(selectFeed, [feed]);
      return toState(rows[0] ? toFeedRow(rows[0]) : emptyFeed);
    },
    async append(feed, page) {
      const prepared = preparePage(feed, page);
      const { result, change } = await inTurn(feed, () => database.transact((sql) => appendPage(sql, feed, prepared)));
      if (change !== undefined) tell(feed, change);
      return result;
    },
    async read(feed, after, options) {
      if (!isStorableName(feed)) return { events: [], lastPlace: 0, oldestPlace: 1 };
      return readLog(database, feed, after, options);
    },
    async known(feed, signatures) {
      if (signatures.length === 0 || !isStorableName(feed)) return new Set();
      return knownSignatures(database, feed, signatures);
    },
    async parked(feed, options) {
      if (!isStorableName(feed)) return [];
      return listParked(database, feed, options);
    },
    async trim(feed, retention, limit = batchSize) {
      if (!isStorableName(feed)) return false;
      await database.transact((sql) => sweepRemoved(sql, limit));
      return database.transact((sql) => trimLog(sql, feed, retention, limit));
    },
    async remove(feed) {
      if (!isStorableName(feed)) return;
      // From now on it is none; its rows go afterwards.
      await database.write('UPDATE feeds SET id = NULL WHERE id = $1', [feed]);
      while (await database.transact((sql) => sweepRemoved(sql, batchSize)));
    },
    watch,
  };
}

/**
 * One after the other for each name, in the order in which they were asked for. Pages of one feed wait for its row
 * anyway; here they do so without a connection each.
 */
function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name);
    const working = before ? before.then(work, work) : work();
    last.set(name, working);
    try {
      return await working;
    } finally {
      if (last.get(name) === working) last.delete(name);
    }
  };
}
