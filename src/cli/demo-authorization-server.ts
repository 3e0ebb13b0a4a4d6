/** The demo's authorization server: OAuth 2.0 as a provider of today does it, for one client and two users. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readBody, Refusal, startDemoServer } from './demo-server.ts';
import type { DemoAnswer, DemoRequest, DemoServer, DemoServerOptions } from './demo-server.ts';
import { consentPage, loginPage, refusalPage } from './demo-sign-in-pages.ts';
import { createDemoTokens, type DemoGrant, type DemoTokens, type DemoUser } from './demo-tokens.ts';

export interface DemoAuthorizationServer extends DemoServer {
  readonly clientId: string;
  /** New at each start. */
  readonly clientSecret: string;
  /** Registers where users may be sent back to; exactly this URL. */
  readonly allowRedirectUri: (uri: string) => void;
  /** What an access token allows; `undefined` when it is unknown, expired or revoked. */
  readonly grantOf: (accessToken: string) => DemoGrant | undefined;
}

export interface DemoAuthorizationServerOptions extends DemoServerOptions {
  /** How long an access token lasts. Default 5 min. */
  readonly accessTokenMs?: number;
}

/** Who may sign in; the demo asks for no password. */
export const demoUsers: readonly DemoUser[] = [
  { id: 'ada', name: 'Ada Lovelace', email: 'ada.lovelace@example.com' },
  { id: 'grace', name: 'Grace Hopper', email: 'grace.hopper@example.com' },
];

/** What a client may ask for, and how that is put to the user. */
export const demoScopes: Readonly<Record<string, string>> = {
  'events.read': 'See your events',
  'events.write': 'Add events to your calendar',
};

/**
 * Starts it: code flow with PKCE S256 only, one-time codes, rotating refresh tokens (one that comes twice ends the grant),
 * revocation, and metadata.
 *
 * @throws as `startDemoServer`
 * @see RFC 6749, 7009, 7636, 8414, 9207
 */
export async function startDemoAuthorizationServer(
  options: DemoAuthorizationServerOptions = {},
): Promise<DemoAuthorizationServer> {
  const client: Client = {
    id: 'plugboard-demo',
    secret: randomBytes(24).toString('base64url'),
    redirectUris: new Set(),
  };
  const tokens = createDemoTokens(options.accessTokenMs ?? 300_000);
  const sessions = new Map<string, SignIn>();
  const server = await startDemoServer('demo authorization server', options, async (request): Promise<DemoAnswer> => {
    const issuer = server.origin;
    switch (`${request.method} ${request.url.pathname}`) {
      case 'GET /.well-known/oauth-authorization-server':
        return { json: metadata(issuer) };
      case 'GET /authorize':
        return beginSignIn(request, { issuer, client, sessions });
      case 'POST /login':
        return logIn(await readForm(request), request, sessions);
      case 'POST /consent':
        return decide(await readForm(request), request, { issuer, sessions, issueCode: tokens.issueCode });
      case 'POST /token':
        return exchange(await readForm(request), request, client, tokens);
      case 'POST /revoke': {
        const form = await readForm(request);
        proveClient(form, request, client);
        tokens.revoke(form.get('token') ?? '');
        return {};
      }
      default:
        return { status: 404, html: refusalPage('There is no such page.') };
    }
  });
  return {
    ...server,
    clientId: client.id,
    clientSecret: client.secret,
    allowRedirectUri: (uri) => void client.redirectUris.add(uri),
    grantOf: tokens.grantOf,
  };
}

interface Client {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: Set<string>;
}

/** A user on the way from the client to its redirect URI. */
interface SignIn {
  /** What the cookie of the browser holds that began. */
  readonly browser: string;
  readonly redirectUri: string;
  readonly state: string | null;
  readonly challenge: string;
  readonly scopes: readonly string[];
  readonly user?: DemoUser;
}

function metadata(issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    scopes_supported: Object.keys(demoScopes),
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}

interface Authorizing {
  readonly issuer: string;
  readonly client: Client;
  readonly sessions: Map<string, SignIn>;
}

/** RFC 6749 §4.1.1. Nobody is sent to a redirect URI that is not registered; other faults are told there. */
function beginSignIn({ url, headers }: DemoRequest, { issuer, client, sessions }: Authorizing): DemoAnswer {
  const asked = url.searchParams;
  const redirectUri = asked.get('redirect_uri') ?? '';
  if (asked.get('client_id') !== client.id) return { status: 400, html: refusalPage('This client is not known.') };
  if (!client.redirectUris.has(redirectUri)) {
    return { status: 400, html: refusalPage('The client has not registered this redirect URI.') };
  }
  const state = asked.get('state');
  const refuse = (error: string, description: string) =>
    back(redirectUri, { error, error_description: description, state, iss: issuer });
  if (asked.get('response_type') !== 'code') return refuse('unsupported_response_type', 'Only code is supported.');
  const challenge = asked.get('code_challenge') ?? '';
  if (asked.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge)) {
    return refuse('invalid_request', 'PKCE with S256 is required.');
  }
  const scopes = (asked.get('scope') ?? 'events.read').split(' ').filter((scope) => scope !== '');
  if (scopes.some((scope) => !Object.hasOwn(demoScopes, scope))) return refuse('invalid_scope', 'A scope is unknown.');
  const browser = browserOf(headers.cookie) ?? randomBytes(24).toString('base64url');
  const id = randomBytes(24).toString('base64url');
  sessions.set(id, { browser, redirectUri, state, challenge, scopes });
  setTimeout(() => sessions.delete(id), signInMs).unref();
  return {
    html: loginPage(id, demoUsers),
    headers: { 'set-cookie': `${cookieName}=${browser}; Path=/; HttpOnly; SameSite=Lax` },
  };
}

/** How long a user may take. */
const signInMs = 10 * 60_000;
const cookieName = 'demo_sign_in';

function logIn(form: URLSearchParams, request: DemoRequest, sessions: Map<string, SignIn>): DemoAnswer {
  const { id, signIn } = findSignIn(form, request, sessions);
  const user = demoUsers.find((one) => one.id === form.get('user'));
  if (!user) return { status: 400, html: refusalPage('Nobody here has this name.') };
  sessions.set(id, { ...signIn, user });
  const asked = signIn.scopes.map((scope) => ({ scope, meaning: demoScopes[scope] ?? scope }));
  return { html: consentPage(id, user, asked) };
}

interface Deciding extends Omit<Authorizing, 'client'> {
  readonly issueCode: DemoTokens['issueCode'];
}

function decide(form: URLSearchParams, request: DemoRequest, { issuer, sessions, issueCode }: Deciding): DemoAnswer {
  const { id, signIn } = findSignIn(form, request, sessions);
  const { redirectUri, state, challenge, user } = signIn;
  if (!user) return { status: 400, html: refusalPage('Sign in first.') };
  sessions.delete(id);
  const scopes = form.getAll('scope').filter((scope) => signIn.scopes.includes(scope));
  if (form.get('decision') !== 'allow' || scopes.length === 0) {
    return back(redirectUri, { error: 'access_denied', state, iss: issuer });
  }
  return back(redirectUri, { code: issueCode({ user, scopes }, redirectUri, challenge), state, iss: issuer });
}

/** Only the browser that began goes on. */
function findSignIn(
  form: URLSearchParams,
  { headers }: DemoRequest,
  sessions: ReadonlyMap<string, SignIn>,
): { readonly id: string; readonly signIn: SignIn } {
  const id = form.get('request') ?? '';
  const signIn = sessions.get(id);
  if (signIn && signIn.browser === browserOf(headers.cookie)) return { id, signIn };
  throw new Refusal({ status: 400, html: refusalPage('This sign-in has ended, or was begun in another browser.') });
}

function browserOf(cookies: string | undefined): string | undefined {
  return new RegExp(`(?:^|; )${cookieName}=([\\w-]+)`).exec(cookies ?? '')?.[1];
}

function back(redirectUri: string, parameters: Readonly<Record<string, string | null>>): DemoAnswer {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value);
  return { location: url.href };
}

/** RFC 6749 §4.1.3 and §6. */
function exchange(form: URLSearchParams, request: DemoRequest, client: Client, tokens: DemoTokens): DemoAnswer {
  proveClient(form, request, client);
  const grant = form.get('grant_type');
  if (grant === 'authorization_code') {
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const issued = tokens.redeemCode(form.get('code') ?? '', form.get('redirect_uri') ?? '', challenge);
    return issued ? { json: issued } : tokenError(400, 'invalid_grant');
  }
  if (grant === 'refresh_token') {
    const issued = tokens.rotate(form.get('refresh_token') ?? '');
    return issued ? { json: issued } : tokenError(400, 'invalid_grant');
  }
  return tokenError(400, 'unsupported_grant_type');
}

/** By HTTP Basic or in the form (RFC 6749 §2.3.1). @throws Refusal */
function proveClient(form: URLSearchParams, { headers }: DemoRequest, client: Client): void {
  const basic = /^Basic (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const pair = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':');
  const [id, secret] =
    basic === undefined ? [form.get('client_id'), form.get('client_secret')] : pair.map(fromFormEncoding);
  if (id === client.id && isSame(secret ?? '', client.secret)) return;
  const challenge = basic === undefined ? undefined : { 'www-authenticate': 'Basic realm="demo"' };
  throw new Refusal({ ...tokenError(401, 'invalid_client'), ...(challenge && { headers: challenge }) });
}

function fromFormEncoding(text: string): string {
  return new URLSearchParams(`value=${text}`).get('value') ?? '';
}

function isSame(received: string, expected: string): boolean {
  const [left, right] = [Buffer.from(received), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function tokenError(status: number, error: string): DemoAnswer {
  return { status, json: { error } };
}

async function readForm(request: DemoRequest): Promise<URLSearchParams> {
  return new URLSearchParams(await readBody(request));
}
