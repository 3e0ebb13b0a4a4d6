/** PostgreSQL by the package pg, which is loaded only when a store is on PostgreSQL. */
import type { Client, ClientConfig, Pool, PoolClient, PoolConfig } from 'pg';
import { GatewayError } from '../../errors.ts';

export type { Client, ClientConfig, Pool, PoolClient };

export interface PgDriver {
  readonly openPool: (config: PoolConfig) => Pool;
  readonly openClient: (config: ClientConfig) => Client;
}

/** @throws GatewayError STORE_DRIVER_MISSING when the package is not installed. */
export async function loadPg(): Promise<PgDriver> {
  const module = await import('pg').catch(() => undefined);
  if (!module) {
    throw new GatewayError(
      'STORE_DRIVER_MISSING',
      'A store on PostgreSQL needs the package pg, which is not here. Install it: npm install pg',
    );
  }
  const { Pool: PgPool, Client: PgClient } = module.default;
  return {
    openPool(config) {
      const pool = new PgPool(config);
      // A connection that is lost while nobody waits for it is no fault of anybody: the pool opens another.
      pool.on('error', ignore);
      pool.on('connect', (client) => void client.on('error', ignore));
      return pool;
    },
    openClient: (config) => new PgClient(config).on('error', ignore),
  };
}

function ignore(): void {}
