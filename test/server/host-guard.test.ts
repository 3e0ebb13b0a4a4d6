import { describe, expect, it } from '@jest/globals';
import { hostGuard } from '../../src/server/host-guard.ts';

describe('hostGuard', () => {
  it('checks names on every loopback address', () => {
    for (const listenHost of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
      const isAllowed = hostGuard(listenHost, undefined);
      expect([listenHost, isAllowed('evil.example'), isAllowed('localhost:4000')]).toEqual([listenHost, false, true]);
    }
  });
  it('checks nothing beyond loopback, unless names are given', () => {
    expect(hostGuard('0.0.0.0', undefined)('evil.example')).toBe(true);
    const isAllowed = hostGuard('0.0.0.0', ['api.example']);
    expect([isAllowed('api.example'), isAllowed('evil.example')]).toEqual([true, false]);
  });
  it('allows the name by which the gateway is known outside, where names are checked', () => {
    const isAllowed = hostGuard('127.0.0.1', undefined, 'https://Gateway.Example.com:8443/plugboard');
    expect(['gateway.example.com', 'gateway.example.com:8443', 'evil.example'].map(isAllowed)).toEqual([
      true,
      true,
      false,
    ]);
    expect(hostGuard('0.0.0.0', ['api.example'], 'https://gateway.example.com')('gateway.example.com')).toBe(true);
  });
  it('lets HTTP/1.0 pass, which has no Host', () => {
    expect(hostGuard('127.0.0.1', undefined)(undefined)).toBe(true);
  });
});
