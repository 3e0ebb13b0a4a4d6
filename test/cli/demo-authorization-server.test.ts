import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startDemoAuthorizationServer, type DemoAuthorizationServer } from '../../src/cli/demo-authorization-server.ts';
import { createCookieJar } from '../support/provider-pages.ts';

const redirectUri = 'http://127.0.0.1:9/callback';
const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');

let server: DemoAuthorizationServer;
beforeEach(async () => {
  server = await startDemoAuthorizationServer();
  server.allowRedirectUri(redirectUri);
});
afterEach(() => server.close());

function authorizationUrl(change: Readonly<Record<string, string>> = {}): URL {
  const url = new URL('/authorize', server.origin);
  url.search = new URLSearchParams({
    client_id: server.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    state: 'the-state',
    scope: 'events.read events.write',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...change,
  }).toString();
  return url;
}

/** Signs in as ada and allows these scopes; gives where the browser is sent. */
async function signIn(scopes = ['events.read'], otherBrowser = false): Promise<Response> {
  const cookies = createCookieJar();
  const first = await fetch(authorizationUrl());
  cookies.store(server.origin, first);
  const request = /name="request" value="([^"]*)"/.exec(await first.text())?.[1] ?? '';
  const headers: Record<string, string> = otherBrowser ? {} : { cookie: cookies.header(server.origin) };
  const post = (path: string, body: URLSearchParams) =>
    fetch(server.origin + path, { method: 'POST', headers, body, redirect: 'manual' });
  await post('/login', new URLSearchParams({ request, user: 'ada' }));
  const pairs = [['request', request], ['decision', 'allow'], ...scopes.map((scope) => ['scope', scope])];
  return post('/consent', new URLSearchParams(pairs as [string, string][]));
}

async function code(scopes?: string[]): Promise<string> {
  const answer = await signIn(scopes);
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

async function ask(path: string, form: Readonly<Record<string, string>>, secret = server.clientSecret): Promise<any> {
  const body = new URLSearchParams({ client_id: server.clientId, client_secret: secret, ...form });
  const response = await fetch(server.origin + path, { method: 'POST', body });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : JSON.parse(text)) };
}

const redeem = (text: string, change: Readonly<Record<string, string>> = {}) =>
  ask('/token', {
    grant_type: 'authorization_code',
    code: text,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...change,
  });
const refresh = (token: string) => ask('/token', { grant_type: 'refresh_token', refresh_token: token });

describe("the demo's authorization server", () => {
  it('gives tokens for a code, for the scopes that the user left ticked', async () => {
    const answer = await signIn(['events.read', 'admin']);
    const back = new URL(answer.headers.get('location') ?? '');
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.any(String),
      state: 'the-state',
      iss: server.origin,
    });
    const tokens = await redeem(back.searchParams.get('code') ?? '');
    expect(tokens).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 300, scope: 'events.read' });
    expect(server.grantOf(tokens.access_token)).toMatchObject({ user: { id: 'ada' }, scopes: ['events.read'] });
  });

  it.each([
    [{ client_id: 'another' }, 'This client is not known'],
    [{ redirect_uri: 'https://evil.example/' }, 'has not registered this redirect URI'],
  ])('sends nobody away for %j', async (change, words) => {
    const response = await fetch(authorizationUrl(change), { redirect: 'manual' });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(words)]);
  });

  it.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge: '' }, 'invalid_request'],
    [{ scope: 'events.read admin' }, 'invalid_scope'],
  ])('tells the client what is wrong with %j', async (change, error) => {
    const response = await fetch(authorizationUrl(change), { redirect: 'manual' });
    const back = new URL(response.headers.get('location') ?? '');
    expect([back.origin + back.pathname, back.searchParams.get('error')]).toEqual([redirectUri, error]);
  });

  it('goes on only with the browser that began', async () => {
    const answer = await signIn(['events.read'], true);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });

  it('takes a code with its own verifier and redirect URI, once; twice ends what it gave', async () => {
    const text = await code();
    expect(await redeem(text, { code_verifier: 'x'.repeat(43) })).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await redeem(text, { redirect_uri: 'https://x.example/' })).toEqual({ status: 400, error: 'invalid_grant' });
    const tokens = await redeem(text);
    expect(await redeem(text)).toEqual({ status: 400, error: 'invalid_grant' });
    expect(server.grantOf(tokens.access_token)).toBeUndefined();
  });

  it('rotates refresh tokens, and ends the grant when an old one comes again', async () => {
    const first = await redeem(await code());
    const second = await refresh(first.refresh_token);
    expect(second).toMatchObject({ status: 200, scope: 'events.read' });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await refresh(first.refresh_token)).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await refresh(second.refresh_token)).toEqual({ status: 400, error: 'invalid_grant' });
    expect(server.grantOf(second.access_token)).toBeUndefined();
  });

  it('forgets a grant whose token is revoked', async () => {
    const tokens = await redeem(await code());
    expect(await ask('/revoke', { token: tokens.refresh_token })).toEqual({ status: 200 });
    expect(server.grantOf(tokens.access_token)).toBeUndefined();
  });

  it('knows its client by the secret alone', async () => {
    for (const path of ['/token', '/revoke']) {
      expect(await ask(path, {}, 'wrong')).toEqual({ status: 401, error: 'invalid_client' });
    }
  });
});
