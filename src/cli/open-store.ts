/** The store of a project, for commands that need no sealing key: they work on it while no gateway runs, or beside one. */
import type { Configuration } from '../configuration.ts';
import { storeFile } from '../open-vault.ts';
import type { Store } from '../storage/store.ts';
import { createSqliteStore } from '../storage/sqlite/sqlite-store.ts';

/**
 * Opens the file that the gateway of the same configuration opens (`openVault`); close it afterwards.
 *
 * @throws GatewayError as `createSqliteStore` does.
 */
export function openStore(
  configuration: Pick<Configuration, 'store'>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Store> {
  return createSqliteStore({ file: storeFile(configuration, environment) });
}
