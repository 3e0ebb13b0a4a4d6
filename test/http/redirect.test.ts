import { describe, expect, it } from '@jest/globals';
import { followRedirect } from '../../src/http/redirect.ts';
import type { OutgoingRequest } from '../../src/http/wire.ts';

const base: OutgoingRequest = {
  method: 'GET',
  url: new URL('https://api.example.com/v1/a?api_token=SECRET&page=1'),
  headers: { accept: 'application/json', authorization: 'Bearer SECRET', 'x-app-id': 'SECRET', 'x-trace': 't' },
  repeatable: true,
  credentials: { headers: new Set(['X-App-Id']), params: new Set(['api_token', 'sig']) },
  redirects: 'any-origin',
};
const next = (request: OutgoingRequest, status: number, location: string): OutgoingRequest | undefined => {
  const redirect = followRedirect(request, status, location);
  if (redirect && 'refusal' in redirect) throw new Error(redirect.refusal);
  return redirect?.next;
};

describe('followRedirect', () => {
  it.each([
    ['GET', 301, 'GET'],
    ['GET', 302, 'GET'],
    ['GET', 303, 'GET'],
    ['GET', 307, 'GET'],
    ['GET', 308, 'GET'],
    ['HEAD', 301, 'HEAD'],
    ['HEAD', 303, 'HEAD'],
    ['POST', 303, 'GET'],
    ['DELETE', 303, 'GET'],
    ['GET', 300, undefined],
    ['GET', 304, undefined],
    ['GET', 305, undefined],
    ['GET', 200, undefined],
    ['POST', 301, undefined],
    ['POST', 302, undefined],
    ['POST', 307, undefined],
    ['PUT', 308, undefined],
    ['DELETE', 302, undefined],
    ['OPTIONS', 302, undefined],
  ])('makes of %s with %d the method %s', (method, status, expected) => {
    expect(next({ ...base, method }, status, '/b')?.method).toBe(expected);
  });

  it('leaves an answer without a usable location, and every answer when redirects are off, to the caller', () => {
    expect(followRedirect(base, 302, undefined)).toBeUndefined();
    expect(followRedirect(base, 302, 'https://[')).toBeUndefined();
    expect(followRedirect({ ...base, redirects: 'none' }, 302, '/b')).toBeUndefined();
  });

  it('keeps everything on the same origin', () => {
    const hop = next(base, 302, '../b?x=1')!;
    expect(hop.url.href).toBe('https://api.example.com/b?x=1');
    expect(hop.headers).toEqual(base.headers);
  });

  it('drops the body and what describes it on "see other", and makes a read of it', () => {
    const post = {
      ...base,
      method: 'POST',
      body: '{}',
      repeatable: false,
      headers: { 'content-type': 'application/json' },
    };
    const hop = next(post, 303, '/b')!;
    expect(hop).toMatchObject({ method: 'GET', repeatable: true, headers: {} });
    expect(hop.body).toBeUndefined();
  });

  // Another host, subdomain, parent domain, port, and a scheme-relative location: all are other origins.
  it.each([
    'https://evil.example/x',
    'https://api.example.com.evil.example/x',
    'https://sub.api.example.com/x',
    'https://example.com/x',
    'https://api.example.com:8443/x',
    '//evil.example/x',
    '\\\\evil.example/x',
    'https:evil.example/x'.replace(':', '://'),
  ])('takes no credential to %s', (location) => {
    const request = {
      ...base,
      body: 'SECRET',
      tls: { certificate: 'SECRET', key: 'SECRET' },
      headers: {
        ...base.headers,
        cookie: 'SECRET',
        'proxy-authorization': 'SECRET',
        'x-api-key': 'SECRET',
        'x-auth-token': 'SECRET',
        'x-csrf-token': 'SECRET',
        apikey: 'SECRET',
        'client-secret': 'SECRET',
        'x-session-id': 'SECRET',
        'x-signature': 'SECRET',
        referer: 'https://api.example.com/?api_token=SECRET',
        'content-type': 'application/json',
      },
    };
    const hop = next(request, 307, `${location}?api_token=SECRET&API_TOKEN=SECRET&sig=SECRET&sig=SECRET&page=2`)!;
    const shown = JSON.stringify({ ...hop, url: hop.url.href, credentials: undefined });
    expect(shown).not.toContain('SECRET');
    expect(hop.url.search).toBe('?page=2');
    expect(hop.headers).toEqual({ accept: 'application/json', 'x-trace': 't' });
  });

  it('does not pick the credentials up again when the next hop leads back', () => {
    const away = next(base, 302, 'https://evil.example/')!;
    const back = next(away, 302, 'https://api.example.com/v1/a')!;
    expect(back.headers).toEqual({ accept: 'application/json', 'x-trace': 't' });
  });

  it('leaves a signed location of another host as it is', () => {
    const location = 'https://files.example.net/f?X-Amz-Signature=abc%2Fd&e=a+b';
    expect(next(base, 302, location)!.url.href).toBe(location);
  });

  it.each([
    ['same-origin', 'https://evil.example/x?token=abc', 'evil.example'],
    ['same-origin', 'http://api.example.com/', 'api.example.com'],
    ['any-origin', 'http://api.example.com/', 'api.example.com'],
    ['any-origin', 'http://evil.example/', 'evil.example'],
    ['any-origin', 'file:///etc/passwd', 'file:'],
    ['any-origin', 'javascript:alert(1)', 'javascript:'],
    ['same-origin', 'data:text/html,x', 'data:'],
  ] as const)('with %s refuses %s and names only its host', (redirects, location, host) => {
    expect(followRedirect({ ...base, redirects }, 302, location)).toEqual({ refusal: expect.any(String), host });
  });
});
