/** Leases in SQLite. A lease that was given up leaves no row: fences come from the counter of the store, which stays. */
import { checkNames } from '../check-record.ts';
import type { Leases } from '../lease.ts';
import { nextNumber } from './counter.ts';
import type { Sql, SqliteDatabase } from './database.ts';

const isHeld = 'name = ? AND owner = ? AND fence = ?';

/** Leases over an open database; `now` is the clock of the store. */
export function createSqliteLeases(database: SqliteDatabase, now: () => number): Leases {
  return {
    async acquire(name, owner, ttlMs) {
      checkNames({ 'lease name': name, 'lease owner': owner });
      // Those who wait ask often: they look first, which keeps nobody from writing.
      if (await database.read((sql) => isTaken(sql, name, now()))) return undefined;
      return database.write((sql) => {
        const time = now();
        if (isTaken(sql, name, time)) return undefined;
        // Whoever died with a lease never gives it up, so all that have run out go here.
        sql.prepare('DELETE FROM leases WHERE held_until <= ?').run([time]);
        const fence = nextNumber(sql);
        sql
          .prepare('INSERT INTO leases (name, owner, fence, held_until) VALUES (?, ?, ?, ?)')
          .run([name, owner, fence, time + ttlMs]);
        return { fence };
      });
    },
    async renew(name, owner, fence, ttlMs) {
      return database.write((sql) => {
        const time = now();
        return (
          sql
            .prepare(`UPDATE leases SET held_until = ? WHERE ${isHeld} AND held_until > ?`)
            .run([time + ttlMs, name, owner, fence, time]) > 0
        );
      });
    },
    async release(name, owner, fence) {
      await database.write((sql) => sql.prepare(`DELETE FROM leases WHERE ${isHeld}`).run([name, owner, fence]));
    },
  };
}

function isTaken(sql: Sql, name: string, time: number): boolean {
  return sql.prepare('SELECT 1 FROM leases WHERE name = ? AND held_until > ?').get([name, time]) !== undefined;
}
