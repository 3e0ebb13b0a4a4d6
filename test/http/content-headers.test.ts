import { describe, expect, it } from '@jest/globals';
import { Content } from '../../src/content.ts';
import { contentHeaders } from '../../src/http/content-headers.ts';

function headersOf(facts: { name?: string; mediaType?: string }) {
  return contentHeaders(Content.of('x', facts));
}

describe('the headers of a content', () => {
  it('have it saved, and never shown or run', () => {
    expect(headersOf({})).toEqual({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'content-length': '1',
      'accept-ranges': 'none',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-site',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    ['text/html', 'text/html'],
    ['image/svg+xml', 'image/svg+xml'],
    ['text/html; charset=utf-7', 'application/octet-stream'],
    ['text/html\r\nx-evil: 1', 'application/octet-stream'],
    ['nonsense', 'application/octet-stream'],
  ])('say of the media type %j that it is %s', (mediaType, said) => {
    expect(headersOf({ mediaType })['content-type']).toBe(said);
  });

  it.each([
    ['a b.txt', 'attachment; filename="a b.txt"'],
    ['../../etc/passwd', 'attachment; filename="passwd"'],
    ['C:\\x\\y.doc', 'attachment; filename="y.doc"'],
    ['a"; filename="b', `attachment; filename="a__ filename__b"; filename*=UTF-8''a%22%3B%20filename%3D%22b`],
    ['a\r\nx-evil: 1', `attachment; filename="ax-evil_ 1"; filename*=UTF-8''ax-evil%3A%201`],
    ['tree\u202egpj.exe', 'attachment; filename="treegpj.exe"'],
    ["it's (1).txt", `attachment; filename="it_s (1).txt"; filename*=UTF-8''it%27s%20%281%29.txt`],
    ['日本.txt', `attachment; filename="__.txt"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt`],
    ['..', 'attachment'],
    ['', 'attachment'],
    ['/', 'attachment'],
    ['x'.repeat(300), `attachment; filename="${'x'.repeat(200)}"`],
  ])('call %j what a file can be called', (name, said) => {
    expect(headersOf({ name })['content-disposition']).toBe(said);
  });
});
