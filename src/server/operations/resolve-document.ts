/** Finds the document that a client asks for: by its text, by the id of a listed one, or by its hash. Pure. */
import { InputError } from '../../errors.ts';
import { hashOf, type OperationList } from './operation-list.ts';

/** How a client names a document, unchecked. */
export interface NamedDocument {
  /** The text itself; an empty one is none. */
  readonly query?: unknown;
  /** Of a listed document, or `sha256:` and its hash. */
  readonly documentId?: unknown;
  /** `persistedQuery: { version: 1, sha256Hash }` as Apollo's clients send it. */
  readonly extensions?: unknown;
}

export interface DocumentRules {
  /** Nothing but what is listed. */
  readonly only: boolean;
  /** Documents that clients sent with their hash are kept, and found by it. */
  readonly automatic: boolean;
}

/**
 * `query`: the text; `keepAs`: the client wants to ask for it by this hash from now on. `lookUp`: a hash that is none of a
 * listed document, but may be of one that was kept. `undefined`: nothing is named, which is for the transport to refuse.
 */
export type ResolvedDocument =
  { readonly query: string; readonly keepAs?: string | undefined } | { readonly lookUp: string } | undefined;

/**
 * Decides what a client asks for, before anything is parsed.
 *
 * @throws InputError OPERATION_NOT_LISTED, OPERATION_HASH_WRONG, PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_NOT_SUPPORTED,
 *   BODY_INVALID.
 * @see https://www.apollographql.com/docs/apollo-server/performance/apq
 * @see https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md
 */
export function resolveDocument(
  named: NamedDocument,
  list: OperationList | undefined,
  { only, automatic }: DocumentRules,
): ResolvedDocument {
  const { query, documentId } = named;
  const hash = hashIn(named.extensions);
  if (typeof query === 'string' && query !== '') {
    if (isGiven(documentId)) throw invalid('Send either `query` or `documentId`, not both.');
    if (hash !== undefined && hash !== hashOf(query)) throw wrongHash();
    if (only && !list?.has(query)) throw notListed('This operation is not on the list of this gateway');
    return { query, keepAs: automatic && !only ? hash : undefined };
  }
  if (isGiven(documentId) && typeof documentId !== 'string') throw invalid('`documentId` must be a string.');
  const id = typeof documentId === 'string' ? documentId.replace(/^sha256:/, '') : hash;
  if (id === undefined) return undefined;
  const listed = list?.find(id);
  if (listed !== undefined) return { query: listed };
  if (only) throw notListed('No operation on the list of this gateway has this id');
  if (!automatic) throw new InputError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
  if (!isHash(id)) throw notFound();
  return { lookUp: id };
}

/** Whether anything but the text names a document. */
export function namesDocument({ documentId, extensions }: NamedDocument): boolean {
  return isGiven(documentId) || isGiven((extensions as { readonly persistedQuery?: unknown } | null)?.persistedQuery);
}

/** Apollo's clients look for these very words, and send the text then. */
export function notFound(): InputError {
  return new InputError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
}

/** Whoever does not send what the application's build wrote down is told no more than that. */
export function notListed(what: string): InputError {
  const message = `${what}, and it answers no others. Add it to the list, or send one that is there.`;
  return new InputError('OPERATION_NOT_LISTED', message);
}

function hashIn(extensions: unknown): string | undefined {
  const persisted = (extensions as { readonly persistedQuery?: unknown } | null | undefined)?.persistedQuery;
  if (!isGiven(persisted)) return undefined;
  const { version, sha256Hash } = persisted as { readonly version?: unknown; readonly sha256Hash?: unknown };
  if (version === 1 && typeof sha256Hash === 'string' && sha256Hash !== '') return sha256Hash;
  throw invalid('`extensions.persistedQuery` must be { "version": 1, "sha256Hash": "…" }.');
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function wrongHash(): InputError {
  const message =
    'The hash of this request is not the SHA-256 of its `query`, in hexadecimal digits. Send the right one, or none.';
  return new InputError('OPERATION_HASH_WRONG', message);
}

function invalid(message: string): InputError {
  return new InputError('BODY_INVALID', message);
}
