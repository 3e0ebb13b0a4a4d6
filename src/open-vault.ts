/** The store and the keys that seal what is secret in it. */
import { randomBytes } from 'node:crypto';
import type { Configuration } from './configuration.ts';
import { createKeyRing, type KeyRing } from './connection/seal.ts';
import { parseKeys, type SealingKey } from './connection/sealing-key.ts';
import { DefinitionError } from './errors.ts';
import { refuseMoved } from './storage/move-store.ts';
import type { Store } from './storage/store.ts';
import { createSqliteStore } from './storage/sqlite/sqlite-store.ts';

export interface Vault extends Store {
  readonly keyRing: KeyRing;
  /** The current one first. */
  readonly keys: readonly SealingKey[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens the store of a configuration. Without a key nothing starts, except with `insecureDev`, whose key ends with the
 * process and whose store is in memory, so that nothing sealed is left without its key.
 *
 * @throws DefinitionError CONFIGURATION_INVALID without a key. @throws GatewayError SEAL_KEY_INVALID, STORE_UNAVAILABLE, STORE_MOVED …
 */
export async function openVault(configuration: Configuration, environment: Environment = process.env): Promise<Vault> {
  const keys = readKeys(configuration, environment);
  const inMemory = configuration.insecureDev && configuration.store === undefined;
  const store = await openStoreAt(inMemory ? ':memory:' : storeFile(configuration, environment));
  try {
    await refuseMoved(store);
  } catch (error) {
    await store.close();
    throw error;
  }
  return { ...store, keys, keyRing: createKeyRing(keys) };
}

/**
 * Opens the store at a `postgres:` URL, whose driver is loaded only then, or the embedded one in a file.
 *
 * @throws GatewayError as `createPostgresStore` and `createSqliteStore` do.
 */
export async function openStoreAt(place: string): Promise<Store> {
  if (!/^postgres(ql)?:/.test(place)) return createSqliteStore({ file: place });
  const { createPostgresStore } = await import('./storage/postgres/postgres-store.ts');
  return createPostgresStore({ url: place });
}

/** File of the embedded store, or URL of one on PostgreSQL: the same for the gateway and for every command beside it. */
export function storeFile({ store }: Pick<Configuration, 'store'>, environment: Environment): string {
  return store ?? environment.PLUGBOARD_STORE ?? 'plugboard.sqlite';
}

function readKeys({ key, insecureDev, store }: Configuration, environment: Environment): readonly SealingKey[] {
  if (key !== undefined) return parseKeys(key, '`key` of the configuration');
  if (environment.PLUGBOARD_KEY) return parseKeys(environment.PLUGBOARD_KEY, 'PLUGBOARD_KEY');
  if (insecureDev && store === undefined) return parseKeys(randomBytes(32).toString('base64'));
  const message =
    'expected a key that seals tokens and secrets in the store; got none. Make one with `openssl rand -base64 32` and give it as PLUGBOARD_KEY. On your own machine, --insecure-dev starts without.';
  throw new DefinitionError([{ code: 'CONFIGURATION_INVALID', path: 'key', message }]);
}
