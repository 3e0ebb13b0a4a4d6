/** The cookie by which an EventSource says who it is: it can send no headers of its own. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../connection/caller.ts';
import type { KeyRing } from '../../connection/seal.ts';
import { InputError } from '../../errors.ts';
import { credentialHeaders } from './caller-watch.ts';

export interface StreamCookie {
  /** The `Set-Cookie` header that holds the credentials of a request. @throws InputError when they are too long */
  readonly make: (headers: IncomingHttpHeaders, caller: Caller) => string;
  /** The `Set-Cookie` header that takes it away. */
  readonly clear: () => string;
  /** The credentials that a request brought in it, when it is ours and not expired. */
  readonly read: (cookies: string | undefined) => IncomingHttpHeaders | undefined;
}

/** An hour: a page that stays open longer asks for a new one. */
const lifetimeMs = 60 * 60_000;
/** Browsers keep 4 KiB of name, value and attributes. */
const maxLength = 3_800;
const identity = ['stream cookie'];

/**
 * Holds the credentials themselves, sealed, so that they are judged anew on each stream and a revoked key ends it.
 *
 * `HttpOnly`: no script reads it. `SameSite=Strict`: no page of another site sends it. Over https it is a `__Host-` cookie,
 * which no other host can plant; browsers refuse that, and `Secure`, over http.
 */
export function streamCookie(
  keyRing: KeyRing,
  baseUrl: () => string | undefined,
  now: () => number = Date.now,
): StreamCookie {
  const isSecure = () => baseUrl()?.startsWith('https:') ?? false;
  const nameOf = () => (isSecure() ? '__Host-plugboard-stream' : 'plugboard-stream');
  const attributes = () => `Path=/; HttpOnly; SameSite=Strict${isSecure() ? '; Secure' : ''}`;
  return {
    make(headers, caller) {
      const madeAt = now();
      const expiresAt = Math.min(caller.expiresAt ?? Infinity, madeAt + lifetimeMs);
      const credentials = credentialHeaders.map((name) => headers[name] ?? null);
      const value = keyRing.seal(JSON.stringify([expiresAt, ...credentials]), identity);
      if (value.length > maxLength) {
        const message = `The token is too long for a cookie: sealed it has ${value.length} characters, of at most ${maxLength}. Read the stream with \`fetch\`, which can send the header itself.`;
        throw new InputError('INPUT_INVALID', message);
      }
      const maxAge = Math.max(0, Math.floor((expiresAt - madeAt) / 1_000));
      return `${nameOf()}=${value}; ${attributes()}; Max-Age=${maxAge}`;
    },
    clear: () => `${nameOf()}=; ${attributes()}; Max-Age=0`,
    read(cookies) {
      const value = onlyValue(cookies, nameOf());
      const opened = value === undefined ? undefined : open(keyRing, value);
      if (!opened) return undefined;
      const [expiresAt, ...credentials] = opened;
      if (typeof expiresAt !== 'number' || expiresAt <= now()) return undefined;
      const found = credentialHeaders.map((name, index) => [name, credentials[index]] as const);
      return Object.fromEntries(found.filter(([, text]) => typeof text === 'string')) as IncomingHttpHeaders;
    },
  };
}

function open(keyRing: KeyRing, value: string): unknown[] | undefined {
  try {
    return JSON.parse(keyRing.open(value, identity)) as unknown[];
  } catch {
    // Edited, or sealed with a key that was taken out of use: as if there were none.
    return undefined;
  }
}

/** Two of one name mean that somebody planted one; neither is believed. */
function onlyValue(cookies: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`;
  const found = (cookies ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix));
  return found.length === 1 ? found[0]!.slice(prefix.length) : undefined;
}
