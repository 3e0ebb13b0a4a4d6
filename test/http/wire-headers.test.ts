import { describe, expect, it } from '@jest/globals';
import { wireHeaders } from '../../src/http/wire-headers.ts';

const defaults = [
  ['user-agent', 'plugboard'],
  ['accept-encoding', 'gzip'],
] as const;

describe('wireHeaders', () => {
  it('lays the headers out with the defaults, unless the request has its own', () => {
    expect(wireHeaders({ accept: 'a/b', 'user-agent': 'mine' }, defaults)).toEqual([
      'accept-encoding',
      'gzip',
      'accept',
      'a/b',
      'user-agent',
      'mine',
    ]);
  });

  it('takes tabs, spaces and Latin-1', () => {
    expect(wireHeaders({ 'x-name': 'Zoë\tSmith, "x"' }, [])).toEqual(['x-name', 'Zoë\tSmith, "x"']);
  });

  // CWE-113: each would end the header or the request for some parser on the way.
  it.each([
    'a\r\nx-admin: 1',
    'a\nx-admin: 1',
    'a\rb',
    'a\0b',
    '\r\n\r\nGET /admin HTTP/1.1',
    'a\u0001b',
    'a\u007fb',
    'a\u0085b'.replace('\u0085', '\u0100'),
    'a\u2028b',
    'a\u560a\u560d', // Truncated to bytes this is "\n\r".
    '嘊嘍x: 1',
    '\ud83d\ude00',
  ])('refuses the value %j without showing it', (value) => {
    expect(() => wireHeaders({ 'x-name': value }, [])).toThrow(
      'header "x-name" has a line break, a control character or a character outside Latin-1 in its value',
    );
  });

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'ä', 'a\0', '(x)'])('refuses the name %j', (name) => {
    expect(() => wireHeaders({ [name]: 'x' }, [])).toThrow('has a name that is no token');
  });

  it.each(['host', 'Host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'expect', 'te'])(
    'refuses %s, which belongs to the connection',
    (name) => {
      expect(() => wireHeaders({ [name]: 'x' }, [])).toThrow(
        `header "${name}" belongs to the connection and cannot be set`,
      );
    },
  );

  it.each([
    [1, 'number'],
    [null, 'null'],
    [['a', 'b'], 'object'],
  ])('refuses the value %j, which is no text', (value, type) => {
    expect(() => wireHeaders({ 'x-name': value as unknown as string }, [])).toThrow(
      `header "x-name" must be text; got ${type}`,
    );
  });
});
