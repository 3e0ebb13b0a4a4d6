/** The store of a project, for commands that work on it while no gateway runs, or beside one. */
import { resolve } from 'node:path';
import type { Store } from '../storage/store.ts';
import { createSqliteStore } from '../storage/sqlite/sqlite-store.ts';

/** What the configuration says of the store. */
export interface StoreConfiguration {
  /** Path of the store's file, relative to the configuration file; default `plugboard.db`. */
  readonly store?: string;
}

const defaultFile = 'plugboard.db';

/**
 * Opens it; close it afterwards.
 *
 * @param root - folder that paths of the configuration are relative to.
 * @throws GatewayError as `createSqliteStore` does.
 */
export function openStore({ store = defaultFile }: StoreConfiguration, root: string): Promise<Store> {
  return createSqliteStore({ file: store === ':memory:' ? store : resolve(root, store) });
}
