import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createApiKeys, type ApiKeys } from '../../src/connection/api-keys.ts';
import { createAuthenticator, type AuthenticatorOptions } from '../../src/connection/authenticate.ts';
import { createTokenIssuer } from '../../src/connection/token-issuer.ts';
import { createVerifyJwt } from '../../src/connection/verify-jwt.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import type { Store } from '../../src/storage/store.ts';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';
import { openTestStore } from '../support/test-store.ts';
import { createKeyRing } from '../../src/connection/seal.ts';

const issuer = 'https://login.acme.example';
const audience = 'https://gateway.example';
let store: Store;
let keys: ApiKeys;
let now: number;
let reads: number;
let keyServer: KeyServer;
const sealingKeys = [{ id: 'k1', key: Buffer.alloc(32, 7) }];

beforeEach(async () => {
  now = Date.now();
  reads = 0;
  store = await openTestStore();
  keys = createApiKeys(counting(store.records));
  keyServer = await startKeyServer('first');
});
afterEach(async () => {
  await store.close();
  await keyServer.close();
});

function counting(records: Records): Records {
  return { ...records, get: (kind, id) => ((reads += 1), records.get(kind, id)) };
}

function authenticator(options: Partial<AuthenticatorOptions> = {}) {
  const trusted = { issuer, audience, jwksUri: keyServer.url, tenant: 'acme' };
  const verifyJwt = createVerifyJwt({ issuers: [trusted], fetch: (url, init) => fetch(url, init), now: () => now });
  const tokenIssuer = createTokenIssuer({ baseUrl: audience, keyRing: createKeyRing(sealingKeys), now: () => now });
  const { authenticate } = createAuthenticator({ apiKeys: keys, verifyJwt, tokenIssuer, now: () => now, ...options });
  const ask = (token: string, subject?: string, namingScope?: string) =>
    authenticate(
      { authorization: `Bearer ${token}`, ...(subject !== undefined && { 'x-external-subject-id': subject }) },
      { namingScope },
    );
  return { authenticate, ask, tokenIssuer };
}

function sign(claims: Readonly<Record<string, unknown>> = {}, kid = 'first'): Promise<string> {
  const exp = Math.floor(now / 1000) + 3_600;
  return keyServer.sign(kid, { iss: issuer, aud: audience, sub: 'ada', exp, scope: 'plugboard.read', ...claims });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  return error instanceof GatewayError ? error.code : `no error, but ${JSON.stringify(error)}`;
}

const create = (...scopes: string[]) => keys.create({ tenant: 'acme', name: 'backend', scopes });

describe('a caller with an API key', () => {
  it('is its tenant, without a subject, and may do what the key may', async () => {
    const { text } = await create('plugboard.read:github');
    const caller = await authenticator().ask(text);
    expect(caller).toEqual({ tenant: 'acme', subject: undefined, scopes: new Set(['plugboard.read:github']) });
  });

  it('names the subject where a scope allows it, and nowhere else', async () => {
    const { ask } = authenticator();
    const naming = await create('plugboard.read', 'plugboard.subjects');
    const other = await create('plugboard.read', 'connctd.connector');
    expect(await ask(naming.text, 'ada')).toMatchObject({ tenant: 'acme', subject: 'ada' });
    expect(await refusal(ask(other.text, 'ada'))).toBe('FORBIDDEN');
    expect(await ask(other.text, 'ada', 'connctd.connector')).toMatchObject({ subject: 'ada' });
    expect(await refusal(ask(naming.text, 'a\u0000b'))).toBe('INPUT_INVALID');
  });

  it('is believed for three seconds without another look at the store', async () => {
    const { text } = await create('plugboard.read');
    const { ask } = authenticator();
    for (let count = 0; count < 100; count += 1) await ask(text);
    expect(reads).toBe(1);
    now += 3_000;
    await ask(text);
    expect(reads).toBe(2);
    now -= 60_000;
    await ask(text);
    expect(reads).toBe(3);
  });

  it('is told that the store fails, not that the key is wrong', async () => {
    const { text } = await create('plugboard.read');
    await store.close();
    expect(await refusal(authenticator().ask(text))).toBe('STORE_UNAVAILABLE');
  });
});

describe('a caller with a token', () => {
  it('is the subject of the token, until it ends', async () => {
    const caller = await authenticator().ask(await sign());
    expect(caller).toMatchObject({ tenant: 'acme', subject: 'ada' });
    expect(caller.expiresAt).toBe((Math.floor(now / 1000) + 3_600) * 1000);
  });

  it('may name itself, and others only by scope', async () => {
    const { ask } = authenticator();
    expect(await ask(await sign(), 'ada')).toMatchObject({ subject: 'ada' });
    expect(await refusal(ask(await sign(), 'bob'))).toBe('FORBIDDEN');
    const naming = await sign({ scope: 'plugboard.subjects' });
    expect(await ask(naming, 'bob')).toMatchObject({ subject: 'bob' });
    expect(await ask(naming)).toMatchObject({ subject: 'ada' });
  });

  it('is remembered, but not beyond its end', async () => {
    const { ask } = authenticator();
    const token = await sign({ exp: Math.floor(now / 1000) + 10 });
    await ask(token);
    now += 9_000;
    await ask(token);
    now += 36_000;
    expect(await refusal(ask(token))).toBe('UNAUTHENTICATED');
  });

  it('whose key was withdrawn ends within eleven minutes, however long it would have lived', async () => {
    const { ask } = authenticator();
    const token = await sign();
    await ask(token);
    keyServer.rotate('second');
    now += 10 * 60_000;
    await ask(token);
    // Its key is among the new ones, so that it waits for them.
    await ask(await sign({}, 'second'));
    now += 60_000;
    expect(await refusal(ask(token))).toBe('UNAUTHENTICATED');
  });
});

describe('our own token', () => {
  it('stands for the tenant and scopes that it was issued for, and lives for an hour', async () => {
    const { ask, tokenIssuer } = authenticator();
    const { id } = await create('plugboard.read', 'plugboard.subjects');
    const token = await tokenIssuer.issue({ tenant: 'acme', apiKey: id, scopes: ['plugboard.subjects'] });
    expect(await ask(token, 'ada')).toEqual({
      tenant: 'acme',
      subject: 'ada',
      scopes: new Set(['plugboard.subjects']),
      expiresAt: (Math.floor(now / 1000) + 3_600) * 1000,
    });
    now += 3_606_000;
    expect(await refusal(ask(token))).toBe('UNAUTHENTICATED');
  });

  it('outlives a change of the sealing key, and ends when its key leaves the ring', async () => {
    const { tokenIssuer } = authenticator();
    const { id } = await create('plugboard.read');
    const token = await tokenIssuer.issue({ tenant: 'acme', apiKey: id, scopes: ['plugboard.read'] });
    const second = { id: 'k2', key: Buffer.alloc(32, 9) };
    const rotated = createTokenIssuer({ baseUrl: audience, keyRing: createKeyRing([second, ...sealingKeys]) });
    expect(await authenticator({ tokenIssuer: rotated }).ask(token)).toMatchObject({ tenant: 'acme' });
    const without = createTokenIssuer({ baseUrl: audience, keyRing: createKeyRing([second]) });
    expect(await refusal(authenticator({ tokenIssuer: without }).ask(token))).toBe('UNAUTHENTICATED');
  });

  it('of another tenant’s key is refused', async () => {
    const { ask, tokenIssuer } = authenticator();
    const { id } = await create('plugboard.read');
    await ask(await tokenIssuer.issue({ tenant: 'acme', apiKey: id, scopes: [] }));
    const token = await tokenIssuer.issue({ tenant: 'globex', apiKey: id, scopes: ['plugboard.read'] });
    expect(await refusal(ask(token))).toBe('UNAUTHENTICATED');
  });
});

describe('a request without acceptable credentials', () => {
  it.each([
    ['none', {}],
    ['an empty header', { authorization: '' }],
    ['a scheme only', { authorization: 'Bearer' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['two tokens', { authorization: 'Bearer a b' }],
    ['a header of 13 000 signs', { authorization: `Bearer ${'a'.repeat(13_000)}` }],
    ['a key in another header', { 'x-api-key': 'pb_00000000000000000000_x' }],
    ['a subject only', { 'x-external-subject-id': 'ada' }],
  ])('is refused: %s', async (_what, headers) => {
    expect(await refusal(authenticator().authenticate(headers))).toBe('UNAUTHENTICATED');
    expect(reads).toBe(0);
  });
});

describe('two replicas over one store', () => {
  let folder: string;
  let stores: Store[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'callers-'));
    stores = await Promise.all([1, 2].map(() => openTestStore(join(folder, 'store.db'))));
  });
  afterEach(async () => {
    await Promise.all(stores.map((each) => each.close()));
    await rm(folder, { recursive: true });
  });

  it('both know a new key at once, and forget a revoked one and its tokens within five seconds', async () => {
    const [first, second] = stores.map((each) => createApiKeys(each.records)) as [ApiKeys, ApiKeys];
    const tokenIssuer = createTokenIssuer({ baseUrl: audience, keyRing: createKeyRing(sealingKeys), now: () => now });
    const asks = [first, second].map((apiKeys) => authenticator({ apiKeys, tokenIssuer, keyCacheMs: 60_000 }).ask);
    const { text, id } = await first.create({ tenant: 'acme', name: 'backend', scopes: ['plugboard.read'] });
    const token = await tokenIssuer.issue({ tenant: 'acme', apiKey: id, scopes: ['plugboard.read'] });
    for (const ask of asks) {
      expect(await ask(text)).toMatchObject({ tenant: 'acme' });
      expect(await ask(token)).toMatchObject({ tenant: 'acme' });
    }
    await second.revoke('acme', id);
    now += 5_000;
    for (const ask of asks) {
      expect(await refusal(ask(text))).toBe('UNAUTHENTICATED');
      expect(await refusal(ask(token))).toBe('UNAUTHENTICATED');
    }
  });
});
