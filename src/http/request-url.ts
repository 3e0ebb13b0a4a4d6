/** The URL of a request: resolved against the base by RFC 3986, its params appended to the query. */
import { GatewayError } from '../errors.ts';
import { encodeForm } from './formats/form.ts';

/** What of a request says where it goes. */
export interface Addressed {
  readonly method: string;
  readonly parts: {
    readonly url: string;
    readonly base?: URL | undefined;
    readonly params?: Readonly<Record<string, unknown>> | undefined;
    readonly rawQuery?: string | undefined;
  };
}

/**
 * The address to send to, parsed once.
 *
 * @throws GatewayError `REQUEST_INVALID` when it is no http(s) URL, carries a user name, or leaves the base: a relative
 * URL never changes the origin, and `..` never climbs above the path of `baseUri` (safety X3, CWE-22).
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-5
 */
export function resolveUrl(request: Addressed): URL {
  const { base } = request.parts;
  let url: URL;
  try {
    url = new URL(requestTarget(request), base?.href);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw refused(request, base ? 'is no URL' : 'is no absolute URL, and the connector has no baseUri');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(request, 'is neither https nor http');
  if (url.username !== '' || url.password !== '') {
    throw refused(request, 'carries a user name; use user() and password()');
  }
  if (base && url.origin !== base.origin && !absolute.test(request.parts.url)) {
    throw refused(request, 'is relative but leads to another host; write https:// if that is meant');
  }
  if (dotSegments.test(request.parts.url) && leavesBase(request.parts.url, url, base)) {
    throw refused(request, 'climbs with ".." above the path of baseUri; build paths with path`…`');
  }
  return url;
}

/** Whether it leads below its base by its form alone: it has one, and no scheme. `resolveUrl` still judges it. */
export function isRelative(request: Addressed): boolean {
  return request.parts.base !== undefined && !absolute.test(request.parts.url);
}

/** For `currentUrl`: the same text without judging it. */
export function requestUrl(request: Addressed): string {
  const target = requestTarget(request);
  const { base } = request.parts;
  return base && URL.canParse(target, base.href) ? new URL(target, base.href).href : target;
}

/** A scheme makes a URL absolute (RFC 3986 §4.3). */
const absolute = /^[a-z][a-z\d+.-]*:/i;
/** `..` as the URL parser sees it: also encoded, and behind a backslash. */
const dotSegments = /(?:^|[/\\])(?:\.|%2e){2}(?:$|[/\\?#])/i;

function requestTarget(request: Addressed): string {
  const { params, rawQuery } = request.parts;
  const hash = request.parts.url.indexOf('#');
  const url = hash < 0 ? request.parts.url : request.parts.url.slice(0, hash);
  if (!params && !rawQuery) return url;
  const encoded = params ? encodeForm(params) : '';
  const raw = rawQuery ? rawQuery.replaceAll('#', '%23') : '';
  const query = encoded && raw ? `${raw}&${encoded}` : encoded || raw;
  if (query === '') return url;
  const separator = url.includes('?') ? (/[?&]$/.test(url) ? '' : '&') : '?';
  return url + separator + query;
}

function leavesBase(written: string, url: URL, base: URL | undefined): boolean {
  const path = written.split(/[?#]/, 1)[0] ?? '';
  if (!dotSegments.test(path)) return false;
  if (!base || url.origin !== base.origin) return true;
  return !url.pathname.startsWith(base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1));
}

function refused(request: Addressed, reason: string): GatewayError {
  // Without the query, which may hold secrets.
  const written = request.parts.url.split(/[?#]/, 1)[0];
  return new GatewayError('REQUEST_INVALID', `The URL of ${request.method} ${JSON.stringify(written)} ${reason}.`);
}
