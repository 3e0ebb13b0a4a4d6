/** Whether a server and its database are ones that the store can be kept in. */
import { GatewayError } from '../../errors.ts';
import type { PostgresDatabase } from './database.ts';

/** Features that we use are in all versions that are still maintained. */
const oldestServer = 130_000;

/** @throws GatewayError STORE_UNAVAILABLE when it is of a version that is too old, or keeps no UTF-8. */
export async function checkServer(database: Pick<PostgresDatabase, 'read'>): Promise<void> {
  const { rows } = await database.read(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
     current_setting('server_encoding') AS encoding`,
  );
  const { number, version, encoding } = rows[0] ?? {};
  if (Number(number) >= oldestServer && encoding === 'UTF8') return;
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    `The store needs PostgreSQL 13 or newer and a database in UTF8; this is ${String(version)} in ${String(encoding)}.`,
  );
}
