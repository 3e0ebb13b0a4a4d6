import { describe, expect, it } from '@jest/globals';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import {
  hmacSignature,
  isRecentTimestamp,
  verifyEd25519,
  verifyHmac,
  verifyStandardWebhook,
} from '../../src/connector/verify-webhook.ts';
import { GatewayError } from '../../src/errors.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return (error as GatewayError).message;
  }
  throw new Error('It did not fail.');
}

describe('verifyHmac', () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  const github = {
    secret: "It's a Secret to Everybody",
    body: bytes('Hello, World!'),
    prefix: 'sha256=',
    signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  };

  it('takes what GitHub documents', () => {
    expect(hmacSignature(github.secret, github)).toBe(github.signature);
    expect(verifyHmac(github)).toBe(true);
  });

  // RFC 2202 §3 case 2 and RFC 4231 §4.3.
  it.each([
    ['sha1', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    ['sha256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [
      'sha512',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
  ] as const)('gives the values of the RFCs for %s', (algorithm, hex) => {
    const body = bytes('what do ya want for nothing?');
    expect(verifyHmac({ secret: 'Jefe', body, algorithm, signature: hex })).toBe(true);
    const base64 = Buffer.from(hex, 'hex').toString('base64');
    expect(verifyHmac({ secret: 'Jefe', body, algorithm, encoding: 'base64', signature: base64 })).toBe(true);
  });

  it('takes parts that are signed together, as Slack signs', () => {
    const body = bytes('token=x');
    const signature = `v0=${createHmac('sha256', 'k').update('v0:1531420618:token=x').digest('hex')}`;
    const options = { secret: 'k', signature, prefix: 'v0=' };
    expect(verifyHmac({ ...options, body: ['v0:1531420618:', body] })).toBe(true);
    expect(verifyHmac({ ...options, body: ['v0:1531420619:', body] })).toBe(false);
  });

  it('takes the old and the new secret while it is changed, and leaves out what is absent', () => {
    expect(verifyHmac({ ...github, secret: ['new', github.secret] })).toBe(true);
    expect(verifyHmac({ ...github, secret: [github.secret, undefined, ''] })).toBe(true);
    expect(verifyHmac({ ...github, secret: ['new', 'newer'] })).toBe(false);
  });

  it('takes one of several signatures', () => {
    expect(verifyHmac({ ...github, signature: ['sha256=00', github.signature] })).toBe(true);
    expect(verifyHmac({ ...github, signature: [] })).toBe(false);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one without its prefix', github.signature.slice(7)],
    ['another prefix', github.signature.replace('sha256', 'sha512')],
    ['a shorter one', github.signature.slice(0, -2)],
    ['a longer one', `${github.signature}00`],
    ['capital letters, which would be a second way to write it', github.signature.toUpperCase()],
    ['spaces around it', ` ${github.signature}`],
    ['one changed digit', github.signature.replace(/7$/, '8')],
  ])('refuses %s', (_, signature) => {
    expect(verifyHmac({ ...github, signature })).toBe(false);
  });

  it('refuses a body of which one byte is another, though both are the same text', () => {
    expect(verifyHmac({ ...github, body: bytes('Hello, World?') })).toBe(false);
    const broken = Buffer.from([0xff]);
    const signature = hmacSignature('k', { body: broken });
    expect(verifyHmac({ secret: 'k', signature, body: broken })).toBe(true);
    expect(verifyHmac({ secret: 'k', signature, body: Buffer.from([0xfe]) })).toBe(false);
  });

  it.each([[undefined], [''], [[]], [[undefined, '']], [new Uint8Array()]])(
    'fails without a secret, rather than take what anybody could sign (%j)',
    (secret) => {
      const signature = createHmac('sha256', '').update('x').digest('hex');
      expect(messageOf(() => verifyHmac({ secret, body: bytes('x'), signature }))).toBe(
        'A webhook cannot be verified with this secret: it is absent or empty.',
      );
    },
  );
});

describe('verifyEd25519', () => {
  // RFC 8032 §7.1, test 3.
  const publicKey = 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025';
  const body = Buffer.from('af82', 'hex');
  const signature =
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';

  it('takes the values of the RFC, the key in hex or base64', () => {
    expect(verifyEd25519({ publicKey, body, signature })).toBe(true);
    const inBase64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
    const options = { publicKey: inBase64(publicKey), signature: inBase64(signature), encoding: 'base64' } as const;
    expect(verifyEd25519({ ...options, body })).toBe(true);
  });

  it('takes several keys, a PEM, a key object, and parts that are signed together', () => {
    const pair = generateKeyPairSync('ed25519');
    const signed = sign(null, Buffer.from('1700000000{}'), pair.privateKey).toString('hex');
    const parts = ['1700000000', bytes('{}')];
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(verifyEd25519({ publicKey: [publicKey, pem], body: parts, signature: signed })).toBe(true);
    expect(verifyEd25519({ publicKey: pair.publicKey, body: parts, signature: signed })).toBe(true);
    expect(verifyEd25519({ publicKey, body: parts, signature: signed })).toBe(false);
  });

  it.each([
    ['none', undefined],
    ['a shorter one', signature.slice(2)],
    ['one that is no hex', 'x'.repeat(128)],
    ['capital letters', signature.toUpperCase()],
    ['one changed digit', signature.replace(/a$/, 'b')],
  ])('refuses %s', (_, other) => {
    expect(verifyEd25519({ publicKey, body, signature: other })).toBe(false);
  });

  it('fails with a key that is none, or of another kind', () => {
    const expected =
      'A webhook cannot be verified with this secret: a public key of Ed25519 is 32 bytes in hex or base64, or a PEM.';
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    for (const other of ['abcd', '-----BEGIN PUBLIC KEY-----', rsa]) {
      expect(messageOf(() => verifyEd25519({ publicKey: other, body, signature }))).toBe(expected);
    }
    expect(messageOf(() => verifyEd25519({ publicKey: undefined, body, signature }))).toContain('absent or empty');
  });
});

describe('isRecentTimestamp', () => {
  const now = 1_700_000_000_000;

  it.each([
    ['1700000000', true],
    ['1699999700', true],
    ['1699999699', false],
    ['1700000300', true],
    ['1700000301', false],
    ['1700000000000', false],
    ['-1700000000', false],
    ['1.7e9', false],
    ['', false],
    [undefined, false],
  ])('says of %s: %s', (seconds, expected) => {
    expect(isRecentTimestamp(seconds, now)).toBe(expected);
  });
});

describe('verifyStandardWebhook', () => {
  // The example of the reference libraries.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = bytes('{"test": 2432232314}');
  const now = 1_614_265_330_000;
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const id = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' };

  it('gives the id of what the reference libraries sign', () => {
    expect(verifyStandardWebhook({ secret, body, headers, now })).toEqual(id);
    expect(verifyStandardWebhook({ secret: secret.slice(6), body, headers, now })).toEqual(id);
  });

  it('knows the older names of the headers', () => {
    const older = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.replace('webhook', 'svix'), value]),
    );
    expect(verifyStandardWebhook({ secret, body, headers: older, now })).toEqual(id);
  });

  it('takes one of several signatures, and one of several secrets', () => {
    const several = { ...headers, 'webhook-signature': `v2,x v1,bm9wZQ== ${headers['webhook-signature']}` };
    expect(verifyStandardWebhook({ secret, body, headers: several, now })).toEqual(id);
    expect(verifyStandardWebhook({ secret: ['whsec_bmV3', secret], body, headers, now })).toEqual(id);
    expect(verifyStandardWebhook({ secret: ['whsec_bmV3'], body, headers, now })).toBeUndefined();
  });

  it('takes asymmetric signatures with a public key', () => {
    const pair = generateKeyPairSync('ed25519');
    const raw = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.{"test": 2432232314}`);
    const signature = `v1a,${sign(null, signed, pair.privateKey).toString('base64')}`;
    const asymmetric = { ...headers, 'webhook-signature': signature };
    expect(verifyStandardWebhook({ secret: `whpk_${raw}`, body, headers: asymmetric, now })).toEqual(id);
    expect(
      verifyStandardWebhook({ secret: `whpk_${raw}`, body: bytes('{}'), headers: asymmetric, now }),
    ).toBeUndefined();
  });

  it.each([
    ['another body', { body: bytes('{"test": 2432232315}') }],
    ['another id', { headers: { ...headers, 'webhook-id': 'msg_2' } }],
    ['no id', { headers: { ...headers, 'webhook-id': '' } }],
    ['no signature', { headers: { ...headers, 'webhook-signature': '' } }],
    ['a signature of another version', { headers: { ...headers, 'webhook-signature': 'v2,g0hM9SsE' } }],
    ['no headers', { headers: {} }],
    ['an old timestamp', { now: now + 301_000 }],
    ['one ahead', { now: now - 301_000 }],
    ['another timestamp', { headers: { ...headers, 'webhook-timestamp': '1614265331' } }],
    ['a timestamp with a fraction', { headers: { ...headers, 'webhook-timestamp': '1614265330.0' } }],
  ])('refuses %s', (_, change) => {
    expect(verifyStandardWebhook({ secret, body, headers, now, ...change })).toBeUndefined();
  });

  it('looks at ten signatures at most', () => {
    const many = { ...headers, 'webhook-signature': `${'v1,x '.repeat(10)}${headers['webhook-signature']}` };
    expect(verifyStandardWebhook({ secret, body, headers: many, now })).toBeUndefined();
  });

  it('fails with a secret that is none', () => {
    expect(messageOf(() => verifyStandardWebhook({ secret: 'whsec_', body, headers, now }))).toBe(
      'A webhook cannot be verified with this secret: a Standard Webhooks secret is `whsec_` and base64.',
    );
    expect(messageOf(() => verifyStandardWebhook({ secret: undefined, body, headers, now }))).toContain('absent');
  });
});
