import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClientFetch, tokenSenderOptions } from '../../src/connection/client-fetch.ts';
import type { TrustedIssuer, VerifyToken } from '../../src/connection/trusted-issuer.ts';
import { createVerifyJwt } from '../../src/connection/verify-jwt.ts';
import { DefinitionError, formatFault, GatewayError } from '../../src/errors.ts';
import { createSender } from '../../src/http/send.ts';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';

const issuer = 'https://login.acme.example';
const audience = 'https://gateway.example';
const minute = 60_000;

let server: KeyServer;
let now = Date.now();
let verify: VerifyToken;
beforeEach(async () => {
  now = Date.now();
  server = await startKeyServer('first');
  verify = verifier({});
});
afterEach(() => server.close());

function verifier(changes: Partial<TrustedIssuer>): VerifyToken {
  const trusted: TrustedIssuer = { issuer, audience, jwksUri: server.url, tenant: 'acme', ...changes };
  return createVerifyJwt({ issuers: [trusted], fetch: (url, init) => fetch(url, init), now: () => now });
}

function sign(kid: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const exp = Math.floor(now / 1000) + 3_600;
  return server.sign(kid, { iss: issuer, aud: audience, sub: 'ada', exp, ...claims });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  return error instanceof GatewayError ? error.code : `no error, but ${JSON.stringify(error)}`;
}

describe('the keys of an issuer', () => {
  it('are fetched once, for all tokens that come at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => sign('first')));
    const callers = await Promise.all(tokens.map((token) => verify(token)));
    expect(callers.every((caller) => caller?.subject === 'ada')).toBe(true);
    expect(server.hits()).toBe(1);
  });

  it('change without a restart: a token with a new key is accepted, and the old key still too', async () => {
    expect(await verify(await sign('first'))).toBeDefined();
    server.rotate('first', 'second');
    now += minute;
    expect(await verify(await sign('second'))).toBeDefined();
    expect(await verify(await sign('first'))).toBeDefined();
    expect(server.hits()).toBe(2);
  });

  it('are fetched through the outbound client, and so from allowed addresses only', async () => {
    const token = await sign('first');
    for (const allowedPrivateOrigins of [[], [new URL(server.url).origin]]) {
      const sender = createSender({ ...tokenSenderOptions, allowedPrivateOrigins, allowHttp: true });
      const fetch = createClientFetch(sender, { connector: 'callers' });
      const trusted = { issuer, audience, jwksUri: server.url, tenant: 'acme' };
      const verify = createVerifyJwt({ issuers: [trusted], fetch, now: () => now });
      if (allowedPrivateOrigins.length === 0) expect(await refusal(verify(token))).toBe('ISSUER_UNAVAILABLE');
      else expect(await verify(token)).toMatchObject({ subject: 'ada' });
      await sender.close();
    }
    expect(server.hits()).toBe(1);
  });

  it('that are withdrawn end within ten minutes and one token', async () => {
    const old = await sign('first');
    expect(await verify(old)).toBeDefined();
    server.rotate('second');
    now += 10 * minute;
    await verify(old);
    expect(await verify(await sign('second'))).toBeDefined();
    expect(await verify(old)).toBeUndefined();
    expect(server.hits()).toBe(2);
  });

  it('are asked for once a minute at most, whatever key ids come', async () => {
    expect(await verify(await sign('first'))).toBeDefined();
    server.rotate('first', 'second');
    const unknown = await sign('second');
    for (let count = 0; count < 50; count += 1) expect(await verify(unknown)).toBeUndefined();
    now += minute - 1;
    expect(await verify(unknown)).toBeUndefined();
    expect(server.hits()).toBe(1);
    now += 1;
    await Promise.all(Array.from({ length: 50 }, () => verify(unknown)));
    expect(await verify(unknown)).toBeDefined();
    expect(server.hits()).toBe(2);
  });

  it.each([
    ['an error', { status: 500, text: 'broken' }],
    ['an error that looks like keys', { status: 500, text: '{"keys":[]}' }],
    ['a page', { status: 200, text: '<html>' }],
    ['no key set', { status: 200, text: '{"keys":"none"}' }],
    ['null', { status: 200, text: 'null' }],
    ['too much', { status: 200, text: JSON.stringify({ keys: [], more: 'x'.repeat(300_000) }) }],
  ])('hold for a day while the issuer answers with %s', async (_what, fault) => {
    const token = await sign('first', { exp: Math.floor(now / 1000) + 100_000 });
    expect(await verify(token)).toBeDefined();
    server.answer(fault);
    now += 11 * minute;
    expect(await verify(token)).toBeDefined();
    now += 23 * 60 * minute;
    expect(await verify(token)).toBeDefined();
    now += 60 * minute;
    expect(await refusal(verify(token))).toBe('ISSUER_UNAVAILABLE');
    server.answer(undefined);
    now += minute;
    expect(await verify(token)).toBeDefined();
  });

  it('that were never had are no reason to refuse a token: it cannot be judged', async () => {
    server.answer({ status: 503, text: '' });
    const token = await sign('first');
    expect(await refusal(verify(token))).toBe('ISSUER_UNAVAILABLE');
    expect(await refusal(verify(token))).toBe('ISSUER_UNAVAILABLE');
    expect(server.hits()).toBe(1);
    server.answer(undefined);
    now += 5_000;
    expect(await verify(token)).toBeDefined();
  });
});

describe('a token', () => {
  it.each([
    ['a text', 'plugboard.read  openid plugboard.write:github', ['plugboard.read', 'plugboard.write:github']],
    ['a list', ['plugboard.read', 7, 'admin', null], ['plugboard.read']],
    ['nothing', undefined, []],
    ['an object', { 'plugboard.admin': true }, []],
    ['the sign for everything', '*', []],
    ['a kind that cannot be narrowed', 'plugboard.subjects:github', []],
  ])('has those scopes of %s that are ours', async (_what, scp, scopes) => {
    const caller = await verifier({ scopeClaim: 'scp' })(await sign('first', { scp, scope: 'plugboard.admin' }));
    expect([...caller!.scopes]).toEqual(scopes);
  });

  it('says when it ends', async () => {
    const exp = Math.floor(now / 1000) + 77;
    expect((await verify(await sign('first', { exp })))?.expiresAt).toBe(exp * 1000);
  });
});

describe('issuers', () => {
  const good: TrustedIssuer = { issuer, audience, jwksUri: 'https://a.example/jwks', tenant: 'acme' };
  const faultsOf = (issuers: readonly TrustedIssuer[], skewSeconds?: number): string[] => {
    try {
      createVerifyJwt({ issuers, skewSeconds, fetch: () => Promise.reject(new Error('not asked')) });
    } catch (error) {
      if (error instanceof DefinitionError) return error.faults.map(formatFault);
      throw error;
    }
    return [];
  };

  it('are told all their faults at once', () => {
    const secret = { kty: 'oct', k: 'c2VjcmV0' };
    expect(
      faultsOf(
        [
          good,
          { ...good, audience: [], algorithms: ['HS256', 'none'] },
          { issuer: '', audience: 'a', tenant: 'a', tenantClaim: 'b', jwksUri: 'http://b.example', keys: [secret] },
        ],
        61,
      ),
    ).toEqual([
      'CONFIGURATION_INVALID: issuers[1].issuer: expected each issuer once; "https://login.acme.example" stands here twice.',
      'CONFIGURATION_INVALID: issuers[1].audience: expected the audience by which its tokens mean this gateway; got nothing.',
      'CONFIGURATION_INVALID: issuers[1].algorithms: expected some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519; got HS256, none.',
      'CONFIGURATION_INVALID: issuers[2].issuer: expected the `iss` of its tokens; got nothing.',
      'CONFIGURATION_INVALID: issuers[2].jwksUri: expected either `jwksUri` or `keys`.',
      'CONFIGURATION_INVALID: issuers[2].jwksUri: expected an https URL, or http on loopback.',
      'CONFIGURATION_INVALID: issuers[2].keys: expected public keys only, as JWKs; one of them is private, symmetric or no key.',
      'CONFIGURATION_INVALID: issuers[2].tenant: expected either `tenant` or `tenantClaim`.',
      'CONFIGURATION_INVALID: skewSeconds: expected 0 to 60 seconds; got 61.',
    ]);
  });

  it.each(['http://a.example/jwks', 'https://user:password@a.example/jwks', 'file:///etc/passwd', 'jwks'])(
    'have no keys at %s',
    (jwksUri) => {
      expect(faultsOf([{ ...good, jwksUri }])).toEqual([
        'CONFIGURATION_INVALID: issuers[0].jwksUri: expected an https URL, or http on loopback.',
      ]);
    },
  );
});
