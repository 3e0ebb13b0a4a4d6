/** PostgreSQL by the package pg, which is loaded only when a store is on PostgreSQL. */
import { Socket } from 'node:net';
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

/** Connections that can be cut all at once, with what waits on them. */
export interface Cuttable {
  /** For the configuration of a pool or client. */
  readonly stream: () => Socket;
  readonly cut: () => void;
}

export function createCuttable(): Cuttable {
  const sockets = new Set<Socket>();
  return {
    stream() {
      const socket = new Socket();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function ignore(): void {}
