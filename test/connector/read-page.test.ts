import { describe, expect, it } from '@jest/globals';
import type { Paginate } from '../../src/connector/definition.ts';
import {
  followingToken,
  pageFromAnswer,
  pageFromResponse,
  pageRequest,
  pageSize,
  readPath,
  requestPage,
  type PageToken,
} from '../../src/connector/read-page.ts';
import { Request } from '../../src/http/request.ts';

const unsent = () => Promise.reject(new Error('It was sent.'));

function urlOf(paginate: Paginate, token: PageToken, size = 10, url = 'https://a.example.com/items?sort=asc'): string {
  return requestPage(new Request('GET', url, unsent), paginate, pageRequest(paginate, token, size)).currentUrl;
}

function read(paginate: Paginate, body: unknown, token: PageToken = null, size = 2, headers = {}) {
  const response = { status: 200, headers, body, url: 'https://a.example.com/items' };
  return pageFromResponse(response, paginate, pageRequest(paginate, token, size));
}

function nextOf(link: string): PageToken | undefined {
  return read({ strategy: 'link' }, [], null, 2, { link }).next;
}

describe('the size of a page', () => {
  it('is what the client asks for, within the provider’s bounds', () => {
    const paginate: Paginate = { strategy: 'page', sizeParam: 'n', pageSize: 20, maxPageSize: 30 };
    expect([pageSize(paginate, 5), pageSize(paginate, undefined), pageSize(paginate, 99)]).toEqual([5, 20, 30]);
    expect(pageSize({ strategy: 'page', sizeParam: 'n' }, 500)).toBe(100);
  });

  it('is never below the usual one for want of a maximum', () => {
    expect(pageSize({ strategy: 'page', sizeParam: 'n', pageSize: 200 }, undefined)).toBe(200);
  });

  it('is the provider’s own where it takes none', () => {
    expect(pageSize({ strategy: 'page', pageSize: 30 }, 5)).toBe(30);
    expect(pageSize({ strategy: 'page' }, 5)).toBe(50);
  });
});

describe('the request of a page', () => {
  it.each<[string, Paginate, PageToken, string]>([
    ['page', { strategy: 'page' }, null, '?sort=asc&page=1'],
    ['page', { strategy: 'page', firstPage: 0, pageParam: 'p', sizeParam: 'n' }, null, '?sort=asc&n=10&p=0'],
    ['page', { strategy: 'page' }, 3, '?sort=asc&page=3'],
    ['offset', { strategy: 'offset' }, null, '?sort=asc&offset=0'],
    ['offset', { strategy: 'offset', pageParam: 'skip' }, 40, '?sort=asc&skip=40'],
    ['cursor', { strategy: 'cursor', sizeParam: 'limit' }, null, '?sort=asc&limit=10'],
    ['cursor', { strategy: 'cursor', sizeParam: 'limit', pageParam: 'c' }, 'a/b', '?sort=asc&limit=10&c=a%2Fb'],
    ['link', { strategy: 'link', sizeParam: 'per_page' }, null, '?sort=asc&per_page=10'],
    ['next_url', { strategy: 'next_url' }, null, '?sort=asc'],
  ])('of strategy %s: %j after %j is %s', (_name, paginate, token, query) => {
    expect(urlOf(paginate, token)).toBe(`https://a.example.com/items${query}`);
  });

  it.each(['link', 'next_url'] as const)('of strategy %s is the provider’s URL as it is', (strategy) => {
    const next = 'https://a.example.com/items?after=x&sort=asc';
    expect(urlOf({ strategy, sizeParam: 'n' }, next)).toBe(next);
  });
});

describe('the rows of a page', () => {
  it('are the body, or stand at a path in it', () => {
    expect(read({ strategy: 'page' }, [1, 2]).rows).toEqual([1, 2]);
    expect(read({ strategy: 'page', rows: 'data.items' }, { data: { items: [3] } }).rows).toEqual([3]);
  });

  it.each([
    [undefined, { items: [] }, 'the body to be a list; got an object'],
    ['items', { item: [] }, '"items" in the body to be a list; got nothing'],
    ['items', { items: 'none' }, '"items" in the body to be a list; got a string'],
    ['a.constructor', { a: {} }, '"a.constructor" in the body to be a list; got nothing'],
  ])('at %s of %j are missing', (rows, body, message) => {
    expect(() => read({ strategy: 'page', ...(rows === undefined ? {} : { rows }) }, body)).toThrow(
      `The page has no rows: expected ${message}.`,
    );
  });

  it('are counted where the provider counts them', () => {
    const paginate: Paginate = { strategy: 'page', rows: 'r', totalCount: 'meta.total' };
    expect(read(paginate, { r: [], meta: { total: '12' } }).totalCount).toBe(12);
    expect(read(paginate, { r: [], meta: { total: 'many' } }).totalCount).toBeUndefined();
    expect(read(paginate, { r: [] }).totalCount).toBeUndefined();
    expect(read(paginate, { r: [], meta: { total: null } }).totalCount).toBeUndefined();
  });
});

describe('the next page', () => {
  it('is not known after a full page that says nothing, and is none after a short one', () => {
    expect(read({ strategy: 'page', pageSize: 2 }, [1, 2]).next).toBeUndefined();
    expect(read({ strategy: 'page', sizeParam: 'n' }, [1]).next).toBeNull();
    expect(read({ strategy: 'offset', sizeParam: 'n' }, [1, 2], 4).next).toBeUndefined();
    expect(read({ strategy: 'offset' }, [], 4).next).toBeNull();
  });

  it('is not known after a short page where nobody says how large a page is', () => {
    expect(read({ strategy: 'page' }, [1]).next).toBeUndefined();
    expect(read({ strategy: 'page' }, []).next).toBeNull();
    expect(read({ strategy: 'page', rows: 'r', totalCount: 'n' }, { r: [1], n: 2 }).next).toBeUndefined();
  });

  it('hangs on the count or the flag only where the provider gives them', () => {
    const paginate: Paginate = { strategy: 'cursor', rows: 'r', hasMore: 'more' };
    expect(read(paginate, { r: [1], next: 'n' }).next).toBe('n');
    expect(read(paginate, { r: [1], next: 'n', more: 'false' }).next).toBeNull();
    expect(read(paginate, { r: [1], next: 'n', more: 'true' }).next).toBe('n');
    expect(read(paginate, { r: [1], next: 'n', more: null }).next).toBeNull();
  });

  it('of strategy next_url is absolute, whatever the provider writes', () => {
    const paginate: Paginate = { strategy: 'next_url', rows: 'r', next: 'links.next' };
    expect(read(paginate, { r: [1], links: { next: '/items?page=2' } }).next).toBe(
      'https://a.example.com/items?page=2',
    );
    expect(read(paginate, { r: [1], links: { next: null } }).next).toBeNull();
    expect(read(paginate, { r: [1] }).next).toBeNull();
  });

  it('is known where the provider says whether more follows', () => {
    const paginate: Paginate = { strategy: 'page', rows: 'r', hasMore: 'more' };
    expect(read(paginate, { r: [1], more: true }, 3).next).toBe(4);
    expect(read(paginate, { r: [1, 2], more: false }, 3).next).toBeNull();
    expect(read({ ...paginate, strategy: 'offset' }, { r: [1], more: true }, 5).next).toBe(6);
  });

  it('is known where the provider counts all rows', () => {
    const paginate: Paginate = { strategy: 'page', rows: 'r', totalCount: 'n', pageSize: 2 };
    expect(read(paginate, { r: [1, 2], n: 5 }, 2).next).toBe(3);
    expect(read(paginate, { r: [1], n: 5 }, 3).next).toBeNull();
    expect(read({ ...paginate, firstPage: 0 }, { r: [1, 2], n: 3 }).next).toBe(1);
    expect(read({ ...paginate, strategy: 'offset' }, { r: [1, 2], n: 4 }, 2).next).toBeNull();
    expect(read({ ...paginate, strategy: 'offset' }, { r: [], n: 9 }, 2).next).toBeNull();
  });

  it.each([
    [{ next: 'abc' }, 'abc'],
    [{ next: 7 }, 7],
    [{ next: '' }, null],
    [{ next: null }, null],
    [{}, null],
    [{ next: { url: 'x' } }, null],
    [{ next: false }, null],
  ])('of strategy cursor in %j is %j', (meta, next) => {
    expect(read({ strategy: 'cursor', rows: 'r', next: 'meta.next' }, { r: [1], meta }).next).toBe(next);
  });

  it('of strategy cursor is at `next` unless it says', () => {
    expect(read({ strategy: 'cursor', rows: 'r' }, { r: [1], next: 'n' }).next).toBe('n');
  });

  it('is none where the provider says so, even with a token', () => {
    expect(
      read({ strategy: 'cursor', rows: 'r', hasMore: 'more' }, { r: [1], more: false, next: 'n' }).next,
    ).toBeNull();
  });

  it('without a word of the provider is the one that counting on gives', () => {
    expect(followingToken({ size: 10, number: 3 }, 10)).toBe(4);
    expect(followingToken({ size: 10, offset: 20 }, 7)).toBe(27);
  });
});

/** https://www.rfc-editor.org/rfc/rfc8288#section-3 */
describe('the Link header', () => {
  it.each([
    ['<https://a.example.com/2>; rel="next"', 'https://a.example.com/2'],
    ['<https://a.example.com/2>; rel=next', 'https://a.example.com/2'],
    ['<https://a.example.com/2>;rel=next', 'https://a.example.com/2'],
    ['<https://a.example.com/2> ; REL = "next"', 'https://a.example.com/2'],
    ['<https://a.example.com/2>; rel="NEXT"', 'https://a.example.com/2'],
    ['<https://a.example.com/1>; rel="prev", <https://a.example.com/3>; rel="next"', 'https://a.example.com/3'],
    ['<https://a.example.com/3>; rel="next", <https://a.example.com/9>; rel="last"', 'https://a.example.com/3'],
    ['<https://a.example.com/3>; rel="last next"', 'https://a.example.com/3'],
    ['<https://a.example.com/3>; rel="  next   last "', 'https://a.example.com/3'],
    ['<https://a.example.com/?ids=1,2,3>; rel="next"', 'https://a.example.com/?ids=1,2,3'],
    ['<https://a.example.com/?a=b;c>; rel="next"', 'https://a.example.com/?a=b;c'],
    ['<https://a.example.com/3>; title="a, b; rel=\\"prev\\""; rel="next"', 'https://a.example.com/3'],
    ['<https://a.example.com/x>; title="rel=next", <https://a.example.com/3>; rel="next"', 'https://a.example.com/3'],
    ['<https://a.example.com/3>; title="<https://evil.example.com/>; rel=next"; rel="next"', 'https://a.example.com/3'],
    ['<https://a.example.com/3>; crossorigin; rel="next"', 'https://a.example.com/3'],
    ['<https://a.example.com/3>; title*=UTF-8\'\'x%20y; rel="next"', 'https://a.example.com/3'],
    ['<>; rel="prev",,  <https://a.example.com/3>; rel="next" ,', 'https://a.example.com/3'],
    ['</relative?page=2>; rel="next"', 'https://a.example.com/relative?page=2'],
    ['<?page=2>; rel="next"', 'https://a.example.com/items?page=2'],
    // The first rel counts, any later one of the same link must be ignored (§3.3).
    [
      '<https://a.example.com/1>; rel="prev"; rel="next", <https://a.example.com/3>; rel="next"',
      'https://a.example.com/3',
    ],
    ['<https://a.example.com/1>; rel="prev"; rel="next"', null],
    ['<https://a.example.com/1>; xrel="next"', null],
    ['<https://a.example.com/1>; rel="nextish"', null],
    ['<https://a.example.com/1>', null],
    ['https://a.example.com/1; rel="next"', null],
    ['', null],
  ])('%s leads to %s', (link, next) => {
    expect(nextOf(link)).toBe(next);
  });

  it('that is absent leads nowhere', () => {
    expect(read({ strategy: 'link' }, [1, 2]).next).toBeNull();
  });

  it('is read in no time, however it is built', () => {
    const startedAt = performance.now();
    for (const unit of ['<', ' ;', '<a>;', '<a>; a="', '<a>; rel="next', ';a=b ', ' \t', '"\\']) {
      nextOf(unit.repeat(Math.floor(16_000 / unit.length)));
      nextOf(`<a>${unit.repeat(Math.floor(16_000 / unit.length))}`);
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('a page that execute answers by itself', () => {
  it('gives rows, next and count', () => {
    expect(pageFromAnswer({ rows: [1], next: 'n', totalCount: 3 }, 'actions.act')).toEqual({
      rows: [1],
      next: 'n',
      totalCount: 3,
    });
    expect(pageFromAnswer({ rows: [] }, 'actions.act').next).toBeUndefined();
    expect(pageFromAnswer({ rows: [], next: null }, 'actions.act').next).toBeNull();
    expect(pageFromAnswer({ rows: [], next: '' }, 'actions.act').next).toBeNull();
  });

  it.each([
    [[1, 2], 'a list'],
    [null, 'null'],
    [undefined, 'nothing'],
    [{ items: [] }, 'an object'],
  ])('is refused when it is %j', (answer, got) => {
    expect(() => pageFromAnswer(answer, 'actions.act')).toThrow(
      `actions.act pages, so its execute has to return its request without awaiting it (no async), or { rows, next }; it returned ${got}.`,
    );
  });
});

describe('readPath', () => {
  it('follows own properties only', () => {
    expect(readPath({ a: { b: [10, 20] } }, 'a.b.1')).toBe(20);
    expect(readPath({ a: 1 }, 'a.b')).toBeUndefined();
    expect(readPath({}, '__proto__.constructor')).toBeUndefined();
    expect(readPath(null, 'a')).toBeUndefined();
  });
});
