import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { createGuardedLookup, isPublicAddress, urlRefusal } from '../../src/http/address-guard.ts';
import type { ResolveName } from '../../src/http/address-guard.ts';
import { GatewayError } from '../../src/errors.ts';

const strict = { allowHttp: false, allowedPrivateOrigins: new Set<string>() };
const withHttp = { ...strict, allowHttp: true };

describe('urlRefusal', () => {
  // Every host is written as an attacker would; none is ever dialled.
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://127.0.0.1./',
    'http://127。0。0。1/',
    'http://①②⑦.0.0.1/',
    'http://0/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://100.100.100.200/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'http://192.0.0.192/opc/v2/',
    'http://168.63.129.16/',
    'http://198.18.0.1/',
    'http://192.0.2.1/',
    'http://203.0.113.5/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::127.0.0.1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b::8.8.8.8]/',
    'http://[64:ff9b:1::1]/',
    'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:db8::1]/',
    'http://[3fff::1]/',
    'http://[100::1]/',
    'http://[fc00::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://localhost/',
    'http://LOCALHOST/',
    'http://localhost./',
    'http://app.localhost/',
    'http://localhost.localdomain/',
    'http://printer.local/',
    'http://metadata.google.internal/',
    'http://router.home.arpa/',
    'http://intranet/',
    'http://metadata/',
    'http://-a.example.com/',
    'http://a..example.com/',
    `http://${'a'.repeat(64)}.example.com/`,
    `http://${'a.'.repeat(130)}com/`,
    'http://user@api.example.com/',
    'http://user:password@api.example.com/',
    'http://:password@api.example.com/',
    'http://api.example.com:22/',
    'http://api.example.com:443/',
    'https://api.example.com:8443/',
    'ftp://api.example.com/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'unix:/var/run/docker.sock',
    'gopher://api.example.com/',
    'blob:https://api.example.com/1',
  ])('refuses %s', (text) => {
    expect(urlRefusal(new URL(text), withHttp)).toEqual(expect.any(String));
  });

  it.each([
    ['evil.example/#', 'https://evil.example/#.api.example.com/'],
    ['evil.example/?', 'https://evil.example/?.api.example.com/'],
    ['x@127.0.0.1/', 'https://x@127.0.0.1/.api.example.com/'],
    ['127.0.0.1\\', 'https://127.0.0.1\\.api.example.com/'],
    ['127.0.0.1:80/', 'https://127.0.0.1:80/.api.example.com/'],
  ])('judges the host that a template value %j really makes', (value, text) => {
    const url = new URL(`https://${value}.api.example.com/`);
    expect(url.href).toBe(new URL(text).href);
    const refusal = urlRefusal(url, strict);
    // A public host of the attacker's is the connector's business; a private one, or credentials, never pass.
    expect(refusal === undefined).toBe(url.hostname === 'evil.example');
  });

  it.each([
    'https://api.example.com/',
    'https://api.example.com:443/v1',
    'https://api.example.com./',
    'https://my_shop.example.com/',
    'https://bücher.example.com/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
  ])('lets %s pass', (text) => {
    expect(urlRefusal(new URL(text), strict)).toBeUndefined();
  });

  it('lets plain http pass only when it is allowed', () => {
    const url = new URL('http://api.example.com/');
    expect(urlRefusal(url, strict)).toBe('plain http is not allowed');
    expect(urlRefusal(url, withHttp)).toBeUndefined();
  });

  it('trusts a declared origin for its port only', () => {
    expect(urlRefusal(new URL('https://a.example.com:8443/'), strict, 'https://a.example.com:8443')).toBeUndefined();
    expect(urlRefusal(new URL('https://b.example.com:8443/'), strict, 'https://a.example.com:8443')).toBeDefined();
    expect(urlRefusal(new URL('https://a.example.com:8444/'), strict, 'https://a.example.com:8443')).toBeDefined();
    expect(urlRefusal(new URL('https://10.0.0.1:8443/'), strict, 'https://10.0.0.1:8443')).toBeDefined();
    expect(urlRefusal(new URL('http://a.example.com:8080/'), strict, 'http://a.example.com:8080')).toBeDefined();
  });

  it('lets an allowed private origin pass exactly, with its scheme and port', () => {
    const policy = { ...strict, allowedPrivateOrigins: new Set(['http://127.0.0.1:4010']) };
    expect(urlRefusal(new URL('http://127.0.0.1:4010/a'), policy)).toBeUndefined();
    expect(urlRefusal(new URL('http://127.0.0.1:4011/a'), policy)).toBeDefined();
    expect(urlRefusal(new URL('https://127.0.0.1:4010/a'), policy)).toBeDefined();
    expect(urlRefusal(new URL('http://user@127.0.0.1:4010/a'), policy)).toBeDefined();
  });
});

describe('isPublicAddress', () => {
  it('agrees with ipaddr.js about every IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const isUnicast = ipaddr.IPv4.parse(address).range() === 'unicast';
        expect(isPublicAddress(address)).toBe(isUnicast && address !== '168.63.129.16');
      }),
      { numRuns: 2000 },
    );
  });

  it('never calls an IPv6 address public that ipaddr.js does not', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (isPublicAddress(address)) expect(ipaddr.IPv6.parse(address).range()).toBe('unicast');
      }),
      { numRuns: 2000 },
    );
  });

  it('never calls an IPv6 address public that hides a private IPv4 address', () => {
    const wrappers = ['::', '::ffff:', '64:ff9b::', '::ffff:0:', '2002:'];
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom(...wrappers), (address, wrapper) => {
        const [a, b, c, d] = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
        const text = wrapper === '2002:' ? `2002:${a}${b}:${c}${d}::` : `${wrapper}${a}${b}:${c}${d}`;
        expect(isPublicAddress(text)).toBe(false);
      }),
    );
  });

  it.each(['', 'example.com', '1.2.3', '1.2.3.4.5', 'fe80::1%eth0', '2606:4700::1%1', '0x8.8.8.8', ' 8.8.8.8'])(
    'does not take %j for an address',
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );
});

describe('createGuardedLookup', () => {
  const answering =
    (...addresses: string[]): ResolveName =>
    (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  const look = (resolve: ResolveName, all: boolean): Promise<unknown> =>
    new Promise((resolved, rejected) => {
      createGuardedLookup(resolve)('name.example.com', { all }, (error, address, family) =>
        error ? rejected(error) : resolved(all ? address : { address, family }),
      );
    });

  it('gives public addresses, in both forms that diallers ask for', async () => {
    const resolve = answering('8.8.8.8', '2606:4700::1');
    expect(await look(resolve, false)).toEqual({ address: '8.8.8.8', family: 4 });
    expect(await look(resolve, true)).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]);
  });

  it('drops private addresses that stand between public ones', async () => {
    expect(await look(answering('127.0.0.1', '8.8.8.8', '::1'), true)).toEqual([{ address: '8.8.8.8', family: 4 }]);
  });

  it.each([[['127.0.0.1']], [['10.1.2.3', '::1', 'fd00::1']], [['64:ff9b::7f00:1']], [[]]])(
    'refuses a name at %j without showing where it is',
    async (addresses) => {
      const error = await look(answering(...addresses), true).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(GatewayError);
      expect(error).toMatchObject({
        code: 'ADDRESS_REFUSED',
        message: 'name.example.com is not at a public address.',
      });
      expect(JSON.stringify(error)).not.toContain(addresses[0] ?? 'nothing');
    },
  );

  it('hands on what the resolver reports', async () => {
    const broken: ResolveName = (_name, _options, callback) =>
      callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
    await expect(look(broken, true)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
