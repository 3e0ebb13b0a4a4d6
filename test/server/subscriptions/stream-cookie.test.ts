import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { insecureCaller } from '../../../src/connection/caller.ts';
import { createKeyRing } from '../../../src/connection/seal.ts';
import { streamCookie } from '../../../src/server/subscriptions/stream-cookie.ts';

describe('the cookie of an EventSource', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)].map((key, index) => ({ id: `k${index}`, key })) as [
    { id: string; key: Buffer },
    { id: string; key: Buffer },
  ];
  const headers = { authorization: 'Bearer secret-token', 'x-external-subject-id': 'ada', 'x-other': 'no' };
  const pairOf = (setCookie: string) => setCookie.split(';')[0]!;

  it('holds the credentials of the caller, sealed, and nothing else', () => {
    const cookie = streamCookie(createKeyRing([older]), () => undefined);
    const made = cookie.make(headers, insecureCaller);
    expect(made).not.toContain('secret-token');
    expect(cookie.read(`theme=dark; ${pairOf(made)}`)).toEqual({
      authorization: 'Bearer secret-token',
      'x-external-subject-id': 'ada',
    });
  });

  it('lives an hour, or as long as the credentials if that is shorter', () => {
    let now = 1_000_000;
    const cookie = streamCookie(
      createKeyRing([older]),
      () => undefined,
      () => now,
    );
    const hour = cookie.make(headers, insecureCaller);
    const minute = cookie.make(headers, { ...insecureCaller, expiresAt: now + 60_000 });
    expect([hour, minute].map((made) => /Max-Age=(\d+)/.exec(made)?.[1])).toEqual(['3600', '60']);
    now += 60_000;
    expect([cookie.read(pairOf(hour)), cookie.read(pairOf(minute))]).toEqual([expect.anything(), undefined]);
    now += 3_540_000;
    expect(cookie.read(pairOf(hour))).toBeUndefined();
  });

  it('can be planted by no other host where TLS is spoken', () => {
    const cookie = streamCookie(createKeyRing([older]), () => 'https://api.example');
    const made = cookie.make(headers, insecureCaller);
    expect(made).toMatch(/^__Host-plugboard-stream=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=3600$/);
    expect(cookie.read(pairOf(made).replace('__Host-', ''))).toBeUndefined();
    expect(cookie.clear()).toBe('__Host-plugboard-stream=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0');
  });

  it('is read after the key was rotated, and not after its key was taken out', () => {
    const made = pairOf(streamCookie(createKeyRing([older]), () => undefined).make(headers, insecureCaller));
    expect(streamCookie(createKeyRing([newer, older]), () => undefined).read(made)).toEqual(expect.anything());
    expect(streamCookie(createKeyRing([newer]), () => undefined).read(made)).toBeUndefined();
  });

  it.each(['', 'plugboard-stream=', 'plugboard-stream=garbage', 'plugboard-stream=sealed1.k0.AAAAAAAAAAAAAAAA.AAAA'])(
    'is none when it is %j',
    (given) => {
      expect(streamCookie(createKeyRing([older]), () => undefined).read(given)).toBeUndefined();
    },
  );

  it('is refused for a token that no browser would keep', () => {
    const cookie = streamCookie(createKeyRing([older]), () => undefined);
    const long = { authorization: `Bearer ${'x'.repeat(4_000)}` };
    expect(() => cookie.make(long, insecureCaller)).toThrow(
      /^The token is too long for a cookie: sealed it has \d+ characters, of at most 3800\. Read the stream with `fetch`, which can send the header itself\.$/,
    );
  });
});
