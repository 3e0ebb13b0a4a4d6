/** A list with pages, as Relay wants it: pages are read only until `first` is satisfied. */
import type { Paginate } from '../connector/definition.ts';
import { followingToken, pageRequest, pageSize, type PageToken, type ReadPage } from '../connector/read-page.ts';
import { GatewayError, InputError, ProviderError } from '../errors.ts';
import type { CursorScope, ListCursors, RowPosition } from './list-cursor.ts';

/** What a client asks of a list. */
export interface ListArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface ListReader {
  readonly paginate: Paginate;
  readonly readPage: (token: PageToken, size: number) => Promise<ReadPage>;
  readonly cursors: ListCursors;
  readonly scope: CursorScope;
  /** Most rows that `first` may ask for. */
  readonly maxFirst: number;
}

/** One row, and where the list goes on after it. */
export interface ListEdge {
  readonly node: unknown;
  readonly position: RowPosition;
}

/** What the fields of `…Connection`, `…Edge` and `PageInfo` read. */
export interface RelayConnection {
  readonly edges: readonly ListEdge[];
  readonly totalCount: number | undefined;
  readonly hasPreviousPage: boolean;
  /** Reads one page more only where the provider did not tell whether there is one. */
  readonly hasNextPage: () => boolean | Promise<boolean>;
  readonly cursorOf: (edge: ListEdge) => string;
}

/** A list that never ends must not keep an operation busy: so many pages are read for one field at the most. */
const maxPages = 100;

/**
 * Reads pages until `first` rows are there or the list ends.
 *
 * @throws InputError PAGE_SIZE_INVALID, PAGING_BACKWARD, CURSOR_INVALID, CURSOR_FOREIGN, CURSOR_EXPIRED; ProviderError
 *   when the provider names the same page as its own next one; GatewayError REQUEST_LIMIT_EXCEEDED after 100 pages.
 */
export async function readRelayConnection(args: ListArguments, reader: ListReader): Promise<RelayConnection> {
  const first = checkFirst(args, reader);
  const isContinued = args.after !== undefined && args.after !== null;
  let { token, size, index } = startPosition(args, first, reader);
  let totalCount: number | undefined;
  const edges: ListEdge[] = [];
  const finish = (hasNextPage: RelayConnection['hasNextPage']): RelayConnection => ({
    edges,
    totalCount,
    hasPreviousPage: isContinued,
    hasNextPage,
    cursorOf: (edge) => reader.cursors.seal(edge.position, reader.scope),
  });
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await (isContinued && pages === 0 ? readKnownPage(reader, token, size) : reader.readPage(token, size));
    totalCount ??= page.totalCount;
    const following = followingPage(reader.paginate, token, size, page);
    const end = Math.min(page.rows.length, index + first - edges.length);
    for (; index < end; index++) {
      edges.push({
        node: page.rows[index],
        position: positionAfter(reader.paginate, { token, size, index }, page, following),
      });
    }
    if (end < page.rows.length) return finish(() => true);
    if (following === null) return finish(() => false);
    if (edges.length >= first) {
      return finish(page.next === undefined ? once(() => hasRows(reader, following, size)) : () => true);
    }
    [token, index] = [following, 0];
  }
  const message = `The list did not give ${first} rows within ${maxPages} pages. Ask for fewer, or narrow the list.`;
  throw new GatewayError('REQUEST_LIMIT_EXCEEDED', message);
}

function checkFirst(args: ListArguments, { paginate, maxFirst }: ListReader): number {
  if ((args.last ?? null) !== null || (args.before ?? null) !== null) {
    const message = 'This list pages forward only: the provider cannot page backward. Use `first` and `after`.';
    throw new InputError('PAGING_BACKWARD', message);
  }
  const first = args.first ?? Math.min(paginate.pageSize ?? 50, maxFirst);
  if (first >= 1 && first <= maxFirst) return first;
  const message = `first: expected a whole number from 1 to ${maxFirst}; got ${first}. Page on with \`after\`.`;
  throw new InputError('PAGE_SIZE_INVALID', message);
}

function startPosition({ after }: ListArguments, first: number, reader: ListReader): RowPosition {
  const size = pageSize(reader.paginate, first);
  if (after === undefined || after === null) return { token: null, size, index: 0 };
  const position = reader.cursors.open(after, reader.scope);
  // An offset means the same at every size; a page number or token only at the size that it was made with.
  return reader.paginate.strategy === 'offset' ? { ...position, size } : position;
}

/** A page that a cursor names: the provider may have forgotten it since. */
async function readKnownPage(reader: ListReader, token: PageToken, size: number): Promise<ReadPage> {
  try {
    return await reader.readPage(token, size);
  } catch (error) {
    const status = error instanceof ProviderError ? error.details.http?.status : undefined;
    const isForgotten = status === 400 || status === 404 || status === 410;
    const { strategy } = reader.paginate;
    if (!isForgotten || token === null || strategy === 'page' || strategy === 'offset') throw error;
    const message = 'The provider no longer knows the page that `after` names. Start the list from its first page.';
    throw new InputError('CURSOR_EXPIRED', message, { ...(error as ProviderError).details, cause: error });
  }
}

/** The page after this one; `null` when there is none. Where the answer does not tell, there may be one. */
function followingPage(paginate: Paginate, token: PageToken, size: number, page: ReadPage): PageToken {
  if (page.next === undefined) {
    return page.rows.length === 0 ? null : followingToken(pageRequest(paginate, token, size), page.rows.length);
  }
  if (page.next === null || page.next !== token) return page.next;
  const message = 'The provider names a page as its own next one, so the list would never end.';
  throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
}

/** Where the list goes on after one row: in its page, or with the following one. */
function positionAfter(paginate: Paginate, row: RowPosition, page: ReadPage, following: PageToken): RowPosition {
  if (paginate.strategy === 'offset')
    return { token: Number(row.token ?? 0) + row.index + 1, size: row.size, index: 0 };
  const isLast = row.index + 1 >= page.rows.length;
  if (isLast && following !== null) return { token: following, size: row.size, index: 0 };
  return { ...row, index: row.index + 1 };
}

async function hasRows(reader: ListReader, token: PageToken, size: number): Promise<boolean> {
  return (await reader.readPage(token, size)).rows.length > 0;
}

/** However often it is asked for, and under however many aliases. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}
