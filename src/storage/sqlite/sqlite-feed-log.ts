/** The logs of feeds in SQLite. */
import { isStorableName } from '../check-record.ts';
import type { FeedLog } from '../feed-log.ts';
import { emptyFeed, toState } from '../feed-row.ts';
import { preparePage } from '../prepare-page.ts';
import { appendPage } from './append-page.ts';
import type { SqliteDatabase } from './database.ts';
import { findFeed } from './feed-row.ts';
import { knownSignatures, listParked, readLog } from './read-log.ts';
import { sweepRemoved, trimLog, unnameFeed } from './trim-log.ts';
import { createLogWatch } from './watch-log.ts';

/** Rows that one write forgets, so that others get their turn in between. */
const batchSize = 1000;

/** Logs over an open database; `now` is the clock of the store. */
export function createSqliteFeedLog(database: SqliteDatabase, now: () => number): FeedLog {
  const { watch, tell } = createLogWatch(database);
  return {
    async state(feed) {
      // What cannot be stored is not there.
      if (!isStorableName(feed)) return toState(emptyFeed);
      return database.read((sql) => toState(findFeed(sql, feed) ?? emptyFeed));
    },
    async append(feed, page) {
      const prepared = preparePage(feed, page);
      const { result, isChanged } = await database.write((sql) => appendPage(sql, feed, prepared, now()));
      if (isChanged) tell(feed);
      return result;
    },
    async read(feed, after, options) {
      if (!isStorableName(feed)) return { events: [], lastPlace: 0, oldestPlace: 1 };
      return database.read((sql) => readLog(sql, feed, after, options));
    },
    async known(feed, signatures) {
      if (signatures.length === 0 || !isStorableName(feed)) return new Set();
      return database.read((sql) => knownSignatures(sql, feed, signatures));
    },
    async parked(feed, options) {
      if (!isStorableName(feed)) return [];
      return database.read((sql) => listParked(sql, feed, options));
    },
    async trim(feed, retention, limit = batchSize) {
      if (!isStorableName(feed)) return false;
      return database.write((sql) => {
        sweepRemoved(sql, limit);
        return trimLog(sql, feed, retention, limit, now());
      });
    },
    async remove(feed) {
      if (!isStorableName(feed)) return;
      await database.write((sql) => unnameFeed(sql, feed));
      while (await database.write((sql) => sweepRemoved(sql, batchSize)));
    },
    watch,
  };
}
