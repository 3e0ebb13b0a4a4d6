/** Where a redirect leads, and what of the request may go there. */
import type { OutgoingRequest } from './wire.ts';

/** Either the next request, or why there may be none. */
export type Redirect = { readonly next: OutgoingRequest } | { readonly refusal: string; readonly host: string };

/**
 * Gives the request that a redirect asks for, or `undefined` when the answer is no redirect that we follow: then it is an
 * ordinary answer of its status.
 *
 * 301, 302, 307 and 308 are followed for GET and HEAD only, 303 always and as a GET. Another origin is refused unless the
 * request allows it; https never becomes http. What goes to another origin carries no credentials: neither
 * `authorization`, `cookie` and whatever `credentials` names, nor any header whose name speaks of a secret, nor the
 * client's certificate, nor a body. Credentials that were left behind stay behind when the next hop leads back.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.4
 */
export function followRedirect(
  request: OutgoingRequest,
  status: number,
  location: string | undefined,
): Redirect | undefined {
  if (location === undefined || request.redirects === 'none' || !isFollowed(request.method, status)) return undefined;
  const url = parseUrl(location, request.url);
  if (!url) return undefined;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { refusal: 'which is no https URL', host: url.protocol };
  }
  const sameOrigin = url.origin === request.url.origin;
  if (!sameOrigin && request.redirects === 'same-origin') {
    return { refusal: 'which is another origin than the one that was asked', host: url.host };
  }
  if (request.url.protocol === 'https:' && url.protocol === 'http:') {
    return { refusal: 'from https to plain http', host: url.host };
  }
  const hop = status === 303 ? asRead(request) : request;
  return { next: sameOrigin ? { ...hop, url } : withoutCredentials(hop, url) };
}

function isFollowed(method: string, status: number): boolean {
  if (status === 303) return true;
  const isMoved = status === 301 || status === 302 || status === 307 || status === 308;
  return isMoved && (method === 'GET' || method === 'HEAD');
}

function parseUrl(location: string, base: URL): URL | null {
  try {
    return new URL(location, base);
  } catch {
    return null;
  }
}

/** After "see other" the request is a read, whatever it was before. */
function asRead(request: OutgoingRequest): OutgoingRequest {
  const { body: _body, ...rest } = request;
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  return {
    ...rest,
    method,
    repeatable: true,
    headers: without(request.headers, (name) => name.startsWith('content-')),
  };
}

const secretName = /auth|cookie|token|secret|session|signature|password|api-?key|^host$|^referer$|^content-/;

function withoutCredentials(request: OutgoingRequest, url: URL): OutgoingRequest {
  const { body: _body, tls: _tls, ...rest } = request;
  const named = new Set([...request.credentials.headers].map((name) => name.toLowerCase()));
  const headers = without(request.headers, (name) => named.has(name) || secretName.test(name));
  const params = new Set([...request.credentials.params].map((name) => name.toLowerCase()));
  const clean = new URL(url);
  for (const name of new Set(url.searchParams.keys())) {
    if (params.has(name.toLowerCase())) clean.searchParams.delete(name);
  }
  return { ...rest, url: clean, headers };
}

function without(headers: OutgoingRequest['headers'], isLeftBehind: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isLeftBehind(name.toLowerCase())));
}
