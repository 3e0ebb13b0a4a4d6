import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { pathSegment } from '../../src/http/path-segment.ts';

describe('pathSegment', () => {
  it('stays one segment below its parent, whatever the value holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        fc.pre(value !== '.' && value !== '..');
        const url = new URL(`https://a.example.com/v1/things/${pathSegment(value)}/parts`);
        expect(url.pathname.split('/')).toHaveLength(5);
        expect(url.pathname.startsWith('/v1/things/')).toBe(true);
        expect(decodeURIComponent(url.pathname.split('/')[3]!)).toBe(value);
        expect(url.search + url.hash).toBe('');
      }),
    );
  });

  it.each([
    ['../../admin', '..%2F..%2Fadmin'],
    ['a/b', 'a%2Fb'],
    ['a?b#c', 'a%3Fb%23c'],
    ['%2e%2e', '%252e%252e'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['ä b', '%C3%A4%20b'],
    [17, '17'],
    [12345678901234567890n, '12345678901234567890'],
  ])('writes %j as %s', (value, segment) => {
    expect(pathSegment(value)).toBe(segment);
  });

  it.each([
    ['', '""'],
    ['.', '"."'],
    ['..', '".."'],
    [null, 'a null'],
    [undefined, 'a undefined'],
    [{}, 'a object'],
    ['\ud800', 'text that is not well-formed Unicode'],
  ])('refuses %j', (value, came) => {
    expect(() => pathSegment(value as string)).toThrow(
      `A segment of a path must be text other than "", "." and ".."; got ${came}. Check the value before it enters the URL.`,
    );
  });
});
