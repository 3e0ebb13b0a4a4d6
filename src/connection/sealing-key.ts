/** Reads sealing keys as operators write them, and refuses those that would not protect anything. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../errors.ts';

export interface SealingKey {
  /** Stands in every text that the key sealed. 1–64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

const advice = 'Make one with: openssl rand -base64 32';

/**
 * The keys of a text, the current one first: `current,old1,old2`, by commas or white space. `source` says where it came
 * from, for the message.
 *
 * @throws GatewayError SEAL_KEY_INVALID
 */
export function parseKeys(text: string, source = 'the sealing key'): readonly SealingKey[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  if (parts.length === 0) throw invalid(source, 'expected a key of 32 bytes; got nothing');
  return parts.map((part, index) => parseKey(part, parts.length > 1 ? `${source}, key ${index + 1}` : source));
}

/**
 * One key: 32 bytes as 64 hexadecimal digits, base64 or base64url. Its id is made from the key itself, so that a key
 * has the same id wherever it is written, and no other key has it.
 *
 * @throws GatewayError SEAL_KEY_INVALID when it is of another length, or no random bytes. The text is never told.
 */
export function parseKey(text: string, source = 'the sealing key'): SealingKey {
  const trimmed = text.trim();
  const key = decode(trimmed);
  if (!key) {
    throw invalid(
      source,
      `expected 32 bytes as 64 hexadecimal digits, base64 or base64url; got ${trimmed.length} characters of another form`,
    );
  }
  if (key.length !== 32) throw invalid(source, `expected 32 bytes; got ${key.length}`);
  const weakness = findWeakness(key);
  if (weakness) throw invalid(source, `expected 32 random bytes; got ${weakness}`);
  return { id: fingerprint(key), key };
}

function decode(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^[\w+/-]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Node skips what it does not understand; the same bytes have to give the same text again.
  const unpadded = text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
  return bytes.toString('base64url') === unpadded ? bytes : undefined;
}

/** What no random key shows: each has a probability below 10⁻¹³. */
function findWeakness(key: Buffer): string | undefined {
  if (new Set(key).size < 16) return 'bytes that repeat';
  if (key.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'readable text';
  const steps = new Set(key.map((byte, index) => (index === 0 ? 0 : byte - key[index - 1]!)).subarray(1));
  return steps.size < 8 ? 'bytes in a regular order' : undefined;
}

/** 48 bits of a hash of 256 random bits: it says nothing of the key. */
function fingerprint(key: Buffer): string {
  return createHash('sha256').update('plugboard key id').update(key).digest('base64url').slice(0, 8);
}

function invalid(source: string, what: string): GatewayError {
  return new GatewayError('SEAL_KEY_INVALID', `${source}: ${what}. ${advice}`);
}
