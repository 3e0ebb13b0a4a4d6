/** The store and the keys that seal what is secret in it. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Configuration } from './configuration.ts';
import { createKeyRing, type KeyRing } from './connection/seal.ts';
import { parseKeys, type SealingKey } from './connection/sealing-key.ts';
import { createSealingKeys, type SealingKeys } from './connection/sealing-keys.ts';
import { DefinitionError, GatewayError } from './errors.ts';
import { readReplicas } from './replicas.ts';
import { refuseMoved } from './storage/move-store.ts';
import type { Store } from './storage/store.ts';
import { createSqliteStore } from './storage/sqlite/sqlite-store.ts';

export interface Vault extends Store {
  readonly keyRing: KeyRing;
  /** The keys of the ring, which may change while it is used. */
  readonly sealingKeys: SealingKeys;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens the store of a configuration, and seals with a key that all replicas know that run on it. Without a key nothing
 * starts, except with `insecureDev`, whose key ends with the process and whose store is in memory, so that nothing sealed is
 * left without its key.
 *
 * @throws DefinitionError CONFIGURATION_INVALID without a key. @throws GatewayError SEAL_KEY_INVALID, STORE_UNAVAILABLE, STORE_MOVED …
 */
export async function openVault(configuration: Configuration, environment: Environment = process.env): Promise<Vault> {
  const sealingKeys = createSealingKeys(keysOf(configuration, environment));
  const keyRing = createKeyRing(sealingKeys);
  const inMemory = configuration.insecureDev && configuration.store === undefined;
  const store = await openStoreAt(inMemory ? ':memory:' : storeFile(configuration, environment));
  try {
    await refuseMoved(store);
    sealingKeys.agree((await readReplicas(store.records)).map(({ keys }) => keys));
  } catch (error) {
    await store.close();
    throw error;
  }
  return { ...store, sealingKeys, keyRing };
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

/** File of the sealing keys, which is read anew while the gateway runs; `undefined` where they stand elsewhere. */
export function keyFileOf({ key, keyFile }: Configuration, environment: Environment): string | undefined {
  if (key !== undefined) return undefined;
  return keyFile ?? (environment.PLUGBOARD_KEY ? undefined : environment.PLUGBOARD_KEY_FILE || undefined);
}

/** How the keys are read, now and again. */
function keysOf(configuration: Configuration, environment: Environment): () => readonly SealingKey[] {
  const { key, insecureDev, store } = configuration;
  const file = keyFileOf(configuration, environment);
  if (file !== undefined) return () => parseKeys(readKeyFile(file), `the key file ${file}`);
  const keys = (text: string, source?: string) => {
    const parsed = parseKeys(text, source);
    return () => parsed;
  };
  if (key !== undefined) return keys(key, '`key` of the configuration');
  if (environment.PLUGBOARD_KEY) return keys(environment.PLUGBOARD_KEY, 'PLUGBOARD_KEY');
  if (insecureDev && store === undefined) return keys(randomBytes(32).toString('base64'));
  const message =
    'expected a key that seals tokens and secrets in the store; got none. Make one with `openssl rand -base64 32` and give it as PLUGBOARD_KEY, or in a file that PLUGBOARD_KEY_FILE names. On your own machine, --insecure-dev starts without.';
  throw new DefinitionError([{ code: 'CONFIGURATION_INVALID', path: 'key', message }]);
}

/** At once and not by a promise: a secret that is being opened waits for it. */
function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    const message = `the key file ${file}: expected a file with the sealing keys, the current one first; reading it gave ${code}. Make one with: openssl rand -base64 32`;
    throw new GatewayError('SEAL_KEY_INVALID', message, { cause: error });
  }
}
