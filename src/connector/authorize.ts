/** Sends the requests of one call with the credentials of its connection, and renews these once when they fail. */
import { AuthorizationError, ProviderError, type GatewayError } from '../errors.ts';
import { attempt, type AttemptContext, type AttemptCredentials } from '../http/attempt.ts';
import type { RequestBudget } from '../http/budget.ts';
import { matchesAnswer } from '../http/matcher.ts';
import { failedAnswer } from '../http/provider-failure.ts';
import { isReading, type Dispatch, type ProviderResponse, type Request } from '../http/request.ts';
import { isRelative, resolveUrl } from '../http/request-url.ts';
import { runAfterErrorResponse, runAfterResponse } from '../http/response-hooks.ts';
import { isSameSecret, Secret } from '../http/secret.ts';
import type { Sender } from '../http/send.ts';
import { addedCredentials, emptyAnswer, noneAdded } from './added-credentials.ts';
import { baseOf, type ConnectionBase } from './connection-base.ts';
import { renew, renewalsOf, untilRenewed, type Acquire } from './renewal.ts';
import type { SentWrites } from './sent-writes.ts';
import type { WriteKeys } from './write-keys.ts';
import type { Action, Apply, ConnectionFields, Connector, SingleAuthorization } from './definition.ts';

/** The credentials of one connection; one object per connection, shared by all its calls. */
export interface Credentials {
  /** What was entered and acquired; a new object after each change, the same one until then. */
  readonly fields: () => ConnectionFields;
  /** Keeps what `acquire` gave, for this call and later ones. */
  readonly merge: (acquired: Readonly<Record<string, unknown>>) => Promise<void>;
  /**
   * For OAuth 2.0: the access token to send now, which only `apply` is given; a promise while a new one is got. Absent:
   * it stands in `fields()` as `access_token`.
   */
  readonly accessToken?: () => Secret | undefined | Promise<Secret | undefined>;
  /**
   * For OAuth 2.0: gets a new access token, unless there is another one already than the one that the provider refused.
   * Absent: it cannot be renewed.
   */
  readonly refresh?: (refusedToken?: Secret) => Promise<void>;
  /**
   * Hears where a `baseUri` that is a function leads, before anything is sent there; `undefined`: nowhere. Absent: anywhere.
   *
   * @throws GatewayError when these credentials may not go there.
   */
  readonly checkPlace?: (origin: string | undefined) => void;
  /** Hears that the provider refuses a new access token as it did the old one: another one would do no better. */
  readonly refusedAgain?: (accessToken: Secret | undefined) => void;
  /** Hears that the provider refuses what was entered, so that `acquire` can give nothing any more. It never fails. */
  readonly refused?: (error: GatewayError) => Promise<void>;
}

/** One call of a connector on one connection. */
export interface ConnectorCall {
  readonly connector: Connector;
  /** For errors; absent for a connector that needs no connection. */
  readonly connectionId?: string | undefined;
  readonly credentials: Credentials;
  /** Instead of the connector's own `baseUri`: the operator's choice. */
  readonly baseUri?: string | undefined;
  readonly sender: Sender;
  /** Whose requests count together where no connection is needed. */
  readonly tenant?: string | undefined;
  /** It is a poll, which leaves the last of a rate limit to actions. */
  readonly isPoll?: boolean | undefined;
  /** Its code only reads. */
  readonly isRead?: boolean | undefined;
  readonly budget: RequestBudget;
  readonly signal: AbortSignal;
  /** Its requests may be repeated whatever their method: the action is a read, or idempotent. */
  readonly isRepeatable?: boolean | undefined;
  /** Puts keys into its writing requests, by which their provider knows a repetition. */
  readonly writeKeys?: WriteKeys | undefined;
  /** Hears of what it writes. */
  readonly writes?: SentWrites | undefined;
  readonly isSuccess?: Action['isSuccess'];
}

/**
 * Makes the `Dispatch` of one call.
 *
 * Before every attempt `apply` runs on a copy of the request. Credentials go to the origins of `baseUri` and of
 * `connection.origins` only, or, for a connector that has neither, to every origin that it asks itself. After an error
 * answer that `refreshOn` names (absent: any status ≥ 400; for tokens of OAuth 2.0 that are kept for it, 401) they are
 * renewed once and the request is sent once more; requests that fail together share one renewal. Hooks for errors run
 * after that.
 *
 * A write is not repeated after a 5xx that `refreshOn` does not name: it may have been carried out.
 *
 * @param acquire - calls the connector's `acquire`; the caller has the connection that it needs.
 * @see https://docs.workato.com/developing-connectors/sdk/sdk-reference/connection/authorization.html
 */
export function createDispatch(call: ConnectorCall, acquire: Acquire): Dispatch {
  const tokens: LastToken = { accessToken: undefined };
  const context = attemptContext(call, tokens);
  return async (request) => {
    // `apply` may hang hooks on the request too, so those of what was sent last are run.
    const sent = { request };
    // Before the first attempt, so that the one after a renewal carries the same key.
    call.writeKeys?.put(request);
    let response: ProviderResponse;
    try {
      response = await send(request, call, context, acquire, sent, tokens);
    } catch (error) {
      response = await runAfterErrorResponse(sent.request, error);
    }
    return sent.request.parts.afterResponse ? runAfterResponse(sent.request, response) : response;
  };
}

/** Makes the `Dispatch` of `acquire`: no `apply` and no renewal, but `detectOn` is kept. */
export function createAcquireDispatch(call: ConnectorCall): Dispatch {
  const { isSuccess: _judged, isRepeatable: _repeatable, isRead: _read, ...own } = call;
  const context = attemptContext(own, { accessToken: undefined });
  return async (request) => {
    let response: ProviderResponse;
    try {
      const base = await baseOf(call);
      const { detectOn } = authorizationOf(call.connector, call.credentials.fields());
      request.parts.base = base.url;
      const url = resolveUrl(request);
      const credentials = { ...noneAdded, detectOn, declaredOrigin: declaredOrigin(base, url) };
      response = await attempt(request, call.sender, context, credentials, url);
    } catch (error) {
      response = await runAfterErrorResponse(request, error);
    }
    return runAfterResponse(request, response);
  };
}

/**
 * The authorization that a connection uses; for `multi` the one that its fields choose.
 *
 * @throws AuthorizationError `AUTHORIZATION_OPTION_UNKNOWN` when they choose none of the options.
 */
export function authorizationOf(connector: Connector, fields: ConnectionFields): SingleAuthorization {
  const authorization = connector.connection?.authorization ?? none;
  if (authorization.type !== 'multi') return authorization;
  const selected = authorization.selected(fields);
  if (typeof selected === 'string' && Object.hasOwn(authorization.options, selected)) {
    return authorization.options[selected]!;
  }
  const known = Object.keys(authorization.options).join(', ');
  throw new AuthorizationError(
    'AUTHORIZATION_OPTION_UNKNOWN',
    `${connector.title ?? connector.name}: the fields of this connection choose the authorization ${describe(selected)}; expected one of ${known}. Connect it again with one of these.`,
    { connector: connector.name },
  );
}

const none: SingleAuthorization = { type: 'none' };

function attemptContext(
  call: Omit<ConnectorCall, 'isSuccess' | 'isRepeatable'> & Partial<ConnectorCall>,
  tokens: LastToken,
): AttemptContext {
  const { connector, connectionId } = call;
  return {
    connector: connector.name,
    title: connector.title ?? connector.name,
    signal: call.signal,
    budget: call.budget,
    tenant: call.tenant,
    isPoll: call.isPoll,
    isRead: call.isRead,
    isRepeatable: call.isRepeatable,
    isKeyed: call.writeKeys !== undefined,
    isSuccess: call.isSuccess,
    redact: (path) => redactPath(path, { ...call.credentials.fields(), accessToken: tokens.accessToken?.reveal() }),
    ...(connectionId === undefined ? undefined : { connection: connectionId }),
  };
}

/** The access token that was sent last, so that no message shows it. */
interface LastToken {
  accessToken: Secret | undefined;
}

async function send(
  request: Request,
  call: ConnectorCall,
  context: AttemptContext,
  acquire: Acquire,
  sent: Sent,
  tokens: LastToken,
): Promise<ProviderResponse> {
  const first = await sendOnce(request, call, context, sent, tokens);
  if ('response' in first) return first.response;
  const renewal = first.isOurOrigin ? renewalFor(call, acquire, first.accessToken) : undefined;
  if (!renewal || !asksForRenewal(first.error, request, call)) throw first.error;
  const isKept = keepsTokens(call);
  // Where tokens are kept it is known whether this one was replaced meanwhile, here or in another process.
  await (isKept
    ? untilRenewed(renewal(), call.signal)
    : renew(call.credentials, first.generation, renewal, call.signal));
  if (isKept && isSent(first.accessToken, call.credentials.accessToken?.())) throw first.error;
  // The content has passed: whoever asks again has the new credentials.
  if (request.isSpent) throw first.error;
  const second = await sendOnce(request, call, context, sent, tokens);
  if ('response' in second) return second.response;
  if (isKept && asksForRenewal(second.error, request, call)) call.credentials.refusedAgain?.(second.accessToken);
  throw second.error;
}

/** Whether what would be sent now is what was sent; new ones that are still being got are others. */
function isSent(sent: Secret | undefined, now: Secret | undefined | Promise<Secret | undefined>): boolean {
  return !(now instanceof Promise) && isSameSecret(sent, now);
}

type Outcome =
  | { readonly response: ProviderResponse }
  | {
      readonly error: unknown;
      /** It went where the credentials may go. */
      readonly isOurOrigin: boolean;
      /** Of the credentials it was sent with. */
      readonly generation: number;
      readonly accessToken: Secret | undefined;
    };

/** What went out last: the request with what `apply` added. */
interface Sent {
  request: Request;
}

async function sendOnce(
  request: Request,
  call: ConnectorCall,
  context: AttemptContext,
  sent: Sent,
  tokens: LastToken,
): Promise<Outcome> {
  const known = baseOf(call);
  const base = known instanceof Promise ? await known : known;
  const { generation } = renewalsOf(call.credentials);
  const fields = call.credentials.fields();
  const authorization = authorizationOf(call.connector, fields);
  request.parts.base = base.url;
  // A relative URL stays at its base: it is parsed once, when its query is complete.
  const given = isRelative(request) ? undefined : resolveUrl(request);
  const isOurOrigin = given === undefined || mayHaveCredentials(request, given, base);
  const apply = isOurOrigin ? applyOf(authorization) : undefined;
  // `apply` gets a copy, so that the next attempt begins without these credentials.
  const outgoing = apply ? request.copy(emptyAnswer) : request;
  const token = apply && authorization.type === 'oauth2' ? accessTokenOf(call.credentials, fields) : undefined;
  const accessToken = token instanceof Promise ? await untilRenewed(token, call.signal) : token;
  if (accessToken !== undefined) tokens.accessToken = accessToken;
  const applying = apply && applyTo(outgoing, apply, fields, accessToken);
  if (applying) await applying;
  sent.request = outgoing;
  const url = given && outgoing === request ? given : resolveUrl(outgoing);
  const { carriers, inPayload } = apply ? addedCredentials(request.parts, outgoing.parts) : noneAdded;
  const credentials: AttemptCredentials = {
    carriers,
    inPayload,
    detectOn: isOurOrigin && isRenewable(authorization, call) ? authorization.detectOn : undefined,
    declaredOrigin: given ? declaredOrigin(base, url) : base.declaredOrigin,
  };
  try {
    const send = () => attempt(outgoing, call.sender, context, credentials, url);
    const { writes } = call;
    return { response: await (writes ? writes.watch(request.method, context.isKeyed === true, send) : send()) };
  } catch (error) {
    return { error, isOurOrigin, generation, accessToken };
  }
}

/**
 * The copy is never sent by itself: an async `apply` that returns its request would else send it. Gives a promise only
 * where there is something to wait for, and never of the request: that would be one of its answer.
 */
function applyTo(
  outgoing: Request,
  apply: Apply,
  fields: ConnectionFields,
  accessToken: Secret | undefined,
): PromiseLike<unknown> | undefined {
  const result = apply(outgoing, { fields }, accessToken?.reveal(), outgoing.parts.authType);
  return result !== outgoing && isPromise(result) ? result : undefined;
}

function accessTokenOf(
  credentials: Credentials,
  fields: ConnectionFields,
): Secret | undefined | Promise<Secret | undefined> {
  if (credentials.accessToken) return credentials.accessToken();
  const token: unknown = fields['access_token'];
  return typeof token === 'string' ? new Secret(token) : undefined;
}

function keepsTokens({ connector, credentials }: ConnectorCall): boolean {
  return credentials.accessToken !== undefined && authorizationOf(connector, credentials.fields()).type === 'oauth2';
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Only an origin that stands in the connector or the operator's configuration is trusted for its port. */
function declaredOrigin(base: ConnectionBase, url: URL): string | undefined {
  return base.declared.has(url.origin) ? url.origin : undefined;
}

function mayHaveCredentials(request: Request, url: URL, base: ConnectionBase): boolean {
  if (base.origins.size > 0) return base.origins.has(url.origin);
  const { replacedUrl } = request.parts;
  // Without a base the connector's own URL is trusted, but not one that came from a provider's answer.
  return replacedUrl === undefined || (URL.canParse(replacedUrl) && new URL(replacedUrl).origin === url.origin);
}

function applyOf(authorization: SingleAuthorization): Apply | undefined {
  if (authorization.apply) return authorization.apply;
  if (authorization.type === 'basic') {
    const { userField = 'user', passwordField = 'password' } = authorization;
    return (request, { fields }) => {
      request.user(text(fields[userField])).password(text(fields[passwordField]));
    };
  }
  return authorization.type === 'oauth2' ? applyBearer : undefined;
}

/** RFC 6750 §2.1. */
const applyBearer: Apply = (request, _connection, accessToken) => {
  if (accessToken !== undefined) request.headers({ authorization: `Bearer ${accessToken}` });
};

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}

function isRenewable(authorization: SingleAuthorization, call: ConnectorCall): boolean {
  if (authorization.type === 'custom') return authorization.acquire !== undefined;
  return authorization.type === 'oauth2' && call.credentials.refresh !== undefined;
}

function renewalFor(
  call: ConnectorCall,
  acquire: Acquire,
  refusedToken: Secret | undefined,
): (() => Promise<void>) | undefined {
  const { credentials } = call;
  const authorization = authorizationOf(call.connector, credentials.fields());
  if (!isRenewable(authorization, call)) return undefined;
  if (authorization.type === 'oauth2') return () => credentials.refresh!(refusedToken);
  return async () => {
    try {
      await credentials.merge(await acquire());
    } catch (cause) {
      throw await refusedRenewal(cause, call);
    }
  };
}

function asksForRenewal(error: unknown, request: Request, call: ConnectorCall): boolean {
  const answer = failedAnswer(error);
  if (!answer) return false;
  const { refreshOn } = authorizationOf(call.connector, call.credentials.fields());
  if (refreshOn) return matchesAnswer(refreshOn, answer.status, [answer.message, answer.text()]);
  // A rotating refresh token is not spent because there is no such thing (404) or too much was asked for (429). What
  // `detectOn` names comes with a success.
  if (keepsTokens(call)) return answer.status === 401 || answer.status < 400;
  return answer.status < 500 || isReading(request.method) || call.isRepeatable === true;
}

/** A provider that refuses the entered credentials themselves will not accept them the next time either. */
async function refusedRenewal(cause: unknown, call: ConnectorCall): Promise<unknown> {
  const status = failedAnswer(cause)?.status;
  if (!(cause instanceof ProviderError) || (status !== 400 && status !== 401 && status !== 403)) return cause;
  const name = call.connector.title ?? call.connector.name;
  const error = new AuthorizationError(
    'REAUTH_REQUIRED',
    `${name} refused to give new credentials for this connection (${failedAnswer(cause)?.message}). Connect it again.`,
    { connector: call.connector.name, http: { status }, connect: { connector: call.connector.name }, cause },
  );
  await call.credentials.refused?.(error);
  return error;
}

/** A secret may be a part of a path (bot tokens, hook ids): every longer value of the connection's fields is left out. */
function redactPath(path: string, fields: ConnectionFields): string {
  let shown = path;
  for (const value of Object.values(fields)) {
    if (typeof value !== 'string' || value.length < 6) continue;
    for (const written of new Set([value, encodeURIComponent(value), encodeURI(value)])) {
      shown = shown.replaceAll(written, '…');
    }
  }
  return shown;
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a ${value === null ? 'null' : typeof value}`;
}
