/** Which SQLite this machine has. */
import { GatewayError } from '../../errors.ts';
import type { SqliteDriver } from './driver.ts';
import { loadLibsql } from './libsql-driver.ts';
import { loadNodeSqlite } from './node-driver.ts';

/** The drivers that this machine has, the preferred one first. */
export async function findDrivers(): Promise<readonly SqliteDriver[]> {
  const drivers = await Promise.all([loadNodeSqlite(), loadLibsql()]);
  return drivers.filter((driver) => driver !== undefined);
}

/**
 * Node's own SQLite where there is one, else libsql.
 *
 * @throws GatewayError STORE_DRIVER_MISSING
 */
export async function findDriver(): Promise<SqliteDriver> {
  const driver = (await loadNodeSqlite()) ?? (await loadLibsql());
  if (driver) return driver;
  throw new GatewayError(
    'STORE_DRIVER_MISSING',
    'The embedded store needs SQLite, which is not here. Use Node 22.13 or newer, or install the package libsql.',
  );
}
