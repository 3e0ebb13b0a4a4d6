/** What is kept of a token answer. */
import { describe, expect, it } from '@jest/globals';
import { sealIdentity, type ConnectionRecord } from '../../src/connection/connection-record.ts';
import {
  acquiredTokens,
  openFields,
  openTokens,
  readCustomTokens,
  tokenPart,
} from '../../src/connection/connection-tokens.ts';
import { Secret } from '../../src/http/secret.ts';
import { keyRing, textsOf } from '../support/oauth-connection.ts';

const now = 1_000_000;
const day = 24 * 60 * 60_000;
const answer = { access_token: new Secret('a'), token_type: 'Bearer' };
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

describe('the end of an access token', () => {
  it.each([
    ['as the provider says', { ...answer, expires_in: 60 }, now + 60_000],
    ['not known when it does not say', answer, null],
    ['not known when it says 0', { ...answer, expires_in: 0 }, null],
    ['that of a JWT when it does not say', { ...answer, access_token: new Secret(jwt({ exp: 5_000 })) }, 5_000_000],
    ['not known of a JWT without end', { ...answer, access_token: new Secret(jwt({})) }, null],
    ['not known of what only looks like a JWT', { ...answer, access_token: new Secret('a.b.c') }, null],
  ])('is %s', (_name, given, expected) => {
    expect(acquiredTokens(given, now, []).expiresAt).toBe(expected);
  });
});

describe('what is kept', () => {
  it('of scopes is what was granted, by spaces or commas, else what was asked for', () => {
    const scopes = (scope?: string) => acquiredTokens({ ...answer, scope }, now, ['asked']).scopes;
    expect([scopes('a b a'), scopes('a,b'), scopes()]).toEqual([['a', 'b'], ['a', 'b'], ['asked']]);
  });

  it('of a refresh token is the old one when no new one came, with what is left of its life', () => {
    const before = {
      ...answer,
      refresh_token: new Secret('r'),
      refresh_token_expires_in: 100,
      obtained_at: now - 40_000,
    };
    expect(textsOf(acquiredTokens(answer, now, [], before).tokens)).toMatchObject({
      refresh_token: 'r',
      refresh_token_expires_in: 60,
    });
    const next = { ...answer, refresh_token: new Secret('s') };
    expect(textsOf(acquiredTokens(next, now, [], before).tokens)).toEqual({
      access_token: 'a',
      token_type: 'Bearer',
      refresh_token: 's',
      obtained_at: now,
      rotates: true,
    });
  });

  it('of a provider is whether it gives another refresh token for one that was spent', () => {
    const before = { ...answer, refresh_token: new Secret('r') };
    const rotates = (given?: string) => {
      const refresh = given === undefined ? {} : { refresh_token: new Secret(given) };
      return acquiredTokens({ ...answer, ...refresh }, now, [], before).tokens.rotates;
    };
    expect([rotates('s'), rotates('r'), rotates()]).toEqual([true, false, false]);
    expect(acquiredTokens({ ...answer, refresh_token: new Secret('r') }, now, []).tokens).not.toHaveProperty('rotates');
  });

  const target = { id: 'c', tenant: 'acme', subject: 'alice', connector: 'shop' };
  it('of idle connections is when they are renewed: at 85 % of the refresh token’s life, at least once a day', () => {
    const idle = (seconds?: number) =>
      tokenPart(
        target,
        acquiredTokens({ ...answer, refresh_token: new Secret('r'), refresh_token_expires_in: seconds }, now, []),
        keyRing,
      ).idleRefreshAt;
    expect([idle(1000), idle(), idle(1e9)]).toEqual([now + 850_000, now + day, now + day]);
    expect(tokenPart(target, acquiredTokens(answer, now, []), keyRing).idleRefreshAt).toBeNull();
  });
});

describe('what is sealed for a connection', () => {
  const owner = { id: 'c', tenant: 'acme', subject: 'alice', connector: 'shop' };
  const sealed = {
    tokens: tokenPart(owner, acquiredTokens(answer, now, []), keyRing).tokens,
    fields: keyRing.seal('{}', sealIdentity(owner, 'fields')),
    acquired: keyRing.seal('{}', sealIdentity(owner, 'acquired')),
  };
  const record = (edit: { readonly tenant?: string; readonly subject?: string | null; readonly connector?: string }) =>
    ({
      id: 'c',
      value: { tenant: 'acme', subject: 'alice', connector: 'shop', ...sealed, ...edit },
    }) as unknown as ConnectionRecord;

  it('opens in its own record', () => {
    expect(openTokens(record({}), keyRing)?.access_token.reveal()).toBe('a');
    expect(openFields(record({}), 'fields', keyRing)).toEqual({});
  });

  it.each<Parameters<typeof record>[0]>([
    { tenant: 'globex' },
    { subject: 'bob' },
    { subject: null },
    { subject: '' },
    { subject: 'tenant' },
    { subject: 'subject alice' },
    { tenant: 'acmesubject alice', subject: '' },
    { connector: 'evil' },
    { connector: '' },
  ])('opens for no owner and no connector that was written in afterwards: %j', (edit) => {
    const broken = expect.objectContaining({ code: 'SEAL_BROKEN' });
    expect(() => openTokens(record(edit), keyRing)).toThrow(broken);
    for (const part of ['fields', 'acquired'] as const) {
      expect(() => openFields(record(edit), part, keyRing)).toThrow(broken);
    }
  });

  it('tells the tenant from a subject of any name', () => {
    const identity = (subject: string | null) => sealIdentity({ ...owner, subject }, 'tokens');
    const names = [null, '', 'tenant', 'null', 'subject', 'subject tenant'];
    expect(new Set(names.map((name) => JSON.stringify(identity(name)))).size).toBe(names.length);
  });
});

describe('what a connector’s own hook gives', () => {
  const connector = { name: 'shop' };
  it.each([
    [{ access_token: 'a' }, 'acquire' as const, undefined, {}],
    [[{ access_token: 'a' }], 'acquire' as const, undefined, {}],
    [[{ access_token: 'a' }, 'me', { host: 'x' }], 'acquire' as const, 'me', { host: 'x' }],
    [[{ access_token: 'a' }, 7, null], 'acquire' as const, '7', {}],
    [[{ access_token: 'a' }, null, { host: 'x' }], 'refresh' as const, undefined, { host: 'x' }],
    [[{ access_token: 'a' }, { host: 'x' }], 'refresh' as const, undefined, { host: 'x' }],
  ])('%j is read', (given, hook, ownerId, extra) => {
    const read = readCustomTokens(given, hook, connector);
    expect({ ...read, answer: [read.answer.access_token.reveal(), read.answer.token_type] }).toEqual({
      answer: ['a', 'Bearer'],
      ownerId,
      extra,
    });
  });

  it.each([undefined, null, 'token', {}, [], [{ access_token: '' }], { access_token: 5 }])('%j is refused', (given) => {
    expect(() => readCustomTokens(given, 'acquire', connector)).toThrow('shop: acquire must give { access_token,');
  });
});
