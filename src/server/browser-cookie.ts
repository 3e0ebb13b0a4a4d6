/** The cookie by which a browser is known again between our link, the form and the provider's answer (safety O3). */
import { randomBytes } from 'node:crypto';
import type { BrowserBinding } from '../connection/connecting.ts';

export interface BrowserCookie {
  /** What the browser brought, if it is one of ours. */
  readonly read: (header: string | undefined) => BrowserBinding | undefined;
  /** A new one: the text that the cookie holds, and the `Set-Cookie` header. It lives as long as the browser's session. */
  readonly make: () => { readonly browser: BrowserBinding; readonly header: string };
}

/**
 * `SameSite=Lax`, because the provider sends the browser back from another site, by a GET.
 *
 * Over https the name begins with `__Host-`, so that no other host of the domain and no page without TLS can plant one.
 * Browsers refuse that prefix, and `Secure`, over http: on loopback the cookie is plain, and every program that serves
 * this host name on any port sees it.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2
 */
export function browserCookie(baseUrl: string): BrowserCookie {
  const isSecure = baseUrl.startsWith('https:');
  const name = isSecure ? '__Host-plugboard' : 'plugboard';
  const kind = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    read: (header) => onlyValue(header, name),
    make() {
      const browser = randomBytes(32).toString('base64url');
      return { browser, header: `${name}=${browser}${kind}` };
    },
  };
}

/** Two of one name mean that somebody planted one; neither is believed. */
function onlyValue(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  const prefix = `${name}=`;
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix));
  const [value] = found.map((pair) => pair.slice(prefix.length));
  return found.length === 1 && value !== undefined && ours.test(value) ? value : undefined;
}

/** 32 bytes in base64url. */
const ours = /^[A-Za-z0-9_-]{43}$/;
