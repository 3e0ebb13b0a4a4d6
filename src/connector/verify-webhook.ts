/** Verifies the signatures of webhooks, for `verify` of connectors: over the raw body, in constant time, for several secrets at once. */
import { createHmac, createPublicKey, timingSafeEqual, verify as verifySignature, type KeyObject } from 'node:crypto';
import { GatewayError } from '../errors.ts';

type Bytes = Uint8Array | string;
/** One, or while it is changed the old and the new one; what is absent or empty does not count. */
type Secrets<T> = T | undefined | readonly (T | undefined)[];

export interface HmacOptions {
  /** Default `sha256`. */
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512';
  /** How the signature is written. Default `hex`, in small letters. */
  readonly encoding?: 'hex' | 'base64';
  /** Stands before the signature, e.g. `sha256=` of GitHub. */
  readonly prefix?: string;
  /** What is signed: the body as it came, or the parts that are signed with it, in order. */
  readonly body: Bytes | readonly Bytes[];
}

/**
 * The signature that a provider would send, with its prefix (RFC 2104).
 *
 * @throws GatewayError CONNECTOR_ERROR for an empty secret, with which anybody could sign.
 */
export function hmacSignature(secret: Bytes, options: HmacOptions): string {
  const { algorithm = 'sha256', encoding = 'hex', prefix = '', body } = options;
  const hmac = createHmac(algorithm, secretsOf(secret)[0]!);
  for (const part of listOf(body)) hmac.update(part);
  return prefix + hmac.digest(encoding);
}

/**
 * Whether one of the signatures is that of one of the secrets.
 *
 * @param options.signature - as it came in the header; absent or empty: no.
 * @throws GatewayError CONNECTOR_ERROR when there is no secret.
 * @example verifyHmac({ secret, body, signature: headers['x-hub-signature-256'], prefix: 'sha256=' })
 */
export function verifyHmac(
  options: HmacOptions & {
    readonly secret: Secrets<Bytes>;
    readonly signature: string | undefined | readonly string[];
  },
): boolean {
  const signatures = listOf(options.signature ?? []);
  let isValid = false;
  for (const secret of secretsOf(options.secret)) {
    // Only what is written just so: a signature that can be written in several ways would let a repetition look new.
    const expected = Buffer.from(hmacSignature(secret, options));
    for (const signature of signatures) isValid = isEqual(expected, Buffer.from(signature)) || isValid;
  }
  return isValid;
}

export interface Ed25519Options {
  /** 32 bytes as hex or base64, a PEM, or a key. */
  readonly publicKey: Secrets<string | KeyObject>;
  /** As it came in the header; absent or empty: no. */
  readonly signature: string | undefined;
  /** How the signature is written. Default `hex`. */
  readonly encoding?: 'hex' | 'base64';
  /** What is signed: the body as it came, or the parts that are signed with it, in order. */
  readonly body: Bytes | readonly Bytes[];
}

/**
 * Whether the signature is of one of the keys (RFC 8032).
 *
 * @throws GatewayError CONNECTOR_ERROR for a key that is none.
 * @example verifyEd25519({ publicKey, body: [headers['x-signature-timestamp'] ?? '', body], signature: headers['x-signature-ed25519'] })
 */
export function verifyEd25519({ publicKey, signature = '', encoding = 'hex', body }: Ed25519Options): boolean {
  const bytes = Buffer.from(signature, encoding);
  const isCanonical = bytes.length === ed25519SignatureBytes && bytes.toString(encoding) === signature;
  const signed = Buffer.concat(listOf(body).map((part) => Buffer.from(part)));
  const keys = secretsOf(publicKey).map(ed25519Key);
  return isCanonical && keys.some((key) => verifySignature(null, signed, key, bytes));
}

/** How far the clocks of provider and gateway may be apart, and how long a webhook may travel. */
const toleranceMs = 5 * 60_000;

/**
 * Whether a timestamp, in seconds since 1970, is of the last or next five minutes. Sign it with the body, else whoever
 * repeats a webhook writes his own.
 *
 * @param now - milliseconds since 1970. Default: now.
 */
export function isRecentTimestamp(seconds: string | undefined, now: number = Date.now()): boolean {
  return /^\d{1,12}$/.test(seconds ?? '') && Math.abs(Number(seconds) * 1000 - now) <= toleranceMs;
}

export interface StandardWebhookOptions {
  /** `whsec_…` for signatures `v1`, or `whpk_…`, a public key, for `v1a`; several at once while they are changed. */
  readonly secret: Secrets<string>;
  readonly body: Uint8Array;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. Default: now. */
  readonly now?: number;
}

/**
 * The id of a webhook that is signed as Standard Webhooks says and is at most five minutes old or ahead; `undefined` of any
 * other. The headers may also be called `svix-…`.
 *
 * @throws GatewayError CONNECTOR_ERROR for a secret that is none.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verifyStandardWebhook(options: StandardWebhookOptions): { readonly id: string } | undefined {
  const { secret, body, headers, now } = options;
  const header = (name: string) => headers[`webhook-${name}`] ?? headers[`svix-${name}`] ?? '';
  const id = header('id');
  const timestamp = header('timestamp');
  const keys = secretsOf(secret).map(readStandardSecret);
  if (id === '' || !isRecentTimestamp(timestamp, now)) return undefined;
  const signed: Bytes[] = [`${id}.${timestamp}.`, body];
  const signatures = header('signature').split(' ').slice(0, maxSignatures);
  const isSigned = keys.some((key) =>
    key.kind === 'secret'
      ? verifyHmac({ secret: key.bytes, body: signed, signature: signatures, encoding: 'base64', prefix: 'v1,' })
      : signatures.some(
          (each) =>
            each.startsWith('v1a,') &&
            verifyEd25519({ publicKey: key.text, body: signed, signature: each.slice(4), encoding: 'base64' }),
        ),
  );
  return isSigned ? { id } : undefined;
}

/** Each costs a verification, and senders change one secret at a time. */
const maxSignatures = 10;

type StandardSecret =
  { readonly kind: 'secret'; readonly bytes: Uint8Array } | { readonly kind: 'publicKey'; readonly text: string };

/** The key is what stands after the prefix, in base64; a secret may come without prefix. */
function readStandardSecret(secret: string): StandardSecret {
  if (secret.startsWith('whpk_')) return { kind: 'publicKey', text: secret.slice('whpk_'.length) };
  const text = secret.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw unusable('a Standard Webhooks secret is `whsec_` and base64');
  return { kind: 'secret', bytes: Buffer.from(text, 'base64') };
}

const ed25519SignatureBytes = 64;
const ed25519KeyBytes = 32;
/** Of a SubjectPublicKeyInfo, before the 32 bytes of the key (RFC 8410 §4). */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

function ed25519Key(key: string | KeyObject): KeyObject {
  try {
    const publicKey = typeof key === 'string' ? readKey(key) : key;
    // With a key of another kind another algorithm would be used.
    if (publicKey?.asymmetricKeyType === 'ed25519') return publicKey;
  } catch (cause) {
    throw unusable(notEd25519, cause);
  }
  throw unusable(notEd25519);
}

const notEd25519 = 'a public key of Ed25519 is 32 bytes in hex or base64, or a PEM';

function readKey(key: string): KeyObject | undefined {
  if (key.includes('-----BEGIN')) return createPublicKey(key);
  const bytes = Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64');
  if (bytes.length !== ed25519KeyBytes) return undefined;
  return createPublicKey({ key: Buffer.concat([ed25519Prefix, bytes]), format: 'der', type: 'spki' });
}

/** No secret at all is a mistake of the connector or its registration: with an empty one anybody could sign. */
function secretsOf<T extends Bytes | KeyObject>(secret: Secrets<T>): readonly T[] {
  const secrets = listOf(secret).filter((each) => each !== undefined && each !== null && !isEmpty(each));
  if (secrets.length === 0) throw unusable('it is absent or empty');
  return secrets as readonly T[];
}

function isEmpty(secret: Bytes | KeyObject): boolean {
  return 'length' in Object(secret) && (secret as Bytes).length === 0;
}

function unusable(reason: string, cause?: unknown): GatewayError {
  const message = `A webhook cannot be verified with this secret: ${reason}.`;
  return new GatewayError('CONNECTOR_ERROR', message, cause === undefined ? {} : { cause });
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** How long a signature is, is no secret. */
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
