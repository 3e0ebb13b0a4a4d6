import { describe, expect, it } from '@jest/globals';
import { Scrubber } from '../../src/testing/scrub.ts';

const request = (over: object) => ({
  method: 'GET',
  url: new URL('https://api.example.test/'),
  headers: {},
  repeatable: true,
  credentials: { headers: new Set<string>(), params: new Set<string>() },
  redirects: 'none' as const,
  ...over,
});

describe('what is recorded', () => {
  it('has none of what `apply` added, wherever it stands', () => {
    const scrubber = new Scrubber();
    const url = new URL('https://api.example.test/x?q=1&k=param-secret');
    const headers = { authorization: 'Bearer token-value', accept: 'application/json', 'x-key': 'header-secret' };
    const credentials = { headers: new Set(['authorization', 'x-key']), params: new Set(['k']) };
    scrubber.learnCredentials(request({ url, headers, credentials }));
    expect(scrubber.url(url)).toBe('https://api.example.test/x?q=1&k=[scrubbed]');
    expect(scrubber.requestHeaders(headers)).toEqual({ accept: 'application/json' });
    expect(scrubber.body('{"echo":"token-value and header-secret"}')).toEqual({ echo: '[scrubbed] and [scrubbed]' });
  });

  it('has no password of HTTP Basic', () => {
    const scrubber = new Scrubber();
    const authorization = `Basic ${Buffer.from('ada:open sesame').toString('base64')}`;
    scrubber.learnCredentials(
      request({ headers: { authorization }, credentials: { headers: new Set(['authorization']), params: new Set() } }),
    );
    expect(scrubber.text('he said "open sesame"')).toBe('he said "[scrubbed]"');
  });

  it('has nothing under a telling name: in a query, in JSON, in a form, and what stood there is known from then on', () => {
    const scrubber = new Scrubber();
    expect(scrubber.url(new URL('https://u:p@example.test/?appid=abcdef&city=Rome'))).toBe(
      'https://example.test/?appid=[scrubbed]&city=Rome',
    );
    expect(scrubber.body('{"access_token":"fresh-one","expires_in":3600}')).toEqual({
      access_token: '[scrubbed]',
      expires_in: 3600,
    });
    expect(scrubber.body('grant_type=refresh&refresh_token=old-one', 'application/x-www-form-urlencoded')).toBe(
      'grant_type=refresh&refresh_token=[scrubbed]',
    );
    expect(scrubber.text('fresh-one old-one')).toBe('[scrubbed] [scrubbed]');
  });

  it('keeps large numbers as they were written, and bytes that are no text', () => {
    const scrubber = new Scrubber();
    expect(scrubber.body('{"id":12345678901234567890}')).toBe('{"id":12345678901234567890}');
    expect(scrubber.body(Buffer.from([0xff, 0xfe]))).toEqual({ base64: '//4=' });
    expect(scrubber.body(undefined)).toBeUndefined();
  });
});
