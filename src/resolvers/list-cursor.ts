/** The cursor of a row in a list: opaque, sealed, bound to the arguments and the connection it was made for. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { DerivedSecret, KeyRing } from '../connection/seal.ts';
import { InputError } from '../errors.ts';

/** Where a row stands: the page that it was on, and its place in the page. */
export interface RowPosition {
  /** What the provider wants for the page: number, offset, token or URL; `null` for the first page. */
  readonly token: string | number | null;
  /** Rows of a page when it was read; a page number means nothing without it. */
  readonly size: number;
  readonly index: number;
}

/** What a cursor is bound to: a list with these arguments, read through this connection. */
export type CursorScope = Buffer;

export interface ListCursors {
  /** The scope of one list; `connectionId` as the caller's connection has it. */
  readonly scope: (list: string, input: unknown, connectionId: string | undefined) => CursorScope;
  readonly seal: (position: RowPosition, scope: CursorScope) => string;
  /**
   * @throws InputError CURSOR_INVALID when it was edited or is none of ours, CURSOR_FOREIGN when it belongs to other
   *   arguments or to another connection.
   */
  readonly open: (cursor: string, scope: CursorScope) => RowPosition;
}

const nonceBytes = 12;
const tagBytes = 16;
const scopeBytes = 12;
const algorithm = 'aes-256-gcm';
/** A cursor carries a URL at most; what is longer was not made here. */
const maxCursorLength = 8192;

/**
 * Cursors under the current key of a ring; those under the others are read too, so that lists under way outlive its change.
 * They are sealed rather than signed, because a `next` URL of a provider may carry credentials.
 */
export function createListCursors(keyRing: Pick<KeyRing, 'derive'>): ListCursors {
  const secrets = keyRing.derive('plugboard list cursor');
  return {
    scope(list, input, connectionId) {
      const text = JSON.stringify([list, connectionId ?? null, sortKeys(input)]);
      return createHash('sha256').update(text).digest().subarray(0, scopeBytes);
    },
    seal(position, scope) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, secrets()[0].secret, nonce);
      const text = JSON.stringify([position.token, position.size, position.index]);
      const sealed = [nonce, cipher.update(scope), cipher.update(text), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString('base64url');
    },
    open(cursor, scope) {
      const opened = decryptWith(cursor, secrets());
      if (!opened) {
        throw new InputError(
          'CURSOR_INVALID',
          '`after` is not a cursor of this gateway, or it was edited. Take `cursor` or `endCursor` from an answer as it is.',
        );
      }
      if (!opened.subarray(0, scopeBytes).equals(scope)) {
        throw new InputError(
          'CURSOR_FOREIGN',
          '`after` belongs to a list with other arguments or another connection. Start that list from its first page.',
        );
      }
      const [token, size, index] = JSON.parse(opened.subarray(scopeBytes).toString()) as [string, number, number];
      return { token, size, index };
    },
  };
}

function decryptWith(cursor: string, secrets: readonly DerivedSecret[]): Buffer | undefined {
  for (const { secret } of secrets) {
    const opened = decrypt(cursor, secret);
    if (opened) return opened;
  }
  return undefined;
}

function decrypt(cursor: string, secret: Buffer): Buffer | undefined {
  if (cursor.length > maxCursorLength) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  // Base64 has several spellings of the same bytes; only ours is accepted, so that an edited cursor is always refused.
  if (bytes.length < nonceBytes + scopeBytes + tagBytes || bytes.toString('base64url') !== cursor) return undefined;
  const decipher = createDecipheriv(algorithm, secret, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Equal inputs give equal text, in whatever order their keys came; what is not JSON is marked, so that nothing else gives it. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return { date: value };
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { object: entries.map(([key, entry]) => [key, sortKeys(entry)]) };
}
