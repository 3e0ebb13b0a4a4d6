/** A provider that pages through an array, in every way in which providers do, without a network. */
import type { Paginate } from '../../src/connector/definition.ts';
import {
  pageFromResponse,
  pageRequest,
  requestPage,
  type PageToken,
  type ReadPage,
} from '../../src/connector/read-page.ts';
import { Request } from '../../src/http/request.ts';

export interface ListProvider {
  readonly paginate: Paginate;
  readonly readPage: (token: PageToken, size: number) => Promise<ReadPage>;
  /** Queries that it was asked, in order. */
  readonly asked: readonly string[];
}

/** What the provider tells besides the rows. */
export type Telling = 'nothing' | 'more' | 'count';

export interface ListProviderOptions {
  readonly strategy: Paginate['strategy'];
  readonly rows: readonly unknown[];
  /** Rows of its pages: fixed, or the most that it gives. */
  readonly pageSize: number;
  /** Whether the client may choose a smaller size. */
  readonly takesSize: boolean;
  readonly tells?: Telling;
}

export function listProvider({
  strategy,
  rows,
  pageSize,
  takesSize,
  tells = 'nothing',
}: ListProviderOptions): ListProvider {
  const asked: string[] = [];
  const paginate: Paginate = {
    strategy,
    rows: 'rows',
    ...(takesSize ? { sizeParam: 'size', pageSize, maxPageSize: pageSize } : { pageSize }),
    ...(tells === 'more' && { hasMore: 'more' }),
    ...(tells === 'count' && { totalCount: 'count' }),
    ...((strategy === 'cursor' || strategy === 'next_url') && { next: 'next' }),
  };
  const answer = (query: URLSearchParams) => {
    const size = Number(query.get('size') ?? pageSize);
    const start =
      strategy === 'page'
        ? (Number(query.get('page')) - 1) * size
        : Number(query.get('offset') ?? query.get('cursor') ?? 0);
    const end = start + size;
    const next = end < rows.length ? String(end) : null;
    const url = next && `https://list.example.com/items?cursor=${next}&size=${size}`;
    return {
      headers: (url ? { link: `<${url}>; rel="next"` } : {}) as Record<string, string>,
      body: {
        rows: rows.slice(start, end),
        next: strategy === 'next_url' ? url : next,
        more: next !== null,
        count: rows.length,
      },
    };
  };
  return {
    paginate,
    asked,
    async readPage(token, size) {
      const page = pageRequest(paginate, token, size);
      const request = requestPage(new Request('GET', 'https://list.example.com/items', neverSent), paginate, page);
      const url = new URL(request.currentUrl);
      asked.push(url.search);
      return pageFromResponse({ status: 200, url: url.href, ...answer(url.searchParams) }, paginate, page);
    },
  };
}

const neverSent = () => Promise.reject(new Error('This request is never sent.'));
