/** Documents that clients ask for by their hash once they were sent: Automatic Persisted Queries, on every transport. */
import type { Cache } from '../../storage/cache.ts';
import type { GraphSource } from '../graph-source.ts';
import { hashOf } from './operation-list.ts';
import { notFound, resolveDocument, type DocumentRules, type NamedDocument } from './resolve-document.ts';

/** The text of a document that a client asks for; `query` absent: it names none. */
export interface FoundDocument {
  readonly query: string | undefined;
  /** To be called once the document was found to be valid, so that nobody fills the cache with what is none. */
  readonly keep?: (() => void) | undefined;
}

/** A promise only where another process may have to be asked. @throws InputError as `resolveDocument` does. */
export type FindDocument = (named: NamedDocument) => FoundDocument | Promise<FoundDocument>;

export interface KeptDocumentsOptions extends DocumentRules {
  readonly graphs: Pick<GraphSource, 'operations'>;
  /** Keeps the texts by their hash; what replicas share, one may have been told by another. */
  readonly cache: Cache | undefined;
}

/** As Apollo Server names them, so that both can share a cache. */
const prefix = 'apq:';
/** Documents that are not asked for in that time are sent once more. */
const keptMs = 24 * 60 * 60_000;
/** Longer ones are sent each time: a thousand of them fit into the memory of a process. */
const maxLength = 32 * 1024;
/** Bound of a cache in memory. */
export const maxKeptDocuments = 1_000;

/** Nothing is kept while only listed operations are answered, nor without a cache. */
export function createFindDocument({ graphs, cache, only, automatic }: KeptDocumentsOptions): FindDocument {
  const rules: DocumentRules = { only, automatic: automatic && cache !== undefined };
  const lookUp = async (hash: string): Promise<FoundDocument> => {
    const query = await cache?.get<unknown>(`${prefix}${hash}`);
    // A cache may be shared with who knows whom: what it gives has to be what was asked for.
    if (typeof query !== 'string' || hashOf(query) !== hash) throw notFound();
    return { query };
  };
  return (named) => {
    const resolved = resolveDocument(named, graphs.operations?.(), rules);
    if (!resolved) return nothing;
    if ('lookUp' in resolved) return lookUp(resolved.lookUp);
    const { query, keepAs } = resolved;
    if (keepAs === undefined || query.length > maxLength) return { query };
    return { query, keep: () => void cache?.set(`${prefix}${keepAs}`, query, keptMs) };
  };
}

const nothing: FoundDocument = { query: undefined };
