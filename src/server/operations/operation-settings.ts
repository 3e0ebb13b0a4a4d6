/** Which operations a gateway answers: what is configured of them, and the list as the graph has it. */
import type { ServedGraph } from '../../resolvers/executor.ts';
import { createCache, type Cache } from '../../storage/cache.ts';
import { defaultLimits, type OperationLimits } from '../limits.ts';
import { maxKeptDocuments } from './kept-documents.ts';
import { checkOperationList, type OperationList } from './operation-list.ts';
import type { ReadDocuments } from './read-documents.ts';

/** Which operations may be asked, and how clients name them. */
export interface OperationSettings {
  /** Answers the operations of the list and no others, on every transport. Default `false`. */
  readonly only?: boolean;
  /**
   * The operations that applications have, by id: a folder of `.graphql` files, a JSON file `{ "<id>": "<document>" }`, or a
   * persisted query manifest; relative to the configuration file. Default `operations.json` with `only`, else none.
   */
  readonly list?: string;
  /** Keeps documents that clients send with their hash, and finds them by it (Automatic Persisted Queries). Default `true`; not with `only`. */
  readonly automatic?: boolean;
  /** Where they are kept for all replicas, e.g. `redis://cache.internal:6379` with `@keyv/redis` installed. Default: in each process. */
  readonly cache?: string;
  /** Seconds that browsers may keep the answer to a query by GET; 0: they ask each time whether it is still the same. Default: none keeps any. */
  readonly maxAgeSeconds?: number;
}

/** What of a configuration decides about operations. */
interface Configured {
  readonly operations?: OperationSettings;
  readonly limits?: Partial<OperationLimits>;
  readonly introspection?: boolean;
}

/** Which operations are answered, with what is left out. */
export function operationsOf({ operations = {} }: Configured) {
  const { only = false, automatic = !only, list = only ? 'operations.json' : undefined } = operations;
  return { ...operations, only, automatic: automatic && !only, list };
}

/** What is in it may be lost, so that a failure is no reason to refuse a request. */
export async function openOperationCache(
  configuration: Configured,
  logger: { readonly warn: (message: string) => void },
): Promise<Cache | undefined> {
  const { automatic, cache: url } = operationsOf(configuration);
  if (!automatic) return undefined;
  const onError = () => logger.warn('The cache of operations failed; clients send their text again');
  return createCache({ ...(url !== undefined && { url }), maxEntries: maxKeptDocuments, onError });
}

/** The operations of a list, as this graph and these limits have them. @throws DefinitionError with every fault of every operation. */
export function listOperations(
  listed: ReadDocuments,
  { schema }: Pick<ServedGraph, 'schema'>,
  { limits, introspection }: Configured,
): OperationList {
  return checkOperationList(listed, schema, {
    limits: { ...defaultLimits, ...limits },
    production: false,
    // By scope or to everybody: that is decided when it is asked for.
    introspection: introspection !== false,
  });
}
