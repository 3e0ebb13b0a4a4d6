/** Where a request goes: RFC 3986 against the base, and never above or beside it (safety X1, X3). */
import { describe, it, expect } from '@jest/globals';
import { path } from '../../src/http/path.ts';
import { Request } from '../../src/http/request.ts';
import { resolveUrl } from '../../src/http/request-url.ts';

const base = 'https://api.test/v1/shop/';

function request(url: string, baseUri: string | undefined = base): Request {
  const built = new Request('GET', url, () => Promise.reject(new Error('not sent')));
  built.parts.base = baseUri === undefined ? undefined : new URL(baseUri);
  return built;
}
const resolved = (url: string, baseUri?: string): string => resolveUrl(request(url, baseUri)).href;

describe('resolveUrl', () => {
  it.each([
    ['customers.json', 'https://api.test/v1/shop/customers.json'],
    ['customers?a=1', 'https://api.test/v1/shop/customers?a=1'],
    ['?a=1', 'https://api.test/v1/shop/?a=1'],
    ['', 'https://api.test/v1/shop/'],
    ['/v2/customers', 'https://api.test/v2/customers'],
    ['./customers', 'https://api.test/v1/shop/customers'],
    ['orders/../customers', 'https://api.test/v1/shop/customers'],
    ['a..b/c', 'https://api.test/v1/shop/a..b/c'],
    ['find?path=../x', 'https://api.test/v1/shop/find?path=../x'],
    ['https://other.test/x', 'https://other.test/x'],
    ['customers#part', 'https://api.test/v1/shop/customers'],
    ['a b/ü', 'https://api.test/v1/shop/a%20b/%C3%BC'],
  ])('resolves %j against the base', (url, expected) => {
    expect(resolved(url)).toBe(expected);
  });

  it('drops the last segment of a base without a slash at its end', () => {
    expect(resolved('customers', 'https://api.test/v1')).toBe('https://api.test/customers');
  });

  it('appends params to the query that is there', () => {
    const built = request('customers?a=1').params({ b: { c: [1, null] }, d: undefined, e: true });
    expect(resolveUrl(built).search).toBe('?a=1&b%5Bc%5D%5B%5D=1&b%5Bc%5D%5B%5D=&e=true');
    expect(resolveUrl(request('customers?').params('x=1')).search).toBe('?x=1');
    expect(resolveUrl(request('customers').params('x=#1')).search).toBe('?x=%231');
  });

  const climbing = 'climbs with ".." above the path of baseUri; build paths with path`…`.';
  const elsewhere = 'is relative but leads to another host; write https:// if that is meant.';
  it.each([
    ['../admin', climbing],
    ['customers/../../admin', climbing],
    ['customers/%2e%2E/../admin', climbing],
    ['customers/.%2e/../admin', climbing],
    ['customers\\..\\..\\admin', climbing],
    ['/other/../thing', climbing],
    ['https://api.test/v1/shop/a/../../b', climbing],
    ['https://other.test/a/../b', climbing],
    ['//evil.test/x', elsewhere],
    ['\\\\evil.test/x', elsewhere],
    ['/\\evil.test/x', elsewhere],
    ['https://user:pass@api.test/x', 'carries a user name; use user() and password().'],
    ['file:///etc/passwd', 'is neither https nor http.'],
    ['javascript:alert(1)', 'is neither https nor http.'],
    ['http://[', 'is no URL.'],
  ])('refuses %j', (url, reason) => {
    expect(() => resolved(url)).toThrow(`The URL of GET ${JSON.stringify(url)} ${reason}`);
  });

  it('says that there is no baseUri, and never shows the query', () => {
    expect(() => resolveUrl(new Request('POST', 'x?token=secret', () => Promise.reject(new Error())))).toThrow(
      'The URL of POST "x" is no absolute URL, and the connector has no baseUri.',
    );
  });
});

describe('path', () => {
  it('makes exactly one segment of each value', () => {
    expect(path`repos/${'a/b'}/${'c?d#e'}/issues/${7}`).toBe('repos/a%2Fb/c%3Fd%23e/issues/7');
    expect(resolved(path`x/${'%2e%2e'}/y`)).toBe('https://api.test/v1/shop/x/%252e%252e/y');
  });

  it.each(['', '.', '..'])('refuses %j', (value) => {
    expect(() => path`repos/${value}/issues`).toThrow(
      `A segment of a path must be text other than "", "." and ".."; got ${JSON.stringify(value)}. Check the value before it enters the URL.`,
    );
  });
});
