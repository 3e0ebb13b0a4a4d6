/** Tells pages of our own origin from pages of others (cross-site hijacking of sockets and streams, safety A5 and A6). */
import type { IncomingHttpHeaders } from 'node:http';

/**
 * `ours`: a page of our own origin, or the browser's own doing; `allowed`: a page that the operator named; `foreign`: any
 * other page; `none`: nothing says that it is a browser.
 */
export type Origin = 'ours' | 'allowed' | 'foreign' | 'none';

/**
 * Gives the function that says from where a request comes. Browsers send `Origin` with each socket and each request to
 * another origin, and `Sec-Fetch-Site` with all; neither can be set by a page.
 *
 * @param allowedOrigins - exact origins, e.g. `https://app.example.com`.
 * @param baseUrl - where browsers reach us, when a proxy in front changes `Host`.
 */
export function originGuard(
  allowedOrigins: readonly string[],
  baseUrl: () => string | undefined,
): (headers: IncomingHttpHeaders) => Origin {
  const allowed = new Set(allowedOrigins.map((origin) => new URL(origin).origin));
  return (headers) => {
    // The name of the header in the draft that some clients still speak.
    const origin = headers.origin ?? headers['sec-websocket-origin'];
    const site = headers['sec-fetch-site'];
    if (typeof origin !== 'string') {
      if (site === undefined) return 'none';
      return site === 'same-origin' || site === 'none' ? 'ours' : 'foreign';
    }
    const named = URL.canParse(origin) ? new URL(origin) : undefined;
    if (!named || origin === 'null') return 'foreign';
    if (allowed.has(named.origin)) return 'allowed';
    const base = baseUrl();
    const isOurs = named.host === headers.host || (base !== undefined && named.origin === new URL(base).origin);
    return isOurs && site !== 'cross-site' && site !== 'same-site' ? 'ours' : 'foreign';
  };
}
