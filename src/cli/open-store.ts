/** The store of a project, for commands that need no sealing key: they work on it while no gateway runs, or beside one. */
import type { Configuration } from '../configuration.ts';
import { openStoreAt, storeFile } from '../open-vault.ts';
import type { Store } from '../storage/store.ts';

/**
 * Opens the store that the gateway of the same configuration opens (`openVault`); close it afterwards.
 *
 * @throws GatewayError as `openStoreAt` does.
 */
export function openStore(
  configuration: Pick<Configuration, 'store'>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Store> {
  return openStoreAt(storeFile(configuration, environment));
}
