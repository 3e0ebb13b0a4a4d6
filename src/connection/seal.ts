/** Seals secrets for the store: AES-256-GCM under a ring of keys, each secret bound to the place where it is kept. */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { GatewayError, OperatorNote } from '../errors.ts';
import { Secret } from '../http/secret.ts';
import type { SealingKey } from './sealing-key.ts';

/**
 * `identity` says whose secret it is and where it stands, e.g. `[tenant, connection id, field]`. It is authenticated,
 * not stored: a sealed text that was moved to another record, field or tenant does not open.
 */
export interface KeyRing {
  /** Ids of the keys at the time; the first seals, all open. */
  readonly keyIds: readonly string[];
  /** The sealed text, `sealed1.<key id>.<iv>.<ciphertext and tag>` in base64url, under the current key. */
  seal(plaintext: string | Secret, identity: readonly string[]): string;
  /**
   * The text that was sealed with the same identity; what is a credential in it goes into a `Secret` at once.
   *
   * @throws GatewayError SEAL_KEY_UNKNOWN when its key is not in the ring; SEAL_BROKEN when it was edited, moved, or
   * sealed with another key of that id.
   */
  open(sealed: string, identity: readonly string[]): string;
  /** Whether it was sealed with another key than the current one. */
  needsReseal(sealed: string): boolean;
  /** Secrets for one other purpose, one of each key at the time and in their order, so that no key does two things (RFC 5869). */
  derive(purpose: string): DerivedSecrets;
}

/** The one that is used for what is new comes first; the others read what is older. The same list until the keys change. */
export type DerivedSecrets = () => readonly [DerivedSecret, ...DerivedSecret[]];

/** Made from a sealing key, which it tells nothing about. */
export interface DerivedSecret {
  /** Of the sealing key. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** Keys that may change while a ring is in use. */
export interface KeySource {
  /** The one that seals first; the same list until they change. */
  readonly keys: () => readonly SealingKey[];
  /** A sealed text names a key that is not among them, so it is looked for where they come from. */
  readonly missed: () => void;
}

const cipher = 'aes-256-gcm';
const ivLength = 12;
const tagLength = 16;
const sealedPattern = /^sealed1\.([\w-]{1,64})\.([\w-]{16})\.([\w-]{22,})$/;

/**
 * The ring of these keys, the current one first. A key with random 96-bit IVs is good for 2³² sealings
 * (NIST SP 800-38D §8.3): at 10 000 connections that are refreshed hourly, for 40 000 years.
 *
 * @throws GatewayError SEAL_KEY_INVALID when there is no key, one is not of 32 bytes, or two have one id.
 */
export function createKeyRing(given: readonly SealingKey[] | KeySource): KeyRing {
  const source: KeySource = 'missed' in given ? given : { keys: () => given, missed: () => {} };
  const ring = remembered(source.keys, toRing);
  const current = (): string => ring().keys().next().value!;
  ring();
  return {
    get keyIds() {
      return [...ring().keys()];
    },
    seal(plaintext, identity) {
      const keyId = current();
      const iv = randomBytes(ivLength);
      const sealing = createCipheriv(cipher, ring().get(keyId)!, iv, { authTagLength: tagLength });
      sealing.setAAD(additionalData(keyId, identity));
      const text = plaintext instanceof Secret ? plaintext.reveal() : plaintext;
      const body = Buffer.concat([sealing.update(text, 'utf8'), sealing.final(), sealing.getAuthTag()]);
      return `sealed1.${keyId}.${iv.toString('base64url')}.${body.toString('base64url')}`;
    },
    open(sealed, identity) {
      const { keyId, iv, body } = parse(sealed);
      if (!ring().has(keyId)) source.missed();
      const key = ring().get(keyId);
      if (!key) throw unknownKeyError(keyId, [...ring().keys()]);
      const opening = createDecipheriv(cipher, key, iv, { authTagLength: tagLength });
      opening.setAAD(additionalData(keyId, identity));
      opening.setAuthTag(body.subarray(-tagLength));
      try {
        return Buffer.concat([opening.update(body.subarray(0, -tagLength)), opening.final()]).toString('utf8');
      } catch {
        throw brokenError();
      }
    },
    needsReseal: (sealed) => parse(sealed).keyId !== current(),
    derive: (purpose) =>
      remembered(source.keys, (keys) => {
        // An empty ring is refused.
        const [current, ...older] = keys.map((key) => deriveSecret(key, purpose));
        return [current!, ...older] as const;
      }),
  };
}

/** Makes it anew only when the keys are others. */
function remembered<T>(keys: () => readonly SealingKey[], make: (keys: readonly SealingKey[]) => T): () => T {
  let made: { readonly of: readonly SealingKey[]; readonly value: T } | undefined;
  return () => {
    const now = keys();
    if (made?.of !== now) made = { of: now, value: make(now) };
    return made.value;
  };
}

/** What `open` gives, and `undefined` for what nobody can open any more: its key is lost, or it was edited. */
export function tolerant<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (isUnopenable(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that a sealed text cannot be opened. */
export function isUnopenable(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === 'SEAL_KEY_UNKNOWN' || error.code === 'SEAL_BROKEN');
}

/** Whether a text is in the form that `seal` gives. */
export function isSealed(text: string): boolean {
  return sealedPattern.test(text);
}

function toRing(keys: readonly SealingKey[]): Map<string, KeyObject> {
  if (keys.length === 0) throw invalidKeys('There is no sealing key; at least one is needed to keep secrets.');
  const ring = new Map<string, KeyObject>();
  for (const { id, key } of keys) {
    if (!/^[\w-]{1,64}$/.test(id)) throw invalidKeys('The id of a sealing key is 1–64 letters, digits, "-" and "_".');
    if (key.length !== 32) throw invalidKeys(`The sealing key "${id}" has ${key.length} bytes; expected 32.`);
    if (ring.has(id)) throw invalidKeys(`Two sealing keys have the id "${id}".`);
    ring.set(id, createSecretKey(key));
  }
  return ring;
}

function deriveSecret({ id, key }: SealingKey, purpose: string): DerivedSecret {
  return { id, secret: Buffer.from(hkdfSync('sha256', key, '', purpose, 32)) };
}

/** Each part with its length before it, so that no two lists of parts give the same bytes. */
function additionalData(keyId: string, identity: readonly string[]): Buffer {
  const parts = ['plugboard seal 1', keyId, ...identity];
  const size = parts.reduce((sum, part) => sum + 4 + Buffer.byteLength(part), 0);
  const data = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const part of parts) {
    const length = data.write(part, offset + 4);
    data.writeUInt32BE(length, offset);
    offset += 4 + length;
  }
  return data;
}

function parse(sealed: string): { keyId: string; iv: Buffer; body: Buffer } {
  const [, keyId, iv, body] = sealedPattern.exec(sealed) ?? [];
  if (keyId === undefined || iv === undefined || body === undefined) throw brokenError();
  return { keyId, iv: Buffer.from(iv, 'base64url'), body: Buffer.from(body, 'base64url') };
}

function unknownKeyError(keyId: string, known: readonly string[]): GatewayError {
  // Ids of keys are for whoever runs the gateway: they stand in the log, and in no answer.
  const cause = new OperatorNote(`It was sealed with the key "${keyId}"; the sealing keys are ${known.join(', ')}.`);
  return new GatewayError(
    'SEAL_KEY_UNKNOWN',
    'A stored secret was sealed with a key that is not among the sealing keys. The operator adds it behind the current key until every secret is sealed anew; the log names it.',
    { cause },
  );
}

function brokenError(): GatewayError {
  return new GatewayError(
    'SEAL_BROKEN',
    'A stored secret cannot be opened: it was edited, moved to another record, or sealed with another key of the same id. Restore the record, or connect again.',
  );
}

function invalidKeys(message: string): GatewayError {
  return new GatewayError('SEAL_KEY_INVALID', message);
}
