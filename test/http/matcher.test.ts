/** Matchers of refreshOn, detectOn and afterErrorResponse. */
import { describe, it, expect } from '@jest/globals';
import { quickestMs } from '../support/quickest.ts';
import { matchesAnswer } from '../../src/http/matcher.ts';

describe('matchesAnswer', () => {
  it.each([
    [[401], 401, ['401 Unauthorized'], true],
    [[401, 403], 404, ['404 Not Found'], false],
    [['Unauthorized'], 401, ['401 Unauthorized', '{}'], true],
    [['invalid_token'], 400, ['400 Bad Request', '{"error":"invalid_token"}'], true],
    [[/^401/], 401, ['401 Unauthorized'], true],
    [[/expired \w+/i], 400, ['400 Bad Request', 'Expired session'], true],
    [[/expired$/], 400, ['400 Bad Request', 'expired!'], false],
    [[], 401, ['401 Unauthorized'], false],
  ])('judges %j against %j %j', (matchers, status, texts, expected) => {
    expect(matchesAnswer(matchers, status, texts)).toBe(expected);
  });

  it('judges a global pattern the same way each time', () => {
    const pattern = /expired/g;
    expect([1, 2, 3].map(() => matchesAnswer([pattern], 400, ['expired']))).toEqual([true, true, true]);
  });

  it('looks at the first 64 KiB only', () => {
    expect(matchesAnswer(['end'], 200, [`${'x'.repeat(65_533)}end`])).toBe(true);
    expect(matchesAnswer(['end'], 200, [`${'x'.repeat(65_534)}end`])).toBe(false);
  });

  it('never matches a pattern of more than 256 signs', () => {
    expect(matchesAnswer(['x'.repeat(256)], 200, ['x'.repeat(300)])).toBe(true);
    expect(matchesAnswer(['x'.repeat(257)], 200, ['x'.repeat(300)])).toBe(false);
    expect(matchesAnswer([new RegExp('x'.repeat(257))], 200, ['x'.repeat(300)])).toBe(false);
  });

  it.each([
    [/(a+)+$/, `${'a'.repeat(100_000)}!`],
    [/(a|aa)+$/, `${'a'.repeat(100_000)}!`],
    [/\s+$/, `${' '.repeat(100_000)}!`],
    [/(.*)=(.*);(.*)$/, '=;'.repeat(50_000) + '\n'],
    [/^(([a-z])+.)+[A-Z]([a-z])+$/, 'a'.repeat(100_000)],
  ])('gives up on %s before it holds up the process', (pattern, text) => {
    expect(quickestMs(() => matchesAnswer([pattern], 200, [text]))).toBeLessThan(50);
  });
});
