import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { createKeyRing } from '../../src/connection/seal.ts';
import { createStateTokens } from '../../src/connection/state-tokens.ts';

const old = { id: 'old', key: Buffer.alloc(32, 1) };
const current = { id: 'current', key: Buffer.alloc(32, 2) };
let now = Date.parse('2026-12-01T10:00:00Z');
const tokensOf = (...keys: (typeof old)[]) => createStateTokens(createKeyRing(keys), () => now);

describe('state tokens', () => {
  it('come back as they were given, until their time is over', async () => {
    const tokens = tokensOf(current);
    const token = await tokens.issue({ servicename: 'port-x' }, 900);
    expect(await tokens.verify(token)).toEqual({ servicename: 'port-x', iat: now / 1000, exp: now / 1000 + 900 });
    now += 900_000;
    expect(await tokens.verify(token)).toBeUndefined();
  });

  it('are good after a rotation, as long as their key is there', async () => {
    const token = await tokensOf(old).issue({ servicename: 'port-x' }, 900);
    expect(await tokensOf(current, old).verify(token)).toMatchObject({ servicename: 'port-x' });
    expect(await tokensOf(current).verify(token)).toBeUndefined();
  });

  it('are ours alone: signed with the key itself, without an end, unsigned or edited they are none', async () => {
    const tokens = tokensOf(current);
    const sign = (claims: object, key: Uint8Array, alg = 'HS256') =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(key);
    const good = await tokens.issue({ servicename: 'port-x' }, 900);
    const [head, , signature] = good.split('.');
    const other = Buffer.from('{"servicename":"port-y","exp":9999999999}').toString('base64url');
    const forged = [
      await sign({ servicename: 'port-x', exp: 9_999_999_999 }, current.key),
      await sign({ servicename: 'port-x', exp: 9_999_999_999 }, Buffer.alloc(64, 2), 'HS512'),
      `${head}.${other}.${signature}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${other}.`,
      'no token',
      '',
    ];
    for (const token of forged) expect([token, await tokens.verify(token)]).toEqual([token, undefined]);
  });
});
