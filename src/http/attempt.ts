/** One attempt at a request: encoded, sent, its answer judged and decoded. */
import { rootCertificates } from 'node:tls';
import { Content } from '../content.ts';
import { GatewayError, ProviderError } from '../errors.ts';
import { answerDigest } from './digest.ts';
import { encodeForm } from './formats/form.ts';
import { encodeJson } from './formats/json.ts';
import { encodeMultipart } from './formats/multipart.ts';
import { decodeText, encodeRaw, mediaTypeOf } from './formats/raw.ts';
import { encodeXml } from './formats/xml.ts';
import { AnswerRefused, decodeAnswer } from './decode-answer.ts';
import { matchesAnswer } from './matcher.ts';
import { providerFailure } from './provider-failure.ts';
import { isReading, type ProviderResponse, type Request, type RequestMatcher, type RequestParts } from './request.ts';
import { resolveUrl } from './request-url.ts';
import type { CallContext, OutgoingRequest, ReceivedResponse } from './wire.ts';

/** What an attempt needs of the outbound client. */
export interface AttemptSender {
  send(request: OutgoingRequest, context: CallContext): Promise<ReceivedResponse>;
}

/** Whose call it is, and how its answers are judged. */
export interface AttemptContext extends CallContext {
  /** The provider's title, for messages. */
  readonly title: string;
  /** The call may be repeated whatever its method: its action is a read, or idempotent. */
  readonly isRepeatable?: boolean | undefined;
  /** Its writing requests carry a key by which the provider knows a repetition. */
  readonly isKeyed?: boolean | undefined;
  /** Decides instead of the status whether an answer is a success. */
  readonly isSuccess?: ((response: Omit<ProviderResponse, 'url'>) => boolean) | undefined;
  /** Takes the connection's secrets out of a path that a message shows. */
  readonly redact?: ((path: string) => string) | undefined;
}

/** What the authorization of the connection adds to an attempt. */
export interface AttemptCredentials {
  /** What carries credentials; `authorization` and cookies always do. */
  readonly carriers: OutgoingRequest['credentials'];
  /** What makes a success an error. */
  readonly detectOn?: readonly RequestMatcher[] | undefined;
  /** Origin of the connector's own fixed base, see `OutgoingRequest`. */
  readonly declaredOrigin?: string | undefined;
  /** The payload carries credentials too, and so never leaves the origin. */
  readonly inPayload?: boolean;
}

const noParams: ReadonlySet<string> = new Set<string>();
/** The headers that carry credentials in every request. */
export const credentialHeaders: ReadonlySet<string> = new Set(['authorization', 'cookie']);
const noCredentials: AttemptCredentials = { carriers: { headers: credentialHeaders, params: noParams } };

/**
 * Sends a request once and gives its decoded answer, without its hooks.
 *
 * @throws ProviderError with the code of the status, `details.http.status` and `details.retryAfterMs`;
 *   `PROVIDER_ANSWER_INVALID` when the body is not of the format; what `send` throws.
 * @throws GatewayError `REQUEST_INVALID` when it cannot be encoded; nothing was sent then.
 */
export async function attempt(
  request: Request,
  sender: AttemptSender,
  context: AttemptContext,
  credentials: AttemptCredentials = noCredentials,
  url: URL = resolveUrl(request),
): Promise<ProviderResponse> {
  const { parts } = request;
  const outgoing = encodeOrRefuse(request, url, context, credentials);
  if (parts.digest && outgoing.body instanceof Content) {
    const message = `A request to ${context.title} cannot be sent. A content passes once, and digestAuth() sends twice.`;
    throw new GatewayError('REQUEST_INVALID', message);
  }
  const response = await (parts.timeoutMs === undefined
    ? sender.send(outgoing, context)
    : sendWithin(parts.timeoutMs, outgoing, sender, context));
  if (!parts.digest || response.status !== 401) return judge(request, response, context, credentials);
  const authorization = digestAuthorization(parts, outgoing, response);
  if (authorization === undefined) return judge(request, response, context, credentials);
  const authorized = { ...outgoing, headers: { ...outgoing.headers, authorization } };
  return judge(request, await sendWithin(parts.timeoutMs, authorized, sender, context), context, credentials);
}

/** The URL of a request as a message may show it: without its query, and without the connection's secrets. */
export function shownUrl(url: URL, redact: (path: string) => string = (path) => path): string {
  return `${url.origin}${redact(url.pathname)}${url.search === '' ? '' : '?…'}`;
}

const accepted: Readonly<Record<RequestParts['responseFormat'], string>> = {
  json: 'application/json',
  xml: 'application/xml, text/xml;q=0.9',
  www_form_urlencoded: 'application/x-www-form-urlencoded',
  multipart: '*/*',
  raw: '*/*',
};

/** What cannot be written is told of the provider that it was meant for. */
function encodeOrRefuse(...[request, url, context, credentials]: Parameters<typeof encodeRequest>): OutgoingRequest {
  try {
    return encodeRequest(request, url, context, credentials);
  } catch (cause) {
    if (!(cause instanceof GatewayError) || cause.code !== 'REQUEST_INVALID') throw cause;
    throw new GatewayError('REQUEST_INVALID', `A request to ${context.title} cannot be sent. ${cause.message}`, {
      cause,
    });
  }
}

function encodeRequest(
  request: Request,
  url: URL,
  context: AttemptContext,
  credentials: AttemptCredentials,
): OutgoingRequest {
  const { parts, method } = request;
  const headers: Record<string, string> = {
    accept: accepted[parts.responseFormat],
  };
  const encoded = encodeBody(parts);
  if (encoded) headers['content-type'] = encoded.contentType;
  if (parts.headers) Object.assign(headers, parts.headers);
  if ((parts.user !== undefined || parts.password !== undefined) && !parts.digest) {
    headers['authorization'] = basicAuthorization(parts.user, parts.password);
  }
  const isRead = isReading(method);
  // A content passes once: it cannot be sent again.
  const isOnce = encoded?.body instanceof Content;
  const tls = tlsIdentity(parts);
  return {
    method,
    url,
    headers,
    repeatable: !isOnce && (isRead || context.isRepeatable === true),
    ...(context.isKeyed === true && !isRead ? { keyed: true } : undefined),
    credentials: credentials.carriers,
    redirects: redirectsOf(parts, credentials),
    ...(encoded ? { body: encoded.body } : undefined),
    ...(wantsContent(parts) ? { streamed: true } : undefined),
    ...(tls ? { tls } : undefined),
    ...(credentials.declaredOrigin === undefined ? undefined : { declaredOrigin: credentials.declaredOrigin }),
  };
}

function wantsContent({ responseFormat, formatOptions }: RequestParts): boolean {
  return responseFormat === 'raw' && formatOptions?.content === true;
}

function encodeBody(parts: RequestParts): { body: string | Uint8Array | Content; contentType: string } | undefined {
  const { rawBody, payload, requestFormat } = parts;
  if (rawBody instanceof Content) return { body: rawBody, contentType: rawBody.mediaType ?? contentTypes.raw };
  if (rawBody !== undefined) return { body: rawBody, contentType: contentTypes[requestFormat] };
  if (payload === undefined) return undefined;
  switch (requestFormat) {
    case 'json':
      return { body: encodeJson(payload), contentType: contentTypes.json };
    case 'xml':
      return { body: encodeXml(payload, parts.formatOptions), contentType: contentTypes.xml };
    case 'www_form_urlencoded':
      return { body: encodeForm(formFields(payload)), contentType: contentTypes.www_form_urlencoded };
    case 'multipart':
      return encodeMultipart(payload);
    case 'raw':
      break;
  }
  const body = encodeRaw(payload);
  return { body, contentType: typeof body === 'string' ? 'text/plain; charset=utf-8' : contentTypes.raw };
}

const contentTypes: Readonly<Record<RequestParts['requestFormat'], string>> = {
  json: 'application/json',
  xml: 'application/xml; charset=utf-8',
  www_form_urlencoded: 'application/x-www-form-urlencoded',
  // A raw multipart body comes with its own boundary, in a header that the connector sets.
  multipart: 'multipart/form-data',
  raw: 'application/octet-stream',
};

function formFields(payload: unknown): Record<string, unknown> {
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload) && !ArrayBuffer.isView(payload)) {
    return payload as Record<string, unknown>;
  }
  throw new GatewayError('REQUEST_INVALID', 'A payload of the format www_form_urlencoded must be an object of fields.');
}

function basicAuthorization(user = '', password = ''): string {
  // The first colon ends the user name (RFC 7617 §2): one inside it would move a part into the password.
  if (user.includes(':')) throw new GatewayError('REQUEST_INVALID', 'A user name for HTTP Basic cannot hold a colon.');
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function digestAuthorization(
  parts: RequestParts,
  outgoing: OutgoingRequest,
  response: ReceivedResponse,
): string | undefined {
  const challenge = response.headers['www-authenticate'];
  // The challenge of another origin, after a redirect, would be answered with our password.
  if (challenge === undefined || response.url.origin !== outgoing.url.origin) return undefined;
  const { method, url } = outgoing;
  const target = url.pathname + url.search;
  return answerDigest(challenge, { method, target, user: parts.user ?? '', password: parts.password ?? '' });
}

function redirectsOf(parts: RequestParts, credentials: AttemptCredentials): OutgoingRequest['redirects'] {
  if (parts.redirection === 'ignore') return 'none';
  return parts.redirection === 'follow' && credentials.inPayload !== true ? 'any-origin' : 'same-origin';
}

function tlsIdentity(parts: RequestParts): OutgoingRequest['tls'] {
  const { clientCertificate: client, serverCertificates: server } = parts;
  if (!client && !server) return undefined;
  return {
    ...(client && {
      certificate: [client.certificate, ...(client.intermediates ?? [])].join('\n'),
      key: client.key,
      ...(client.passphrase === undefined ? {} : { passphrase: client.passphrase }),
    }),
    ...(server && { ca: server.strict === true ? server.certificates : [...rootCertificates, ...server.certificates] }),
  };
}

async function sendWithin(
  timeoutMs: number | undefined,
  outgoing: OutgoingRequest,
  sender: AttemptSender,
  context: AttemptContext,
): Promise<ReceivedResponse> {
  if (timeoutMs === undefined) return sender.send(outgoing, context);
  const own = AbortSignal.timeout(timeoutMs);
  const signal = context.signal ? AbortSignal.any([context.signal, own]) : own;
  try {
    return await sender.send(outgoing, { ...context, signal });
  } catch (cause) {
    if (!own.aborted || context.signal?.aborted === true) throw cause;
    const isLost = !outgoing.repeatable || outgoing.keyed === true;
    throw new ProviderError(
      isLost ? 'OUTCOME_UNKNOWN' : 'PROVIDER_TIMEOUT',
      `${context.title} did not answer ${outgoing.method} ${shownUrl(outgoing.url, context.redact)} within the ${timeoutMs} ms that the connector gave it${isLost ? '; it may have been carried out' : ''}.`,
      { connector: context.connector, cause },
    );
  }
}

function judge(
  request: Request,
  response: ReceivedResponse,
  context: AttemptContext,
  credentials: AttemptCredentials,
): ProviderResponse {
  const { status, headers } = response;
  const isIgnoredRedirect = request.parts.redirection === 'ignore' && status >= 300 && status < 400;
  const isGood = (status >= 200 && status < 300) || isIgnoredRedirect;
  if (!isGood && !context.isSuccess) throw failure(request, response, context);
  const body = isGood && !isIgnoredRedirect ? decode(request, response, context) : decodeOrText(request, response);
  if (context.isSuccess && !context.isSuccess({ status, headers, body })) {
    response.stream?.destroy();
    throw failure(request, response, context, isGood ? ', which the connector takes for a failure' : '');
  }
  const { detectOn } = credentials;
  if (detectOn && !response.stream && status < 300 && isDetected(detectOn, textOf(response), body)) {
    throw failure(request, response, context, ', with a body that the connector takes for a failure');
  }
  return { status, headers, body, url: response.url.href };
}

function failure(
  request: Request,
  response: ReceivedResponse,
  context: AttemptContext,
  reason?: string,
): ProviderError {
  const { method } = request;
  const { title, redact } = context;
  const call = { method, shownUrl: shownUrl(response.url, redact), title, context };
  return providerFailure(response, () => textOf(response), call, reason);
}

function textOf({ body, headers }: ReceivedResponse): string {
  return decodeText(body, headers['content-type']) ?? body.toString('latin1');
}

/** A row of a poll that is deeper than the graph can say is parked, so that it does not hold up those beside it. */
const maxPolledDepth = 1_000;

function decode(request: Request, response: ReceivedResponse, context: AttemptContext): unknown {
  const { responseFormat, formatOptions } = request.parts;
  if (wantsContent(request.parts)) return contentOf(response);
  try {
    return decodeAnswer(response, responseFormat, formatOptions, context.isPoll ? maxPolledDepth : undefined);
  } catch (error) {
    if (!(error instanceof AnswerRefused)) throw error;
    const shown = shownUrl(response.url, context.redact);
    const message = `${context.title} answered ${request.method} ${shown} ${error.message}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message, {
      connector: context.connector,
      ...(context.connection === undefined ? {} : { connection: context.connection }),
      http: { status: response.status },
    });
  }
}

function contentOf({ stream, body, headers }: ReceivedResponse): Content {
  const mediaType = mediaTypeOf(headers['content-type']) || undefined;
  if (!stream) return Content.of(body, { mediaType });
  const length = headers['content-length'];
  const size = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  return new Content(() => stream, { size, mediaType });
}

/** Error pages and redirects are often HTML whatever was asked for: then the text is what there is. */
function decodeOrText(request: Request, response: ReceivedResponse): unknown {
  const { responseFormat, formatOptions } = request.parts;
  try {
    return decodeAnswer(response, responseFormat, formatOptions);
  } catch {
    return textOf(response);
  }
}

/** First the raw body, then the parsed one: a JSON body that is but a number or a text can be named too. */
function isDetected(detectOn: readonly RequestMatcher[], raw: string, body: unknown): boolean {
  if (matchesAnswer(detectOn, Number.NaN, [raw])) return true;
  if (typeof body === 'string') return matchesAnswer(detectOn, Number.NaN, [body]);
  return typeof body === 'number' && detectOn.includes(body);
}
