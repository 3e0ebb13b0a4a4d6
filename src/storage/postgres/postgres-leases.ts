/** Leases in PostgreSQL. Each is one statement; the row of a lease is locked before its next fence is drawn. */
import { checkNames, isStorableName } from '../check-record.ts';
import type { Leases } from '../lease.ts';
import type { PostgresDatabase } from './database.ts';

/**
 * So long the row of a lease that was given up stays: without it, one that drew its fence before others held and gave
 * up the lease could come last with a smaller one. Much longer than a statement may take.
 */
const keepMs = 60 * 60_000;
/** More than one acquiring adds, so they never pile up. */
const sweepSize = 8;

/** Leases over an open database. */
export function createPostgresLeases(database: PostgresDatabase): Leases {
  return {
    async acquire(name, owner, ttlMs) {
      checkNames({ 'lease name': name, 'lease owner': owner });
      // Those who wait ask often: they look first, which keeps nobody from writing.
      const held = await database.read('SELECT 1 FROM leases WHERE name = $1 AND held_until > now_ms()', [name]);
      if (held.count > 0) return undefined;
      const { rows } = await database.write(
        `WITH swept AS (
           DELETE FROM leases WHERE name IN (
             SELECT name FROM leases WHERE held_until <= now_ms() - ${keepMs} AND name <> $1
             ORDER BY held_until LIMIT ${sweepSize} FOR UPDATE SKIP LOCKED))
         INSERT INTO leases AS lease (name, owner, fence, held_until)
         VALUES ($1, $2, nextval('numbers'), now_ms() + $3)
         ON CONFLICT (name) DO UPDATE
           SET owner = excluded.owner, fence = nextval('numbers'), held_until = excluded.held_until
           WHERE lease.held_until <= now_ms()
         RETURNING fence`,
        [name, owner, Math.round(ttlMs)],
      );
      return rows[0] && { fence: Number(rows[0].fence) };
    },
    async renew(name, owner, fence, ttlMs) {
      if (!isStorableName(name) || !isStorableName(owner)) return false;
      const { count } = await database.write(
        `UPDATE leases SET held_until = now_ms() + $4
         WHERE name = $1 AND owner = $2 AND fence = $3 AND held_until > now_ms()`,
        [name, owner, fence, Math.round(ttlMs)],
      );
      return count > 0;
    },
    async release(name, owner, fence) {
      if (!isStorableName(name) || !isStorableName(owner)) return;
      await database.write(
        `UPDATE leases SET held_until = now_ms()
         WHERE name = $1 AND owner = $2 AND fence = $3 AND held_until > now_ms()`,
        [name, owner, fence],
      );
    },
  };
}
