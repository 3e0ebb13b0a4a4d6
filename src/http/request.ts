/** One request to a provider: built in a chain, sent once, at the first `await`. */
import { inspect } from 'node:util';
import { Content } from '../content.ts';
import { GatewayError } from '../errors.ts';
import { openFields } from './hidden-fields.ts';
import { requestUrl } from './request-url.ts';

export { resolveRequests } from './resolve-requests.ts';

export type Method = 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | WebDavMethod;
/** @see https://www.rfc-editor.org/rfc/rfc4918#section-9 and for REPORT https://www.rfc-editor.org/rfc/rfc3253#section-3.6 */
export type WebDavMethod = 'PROPFIND' | 'PROPPATCH' | 'MKCOL' | 'COPY' | 'MOVE' | 'REPORT';

/** Whether a method only asks (RFC 9110 §9.2.1), so that it may be sent again. */
export function isReading(method: string): boolean {
  return reading.has(method);
}
const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT']);

export type Format = 'json' | 'xml' | 'www_form_urlencoded' | 'multipart' | 'raw';
/** A status, a part of the message or body, or a pattern for either. */
export type RequestMatcher = number | string | RegExp;

/** An answer, decoded by its format. Header names are lower case. */
export interface ProviderResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly url: string;
}

/** Gives credentials to a request, sends it and decodes the answer. */
export type Dispatch = (request: Request) => Promise<ProviderResponse>;

export interface XmlRequestOptions {
  /** Name of the root element; the payload is its content. Without it the payload's only key names the root. */
  readonly root?: string;
  /** Attributes of the root element, e.g. `{ 'xmlns:soap': 'http://…' }`. */
  readonly namespaces?: Readonly<Record<string, string>>;
}
export interface XmlResponseOptions {
  /** Drops prefixes and `xmlns` attributes from the answer: `soap:Body` is read as `Body`. */
  readonly stripResponseNamespaces?: boolean;
}
export interface RawResponseOptions {
  /** Gives the body as bytes (`Buffer`) instead of text. */
  readonly bytes?: boolean;
  /** Gives the body as a `Content`, which is read as it comes and may be of any size. */
  readonly content?: boolean;
}
export type FormatOptions = XmlRequestOptions & XmlResponseOptions & RawResponseOptions;

/** What a hook for successes sees; what it returns replaces the body. */
export type AfterResponse = (response: {
  readonly status: number;
  readonly body: any;
  readonly headers: Readonly<Record<string, string>>;
}) => unknown;
/** What a hook for error answers sees: the body as it came. What it returns is the body of the request, now a success. */
export type AfterErrorResponse = (response: {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** e.g. `404 Not Found` */
  readonly message: string;
}) => unknown;

export interface ClientCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly passphrase?: string;
  /** PEM, from the issuer of `certificate` upward. */
  readonly intermediates?: readonly string[];
}
export interface ServerCertificates {
  /** PEM. */
  readonly certificates: readonly string[];
  /** Trusts only these; else these and the usual ones. Default `false`. */
  readonly strict?: boolean;
}

/** What was built so far. Builders replace values and never change them, so that parts can be shared between copies. */
export interface RequestParts {
  /** As the connector gave it: relative to `baseUri`, or absolute. */
  url: string;
  /** Base of a relative URL; set when the request is sent. */
  base: URL | undefined;
  /** The URL before `replaceUrl`: a provider's page may not lead our credentials to another origin than this one. */
  replacedUrl: string | undefined;
  params: Readonly<Record<string, unknown>> | undefined;
  rawQuery: string | undefined;
  headers: Readonly<Record<string, string>> | undefined;
  payload: unknown;
  rawBody: string | Uint8Array | Content | undefined;
  user: string | undefined;
  password: string | undefined;
  digest: boolean;
  authType: string | undefined;
  requestFormat: Format;
  responseFormat: Format;
  formatOptions: FormatOptions | undefined;
  redirection: 'follow' | 'ignore' | undefined;
  clientCertificate: ClientCertificate | undefined;
  serverCertificates: ServerCertificates | undefined;
  timeoutMs: number | undefined;
  afterResponse: readonly AfterResponse[] | undefined;
  afterErrorResponse:
    readonly { readonly matchers: readonly RequestMatcher[]; readonly hook: AfterErrorResponse }[] | undefined;
}

/**
 * A lazy request. Every builder returns the request itself; the first `await` (or `response()`) sends it, and later ones
 * get the same answer. A builder that is called after that is refused with `REQUEST_INVALID`.
 *
 * @see https://docs.workato.com/developing-connectors/sdk/sdk-reference/http.html
 */
export class Request<T = any> implements PromiseLike<T> {
  readonly method: Method;
  /** Read by the house when it sends; connectors use the builders. */
  parts: RequestParts;
  readonly #dispatch: Dispatch;
  #answer: Promise<ProviderResponse> | undefined;

  constructor(method: Method, url: string, dispatch: Dispatch, payload?: unknown) {
    this.method = method;
    this.#dispatch = dispatch;
    this.parts = createParts(url, openFields(payload));
  }

  /** Merges into the query; nesting as Rails writes it (`a[b]=c`, `a[]=c`). A string is appended as it is. */
  params(values: Readonly<Record<string, unknown>> | string): this {
    const parts = this.#open('params');
    if (typeof values === 'string') parts.rawQuery = joinQuery(parts.rawQuery, values);
    else parts.params = parts.params ? { ...parts.params, ...values } : values;
    return this;
  }

  /** An object merges into the payload, a function gets the current payload and gives the new one, anything else replaces it. */
  payload(given: unknown): this {
    const parts = this.#open('payload');
    const values = openFields(given);
    if (typeof values === 'function') parts.payload = rewrite(parts.payload, values as (current: unknown) => unknown);
    else if (isPlainObject(values) && isPlainObject(parts.payload)) parts.payload = { ...parts.payload, ...values };
    else parts.payload = values;
    return this;
  }

  /**
   * Sends these bytes or this text instead of an encoded payload. The format still names the content type, unless a header
   * does. A `Content` is sent as it comes, under its own media type, and so once: it is never sent again.
   */
  requestBody(raw: string | Uint8Array | Content): this {
    this.#open('requestBody').rawBody = raw;
    return this;
  }

  /** Merges into the headers, whatever the case of their names; `undefined` and `null` are skipped. */
  headers(values: Readonly<Record<string, string | number | boolean | null | undefined>>): this {
    const parts = this.#open('headers');
    const merged: Record<string, string> = { ...parts.headers };
    for (const name of Object.keys(values)) {
      const value = values[name];
      if (value !== undefined && value !== null) merged[name.toLowerCase()] = String(value);
    }
    parts.headers = merged;
    return this;
  }

  /** User name of HTTP Basic (RFC 7617) or, with `digestAuth`, of Digest. */
  user(name: string): this {
    this.#open('user').user = name;
    return this;
  }

  password(value: string): this {
    this.#open('password').password = value;
    return this;
  }

  /** Sends user and password by HTTP Digest (RFC 7616): one more round trip, answered with the provider's challenge. */
  digestAuth(): this {
    this.#open('digestAuth').digest = true;
    return this;
  }

  /** A word of the connector's own that its `apply` is given, for providers with several ways to authorize. */
  authType(type: string): this {
    this.#open('authType').authType = type;
    return this;
  }

  requestFormat(format: Format, options?: FormatOptions): this {
    const parts = this.#open('requestFormat');
    parts.requestFormat = knownFormat(format, 'requestFormat');
    if (options) parts.formatOptions = { ...parts.formatOptions, ...options };
    return this;
  }

  responseFormat(format: Format, options?: FormatOptions): this {
    const parts = this.#open('responseFormat');
    parts.responseFormat = knownFormat(format, 'responseFormat');
    if (options) parts.formatOptions = { ...parts.formatOptions, ...options };
    return this;
  }

  /** Sets the format of both ways; forms and multipart only go out, so their answer stays JSON. */
  format(format: Format, options?: FormatOptions): this {
    this.requestFormat(format, options);
    const answersToo = format === 'json' || format === 'xml' || format === 'raw';
    return answersToo ? this.responseFormat(format) : this;
  }

  /** XML both ways, with the payload as content of the element `root`. */
  formatXml(root: string, options: Omit<FormatOptions, 'root'> = {}): this {
    return this.format('xml', { ...options, root });
  }

  /** Sends the payload as `multipart/form-data`: each value is itself, or `[value, contentType, filename]`; it may be a `Content`. */
  multipart(values?: Readonly<Record<string, unknown>>): this {
    if (values) this.payload(values);
    return this.requestFormat('multipart');
  }

  /** Runs after a success; what it returns replaces the body. Several run in the order in which they were given. */
  afterResponse(hook: AfterResponse): this {
    const parts = this.#open('afterResponse');
    parts.afterResponse = [...(parts.afterResponse ?? []), hook];
    return this;
  }

  /**
   * Runs after an error answer that one of the matchers names (none: after any), once the credentials were refreshed in
   * vain; what it returns is the body, and the request a success. Throw, or call `connection.error`, to fail otherwise.
   */
  afterErrorResponse(...matchersAndHook: readonly [...RequestMatcher[], AfterErrorResponse]): this {
    const parts = this.#open('afterErrorResponse');
    const hook = matchersAndHook.at(-1);
    if (typeof hook !== 'function') throw invalid(this, 'afterErrorResponse() needs a function as its last argument.');
    const matchers = matchersAndHook.slice(0, -1) as RequestMatcher[];
    parts.afterErrorResponse = [...(parts.afterErrorResponse ?? []), { matchers, hook }];
    return this;
  }

  /**
   * Asks another URL, e.g. the one that the provider gave for the next page, without the params set so far. Credentials
   * follow it only to the origins that the request could go to before.
   */
  replaceUrl(url: string): this {
    const parts = this.#open('replaceUrl');
    parts.replacedUrl ??= parts.url;
    parts.url = url;
    parts.params = undefined;
    parts.rawQuery = undefined;
    return this;
  }

  /** Follows redirects to every origin, not only the own one; credentials stay behind when the origin changes. */
  followRedirection(): this {
    this.#open('followRedirection').redirection = 'follow';
    return this;
  }

  /** Follows no redirect: the 3xx answer is the response. */
  ignoreRedirection(): this {
    this.#open('ignoreRedirection').redirection = 'ignore';
    return this;
  }

  tlsClientCert(certificate: ClientCertificate): this {
    this.#open('tlsClientCert').clientCertificate = certificate;
    return this;
  }

  tlsServerCerts(certificates: ServerCertificates): this {
    this.#open('tlsServerCerts').serverCertificates = certificates;
    return this;
  }

  /** The longest this request may take, in milliseconds; the house's own limits stay in force. */
  timeout(milliseconds: number): this {
    const parts = this.#open('timeout');
    if (!(milliseconds > 0))
      throw invalid(this, `timeout() expects milliseconds above 0; got ${String(milliseconds)}.`);
    parts.timeoutMs = milliseconds;
    return this;
  }

  /** The whole URL with its query, as it will be sent; still relative while the connection's `baseUri` is not known. */
  get currentUrl(): string {
    return requestUrl(this);
  }

  get currentVerb(): Method {
    return this.method;
  }

  /** Whether it was sent already. */
  get isSent(): boolean {
    return this.#answer !== undefined;
  }

  /** Whether it carries a content that has begun to pass, and so cannot be sent again. */
  get isSpent(): boolean {
    const { rawBody, payload } = this.parts;
    return [rawBody, ...(isPlainObject(payload) ? Object.values(payload).flat(2) : [])].some(
      (part) => part instanceof Content && part.isOpened,
    );
  }

  /** Sends it, at most once, and gives status, headers and the decoded body after the hooks. */
  response(): Promise<ProviderResponse> {
    return (this.#answer ??= this.#dispatch(this));
  }

  /** An unsent request with the same options. */
  copy(dispatch: Dispatch = this.#dispatch): Request<T> {
    const copy = new Request<T>(this.method, this.parts.url, dispatch);
    copy.parts = { ...this.parts };
    return copy;
  }

  then<R1 = T, R2 = never>(
    onfulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onrejected?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return this.response().then(
      onfulfilled ? (response) => onfulfilled(response.body as T) : (response) => response.body as R1,
      onrejected,
    );
  }

  catch<R = never>(onrejected?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<T | R> {
    return this.then(null, onrejected);
  }

  finally(onfinally?: (() => void) | null): Promise<T> {
    return this.then((body) => body).finally(onfinally);
  }

  /** Its credentials are for the provider, and in no log. */
  [inspect.custom](): string {
    return `Request ${this.method} ${this.parts.url.split(/[?#]/, 1)[0]}`;
  }

  #open(builder: string): RequestParts {
    if (this.#answer) {
      throw invalid(this, `${builder}() was called after the request was sent; call it before the first await.`);
    }
    return this.parts;
  }
}

/** Every key from the start: objects of one shape are copied and read fastest, and each request is one. */
function createParts(url: string, payload: unknown): RequestParts {
  return {
    url,
    base: undefined,
    replacedUrl: undefined,
    params: undefined,
    rawQuery: undefined,
    headers: undefined,
    payload,
    rawBody: undefined,
    user: undefined,
    password: undefined,
    digest: false,
    authType: undefined,
    requestFormat: 'json',
    responseFormat: 'json',
    formatOptions: undefined,
    redirection: undefined,
    clientCertificate: undefined,
    serverCertificates: undefined,
    timeoutMs: undefined,
    afterResponse: undefined,
    afterErrorResponse: undefined,
  };
}

const formats: ReadonlySet<string> = new Set<Format>(['json', 'xml', 'www_form_urlencoded', 'multipart', 'raw']);

function knownFormat(format: Format, builder: string): Format {
  if (formats.has(format)) return format;
  throw new GatewayError(
    'REQUEST_INVALID',
    `${builder}() expects one of ${[...formats].join(', ')}; got ${JSON.stringify(format)}.`,
  );
}

function invalid(request: Request, message: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', `${request.method} ${request.parts.url.split(/[?#]/, 1)[0]}: ${message}`);
}

function joinQuery(before: string | undefined, query: string): string {
  const added = query.startsWith('?') ? query.slice(1) : query;
  return before ? `${before}&${added}` : added;
}

/** The function gets a copy, because the payload is shared with the other attempts of the same request. */
function rewrite(current: unknown, change: (current: unknown) => unknown): unknown {
  const given = Array.isArray(current) ? [...current] : isPlainObject(current) ? { ...current } : (current ?? {});
  const changed = change(given);
  return changed === undefined ? given : changed;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
