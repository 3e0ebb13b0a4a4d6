/** The logs of feeds in SQLite. */
import { GatewayError } from '../../errors.ts';
import type { FeedLog } from '../feed-log.ts';
import type { SqliteDatabase } from './database.ts';

/** Logs over an open database; `now` is the clock of the store. */
export function createSqliteFeedLog(_database: SqliteDatabase, _now: () => number): FeedLog {
  const later = () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'The logs of feeds are not kept yet.'));
  return {
    state: later,
    append: later,
    read: later,
    known: later,
    parked: later,
    trim: later,
    remove: later,
    watch: () => () => {},
  };
}
