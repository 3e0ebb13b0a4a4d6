/** Digest answers, checked against the examples of RFC 7616 §3.9 and RFC 2617 §3.5. */
import { describe, it, expect } from '@jest/globals';
import { quickestMs } from '../support/quickest.ts';
import { answerDigest } from '../../src/http/digest.ts';

const request = { method: 'GET', target: '/dir/index.html', user: 'Mufasa', password: 'Circle of Life' };
const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const clientNonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const challenge = (algorithm: string): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;

describe('answerDigest', () => {
  it('computes the MD5 answer of RFC 7616', () => {
    expect(answerDigest(challenge('MD5'), request, clientNonce)).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", nonce="${nonce}", uri="/dir/index.html", response="8ca523f5e9506fed4657c9700eebdbec", algorithm=MD5, opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001, cnonce="${clientNonce}"`,
    );
  });

  it('computes the SHA-256 answer of RFC 7616, and prefers it', () => {
    const both = `Basic realm="x", ${challenge('MD5')}, ${challenge('SHA-256')}`;
    expect(answerDigest(both, request, clientNonce)).toContain(
      'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"',
    );
  });

  it('computes the answer of RFC 2617, and the older one without qop', () => {
    const old = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
    const given = { ...request, password: 'Circle Of Life' };
    expect(answerDigest(`${old}, qop="auth"`, given, '0a4f113b')).toContain(
      'response="6629fae49393a05397450978507c4ef1"',
    );
    expect(answerDigest(old, given, '0a4f113b')).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
  });

  it('answers with a session secret and a hidden user where it is asked to', () => {
    const session = answerDigest(`${challenge('SHA-256-sess')}, userhash=true`, request, clientNonce);
    expect(session).toMatch(/^Digest username="[0-9a-f]{64}", .*algorithm=SHA-256-sess.*userhash=true$/);
    expect(session).not.toContain('Mufasa');
  });

  it.each([
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest realm="x", nonce="n", qop="auth-int"',
    'Digest realm="x", nonce="n", qop="auth", algorithm=SHA-512-256',
    '',
  ])('does not answer %j', (header) => {
    expect(answerDigest(header, request)).toBeUndefined();
  });

  it('reads a hostile header quickly and once', () => {
    const headers = ['a="'.repeat(50_000), '\\'.repeat(100_000), `realm="${'\\"'.repeat(50_000)}`];
    for (const header of headers) {
      const refuse = (): void => expect(answerDigest(`Digest ${header}`, request)).toBeUndefined();
      expect(quickestMs(refuse)).toBeLessThan(50);
    }
  });
});
