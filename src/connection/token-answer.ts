/** Reads the answers of token endpoints as providers really give them, before the strict library does. */

/** What is to be left out of an answer. */
export interface TokenAnswerOptions {
  /** An ID token that nobody asked for, or that nobody can check, may not fail an answer that has a good access token. */
  readonly keepIdToken: boolean;
}

/**
 * The answer as RFC 6749 §5 wants it:
 * - form-encoded answers become JSON;
 * - 200 with an `error` and no access token becomes 400, as which it was meant;
 * - an absent or unusual `token_type` becomes `Bearer`, an unreadable `expires_in` goes, a list of scopes becomes a text;
 * - the challenge that comes with `invalid_client` goes, so that the error in the body is read.
 *
 * A refresh token is spent with the request: an answer that carries a new one is never given up for a trifle.
 */
export async function readableTokenAnswer(response: Response, options: TokenAnswerOptions): Promise<Response> {
  const headers = new Headers(response.headers);
  headers.delete('www-authenticate');
  const text = await response.text();
  const given = parseObject(text, headers.get('content-type') ?? '');
  if (!given) return new Response(text, { status: response.status, headers });
  headers.set('content-type', 'application/json');
  const hasToken = typeof given['access_token'] === 'string' && given['access_token'] !== '';
  if (response.status >= 200 && response.status < 300 && hasToken) {
    return new Response(JSON.stringify(correctTokens(given, options)), { status: 200, headers });
  }
  const isRefusal = response.status === 200 && typeof given['error'] === 'string';
  return new Response(JSON.stringify(given), { status: isRefusal ? 400 : response.status, headers });
}

function parseObject(text: string, contentType: string): Record<string, unknown> | undefined {
  if (/^application\/x-www-form-urlencoded|^text\/plain/i.test(contentType) && /^[\w.-]+=/.test(text)) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function correctTokens(given: Readonly<Record<string, unknown>>, options: TokenAnswerOptions): Record<string, unknown> {
  const { refresh_token, id_token, scope, expires_in, refresh_token_expires_in, ...rest } = given;
  const scopes = Array.isArray(scope) ? scope.join(' ') : scope;
  return {
    ...rest,
    // Every bearer token that has another name (`bot`, `user`, …) is sent as one all the same.
    token_type: 'Bearer',
    ...optional('refresh_token', refresh_token, isText),
    ...optional('id_token', options.keepIdToken ? id_token : undefined, isText),
    ...optional('scope', scopes, isText),
    ...optional('expires_in', seconds(expires_in), isCount),
    ...optional('refresh_token_expires_in', seconds(refresh_token_expires_in), isCount),
  };
}

function optional(name: string, value: unknown, accepts: (value: unknown) => boolean): Record<string, unknown> {
  return accepts(value) ? { [name]: value } : {};
}

function seconds(value: unknown): unknown {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
