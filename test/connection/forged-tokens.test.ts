import { createHmac, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactEncrypt, SignJWT, type JWTHeaderParameters } from 'jose';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { createAuthenticator, type Authenticator } from '../../src/connection/authenticate.ts';
import { createTokenIssuer } from '../../src/connection/token-issuer.ts';
import { createVerifyJwt } from '../../src/connection/verify-jwt.ts';
import { CallerError } from '../../src/errors.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';
import { createKeyRing } from '../../src/connection/seal.ts';

const issuer = 'https://login.acme.example';
const audience = 'https://gateway.example';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strangersRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const partnersRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const seconds = () => Math.floor(Date.now() / 1000);
const sealingKey = (id: string, byte: number) => ({ id, key: Buffer.alloc(32, byte) });

const claims = () => ({
  iss: issuer,
  aud: audience,
  sub: 'ada',
  scope: 'plugboard.read plugboard.subjects',
  iat: seconds(),
  exp: seconds() + 600,
});
type Claims = Readonly<Record<string, unknown>>;

interface Signing {
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: KeyObject | Uint8Array;
}

function sign(payload: Claims, { header = {}, key = rsa.privateKey }: Signing = {}): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'rsa', ...header }).sign(key);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Without `alg`: only our own list decides which algorithms count. */
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' });
const without = (key: string): Claims => Object.fromEntries(Object.entries(claims()).filter(([name]) => name !== key));

/** A token by hand: what no library would sign. */
function byHand(header: Claims, payload: Claims, secret?: string | Buffer): string {
  const head = `${encode(header)}.${encode(payload)}`;
  return `${head}.${secret === undefined ? '' : createHmac('sha256', secret).update(head).digest('base64url')}`;
}

/** Serves the keys of a stranger; whoever asks it was led there by a token. */
let trap: Server;
let trapUrl: string;
let trapHits = 0;
let store: Store;
let authenticator: Authenticator;
const asked: string[] = [];
/** A live key, so that our own tokens are refused for what is wrong with them. */
let apiKeyId = '';
const tokenIssuer = createTokenIssuer({ baseUrl: audience, keyRing: createKeyRing([sealingKey('k1', 1)]) });

beforeAll(async () => {
  trap = createServer((_request, response) => {
    trapHits += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk(strangersRsa.publicKey, 'rsa')] }));
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/jwks`;
  store = await openTestStore();
  const keySet = { keys: [jwk(rsa.publicKey, 'rsa'), jwk(ec.publicKey, 'ec')] };
  const verifyJwt = createVerifyJwt({
    issuers: [
      { issuer, audience, algorithms: ['RS256', 'ES256'], jwksUri: 'https://login.acme.example/jwks', tenant: 'acme' },
      {
        issuer: 'https://partner.example',
        audience,
        keys: [jwk(partnersRsa.publicKey, 'rsa')],
        tenantClaim: 'org',
      },
    ],
    fetch: async (url) => {
      asked.push(url);
      return Response.json(keySet);
    },
  });
  const apiKeys = createApiKeys(store.records);
  ({ id: apiKeyId } = await apiKeys.create({ tenant: 'acme', name: 'backend', scopes: ['plugboard.read'] }));
  authenticator = createAuthenticator({ apiKeys, verifyJwt, tokenIssuer });
});
afterAll(async () => {
  await store.close();
  await new Promise((resolve) => trap.close(resolve));
});

const ask = (token: string) => authenticator.authenticate({ authorization: `Bearer ${token}` });
const pem = () => rsa.publicKey.export({ type: 'spki', format: 'pem' });
const der = () => rsa.publicKey.export({ type: 'spki', format: 'der' });

describe('a genuine token', () => {
  it.each<[string, () => Promise<string>]>([
    ['by RS256', () => sign(claims())],
    ['by ES256', () => sign(claims(), { header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey })],
    ['without typ', () => sign(claims(), { header: { typ: undefined } })],
    ['of typ application/at+jwt', () => sign(claims(), { header: { typ: 'application/at+jwt' } })],
    ['for several audiences', () => sign({ ...claims(), aud: ['other', audience] })],
    ['of our own', () => ownToken(apiKeyId)],
    ['of a clock that is 20 s late', () => sign({ ...claims(), exp: seconds() - 20 })],
  ])('%s is accepted', async (_name, make) => {
    expect(await ask(await make())).toMatchObject({ tenant: 'acme' });
  });

  it('of an issuer that names the tenant belongs to that tenant', async () => {
    const partner = { ...claims(), iss: 'https://partner.example', org: 'globex', sub: undefined };
    const caller = await ask(await sign(partner, { key: partnersRsa.privateKey }));
    expect(caller).toMatchObject({ tenant: 'globex', subject: undefined });
    expect([...caller.scopes]).toEqual(['plugboard.read', 'plugboard.subjects']);
  });
});

const forged: [string, () => string | Promise<string>][] = [
  ['alg none without signature', () => byHand({ alg: 'none', typ: 'JWT' }, claims())],
  ['alg nOnE', () => byHand({ alg: 'nOnE', typ: 'JWT' }, claims())],
  ['alg none with a signature', () => byHand({ alg: 'none', kid: 'rsa' }, claims(), 'x')],
  ['HS256 with the public key in PEM as secret', () => byHand({ alg: 'HS256', kid: 'rsa' }, claims(), pem())],
  ['HS256 with the public key in DER as secret', () => byHand({ alg: 'HS256', kid: 'rsa' }, claims(), der())],
  [
    'HS256 with the JWK as secret',
    () => byHand({ alg: 'HS256', kid: 'rsa' }, claims(), JSON.stringify(jwk(rsa.publicKey, 'rsa'))),
  ],
  ['HS256 with an empty secret', () => byHand({ alg: 'HS256', kid: 'rsa' }, claims(), '')],
  ['a stranger’s key under the known kid', () => sign(claims(), { key: strangersRsa.privateKey })],
  ['an unknown kid', () => sign(claims(), { header: { kid: 'other' }, key: strangersRsa.privateKey })],
  ['a kid that is a path', () => sign(claims(), { header: { kid: '../../dev/null' }, key: strangersRsa.privateKey })],
  [
    'an embedded jwk',
    () => {
      const header = { jwk: strangersRsa.publicKey.export({ format: 'jwk' }) as { kty: string } };
      return sign(claims(), { header, key: strangersRsa.privateKey });
    },
  ],
  ['a jku of the stranger', () => sign(claims(), { header: { jku: trapUrl }, key: strangersRsa.privateKey })],
  ['an x5u of the stranger', () => sign(claims(), { header: { x5u: trapUrl }, key: strangersRsa.privateKey })],
  ['an embedded x5c', () => sign(claims(), { header: { x5c: ['MIIB'] }, key: strangersRsa.privateKey })],
  ['an algorithm that the issuer does not use (PS256)', () => sign(claims(), { header: { alg: 'PS256' } })],
  ['an algorithm that the issuer does not use (RS512)', () => sign(claims(), { header: { alg: 'RS512' } })],
  ['a payload edited after signing', async () => edited(await sign(claims()), { sub: 'root' })],
  [
    'a header edited after signing',
    async () => `${encode({ alg: 'RS256', kid: 'rsa' })}.${tail(await sign(claims()))}`,
  ],
  ['the signature cut off', async () => (await sign(claims())).replace(/[^.]+$/, '')],
  [
    'an ES256 signature of zeros',
    () => `${encode({ alg: 'ES256', kid: 'ec' })}.${encode(claims())}.${Buffer.alloc(64).toString('base64url')}`,
  ],
  ['exp in the past', () => sign({ ...claims(), iat: seconds() - 900, exp: seconds() - 120 })],
  ['no exp', () => sign(without('exp'))],
  ['an exp that is text', () => sign({ ...claims(), exp: String(seconds() + 600) })],
  ['nbf in the future', () => sign({ ...claims(), nbf: seconds() + 300 })],
  ['iat in the future', () => sign({ ...claims(), iat: seconds() + 300 })],
  ['another issuer', () => sign({ ...claims(), iss: 'https://evil.example' })],
  ['an issuer that only looks alike', () => sign({ ...claims(), iss: `${issuer}/` })],
  ['no issuer', () => sign(without('iss'))],
  ['an issuer that is a list', () => sign({ ...claims(), iss: [issuer] })],
  ['the issuer of another key', () => sign(claims(), { key: partnersRsa.privateKey })],
  ['the key of another issuer', () => sign({ ...claims(), iss: 'https://partner.example', org: 'acme' })],
  ['another audience', () => sign({ ...claims(), aud: 'https://other.example' })],
  ['an audience that only begins alike', () => sign({ ...claims(), aud: `${audience}.evil.example` })],
  ['no audience', () => sign(without('aud'))],
  ['a critical extension', () => critical()],
  ['the typ of a logout token', () => sign(claims(), { header: { typ: 'logout+jwt' } })],
  ['the typ of a proof', () => sign(claims(), { header: { typ: 'dpop+jwt' } })],
  ['an encrypted token', () => encrypted()],
  ['a subject that is no text', () => sign({ ...claims(), sub: 7 })],
  ['a subject with a line break', () => sign({ ...claims(), sub: 'ada\r\nroot' })],
  [
    'a tenant that is no text',
    () => sign({ ...claims(), iss: 'https://partner.example', org: ['acme'] }, { key: partnersRsa.privateKey }),
  ],
  ['no tenant', () => sign({ ...claims(), iss: 'https://partner.example' }, { key: partnersRsa.privateKey })],
  ['ours, signed with the public key of an issuer', () => byHand(ownHeader, ownClaims(), pem())],
  ['ours, signed with the sealing key itself', () => byHand(ownHeader, ownClaims(), Buffer.alloc(32, 1))],
  ['ours, as another type of token', () => byHand({ ...ownHeader, typ: 'JWT' }, ownClaims(), ownSecret())],
  ['ours, without type', () => byHand({ alg: 'HS256', kid: 'k1' }, ownClaims(), ownSecret())],
  ['ours, rightly signed but without kid', () => byHand({ alg: 'HS256', typ: 'at+jwt' }, ownClaims(), ownSecret())],
  ['ours, by HS512', () => byHand({ ...ownHeader, alg: 'HS512' }, ownClaims(), ownSecret())],
  ['ours, with a kid that we do not have', () => byHand({ ...ownHeader, kid: 'k9' }, ownClaims(), '')],
  ['ours, without kid', () => byHand({ alg: 'HS256', typ: 'at+jwt' }, ownClaims(), '')],
  ['ours, by RS256', () => sign(ownClaims())],
  ['of another gateway with other keys', () => ownToken(apiKeyId, [sealingKey('k1', 2)])],
  ['of another gateway with the same keys', () => ownToken(apiKeyId, undefined, 'https://other.example')],
  ['ours, for a key that was never made', () => ownToken('0'.repeat(20))],
  ['two tokens in one', async () => `${await sign(claims())}.${await sign(claims())}`],
  ['no token at all', () => 'a.b.c'],
  ['a payload that is no object', () => `${encode({ alg: 'RS256' })}.${encode(null)}.AAAA`],
];

describe('a forged token', () => {
  it.each(forged)('with %s is refused', async (_name, make) => {
    const error: unknown = await ask(await make()).then(
      (caller) => caller,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof CallerError)) throw new Error(`Accepted, or another error: ${String(error)}`);
    expect([error.code, error.message, error.details]).toEqual([
      'UNAUTHENTICATED',
      'This gateway asks who you are. Send an API key or a token it accepts: `Authorization: Bearer …`.',
      {},
    ]);
  });

  it('leads to no request but those for the keys of the issuer, two at most', () => {
    expect(trapHits).toBe(0);
    expect(new Set(asked)).toEqual(new Set(['https://login.acme.example/jwks']));
    expect(asked.length).toBeLessThanOrEqual(2);
  });
});

const ownHeader = { alg: 'HS256', typ: 'at+jwt', kid: 'k1' };
/** The very secret that our tokens are signed with: only what it signs is wrong. */
const ownSecret = () => Buffer.from(hkdfSync('sha256', Buffer.alloc(32, 1), '', 'plugboard access token 1', 32));
const ownClaims = () => ({ ...claims(), iss: audience, tenant: 'acme', client_id: apiKeyId });

function ownToken(apiKey: string, keys = [sealingKey('k1', 1)], baseUrl = audience): Promise<string> {
  return createTokenIssuer({ baseUrl, keyRing: createKeyRing(keys) }).issue({
    tenant: 'acme',
    apiKey,
    scopes: ['plugboard.read'],
  });
}

function edited(token: string, changes: Claims): string {
  const [header, , signature] = token.split('.');
  return `${header}.${encode({ ...claims(), ...changes })}.${signature}`;
}

function tail(token: string): string {
  return token.slice(token.indexOf('.') + 1);
}

function critical(): Promise<string> {
  const header = { alg: 'RS256', kid: 'rsa', crit: ['exotic'], exotic: true };
  return new SignJWT(claims()).setProtectedHeader(header).sign(rsa.privateKey, { crit: { exotic: true } });
}

function encrypted(): Promise<string> {
  const header = { alg: 'RSA-OAEP', enc: 'A256GCM', typ: 'JWT' };
  return new CompactEncrypt(Buffer.from(JSON.stringify(claims()))).setProtectedHeader(header).encrypt(rsa.publicKey);
}
