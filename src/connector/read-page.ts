/** How an action pages: what a page adds to the request, and what its answer says about the next one (design §5). */
import { GatewayError, ProviderError } from '../errors.ts';
import type { ProviderResponse, Request } from '../http/request.ts';
import { describeKind } from './check-keys.ts';
import type { Page, PageRequest, Paginate } from './definition.ts';
import { linkTarget } from './link-header.ts';

/** Which page: what the provider wants for it; `null` is the first. */
export type PageToken = string | number | null;

/** One page as it was read. */
export interface ReadPage {
  readonly rows: readonly unknown[];
  /** Where the next page starts; `null`: there is none; `undefined`: only the next page itself can tell. */
  readonly next: PageToken | undefined;
  /** Rows of the whole list, where the provider tells. */
  readonly totalCount: number | undefined;
}

/** Rows of one page, from what the client asked for. */
export function pageSize(paginate: Paginate, first: number | null | undefined): number {
  const { sizeParam, pageSize: usual = 50, maxPageSize = Math.max(100, usual) } = paginate;
  // Without a parameter for it, the size is the provider's own and `pageSize` says what it is.
  return sizeParam === undefined ? usual : Math.min(first ?? usual, maxPageSize);
}

/** The page as `execute` is given it. */
export function pageRequest(paginate: Paginate, token: PageToken, size: number): PageRequest {
  switch (paginate.strategy) {
    case 'page':
      return { size, number: token === null ? (paginate.firstPage ?? 1) : Number(token) };
    case 'offset':
      return { size, offset: token === null ? 0 : Number(token) };
    case 'cursor':
    case 'link':
    case 'next_url':
      return token === null ? { size } : { size, token: String(token) };
  }
}

/** Adds page and size to a request that `execute` returned un-awaited. */
export function requestPage(request: Request, paginate: Paginate, page: PageRequest): Request {
  const { strategy, sizeParam, pageParam } = paginate;
  if (page.token !== undefined && strategy !== 'cursor') {
    // The provider's own URL of the page carries every parameter.
    return request.replaceUrl(page.token);
  }
  const params: Record<string, unknown> = sizeParam === undefined ? {} : { [sizeParam]: page.size };
  if (page.number !== undefined) params[pageParam ?? 'page'] = page.number;
  if (page.offset !== undefined) params[pageParam ?? 'offset'] = page.offset;
  if (page.token !== undefined) params[pageParam ?? 'cursor'] = page.token;
  return request.params(params);
}

/** Rows and next page from an answer. */
export function pageFromResponse(response: ProviderResponse, paginate: Paginate, page: PageRequest): ReadPage {
  const rows = paginate.rows === undefined ? response.body : readPath(response.body, paginate.rows);
  if (!Array.isArray(rows)) {
    const where = paginate.rows === undefined ? 'the body' : `"${paginate.rows}" in the body`;
    const message = `The page has no rows: expected ${where} to be a list; got ${describeKind(rows)}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
  }
  const totalCount =
    paginate.totalCount === undefined ? undefined : readCount(readPath(response.body, paginate.totalCount));
  return { rows, next: nextToken(response, paginate, page, rows.length, totalCount), totalCount };
}

/** Rows and next page from what a paging `execute` answered by itself. */
export function pageFromAnswer(answer: unknown, raisedIn: string): ReadPage {
  const page = answer as Partial<Page> | null | undefined;
  if (typeof page !== 'object' || page === null || !Array.isArray(page.rows)) {
    const message = `${raisedIn} pages, so its execute has to return its request without awaiting it (no async), or { rows, next }; it returned ${describeKind(answer)}.`;
    throw new GatewayError('CONNECTOR_ERROR', message);
  }
  return { rows: page.rows, next: page.next === '' ? null : page.next, totalCount: page.totalCount };
}

function nextToken(
  response: ProviderResponse,
  paginate: Paginate,
  page: PageRequest,
  rowCount: number,
  totalCount: number | undefined,
): PageToken | undefined {
  const hasMore = paginate.hasMore === undefined ? undefined : readFlag(readPath(response.body, paginate.hasMore));
  if (hasMore === false) return null;
  switch (paginate.strategy) {
    case 'link':
      return targetOf(linkTarget(response.headers.link ?? '', 'next'), response.url);
    case 'next_url':
      return targetOf(readPath(response.body, paginate.next ?? 'next'), response.url);
    case 'cursor': {
      const next = readPath(response.body, paginate.next ?? 'next');
      return (typeof next === 'string' && next !== '') || typeof next === 'number' ? next : null;
    }
    case 'page':
    case 'offset':
      return countedToken(paginate, page, rowCount, hasMore, totalCount);
  }
}

function countedToken(
  paginate: Paginate,
  page: PageRequest,
  rowCount: number,
  hasMore: boolean | undefined,
  totalCount: number | undefined,
): PageToken | undefined {
  const next = followingToken(page, rowCount);
  if (hasMore === true) return next;
  if (rowCount === 0) return null;
  // Nobody said how large a page is, so a page of any size may be a full one.
  const isSizeKnown = paginate.sizeParam !== undefined || paginate.pageSize !== undefined;
  if (totalCount !== undefined && (isSizeKnown || page.offset !== undefined)) {
    const start = page.offset ?? ((page.number ?? 1) - (paginate.firstPage ?? 1)) * page.size;
    return start + rowCount < totalCount ? next : null;
  }
  // A short page is the last; a full one may be, and only the next page can tell.
  return isSizeKnown && rowCount < page.size ? null : undefined;
}

/** Token of the page after this one, where the answer does not tell it: only `page` and `offset` can count on. */
export function followingToken(page: PageRequest, rowCount: number): PageToken {
  return page.offset === undefined ? (page.number ?? 1) + 1 : page.offset + rowCount;
}

/** A URL in an answer is relative to the URL that answered (RFC 8288 §3.2). */
function targetOf(target: unknown, base: string): PageToken {
  if (typeof target !== 'string' || target === '') return null;
  return URL.canParse(target, base) ? new URL(target, base).href : target;
}

/** Whether more follows; `undefined` where the provider does not say. */
function readFlag(value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? !['', 'false', '0', 'no'].includes(value.toLowerCase()) : Boolean(value);
}

function readCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) ? count : undefined;
}

/** The value at a dotted path; only own properties count. */
export function readPath(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}
