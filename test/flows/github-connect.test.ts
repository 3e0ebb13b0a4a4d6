import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import github from '../../connectors/github/connector.ts';
import { allowInBrowser } from '../support/allow-in-browser.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { runGateway, type RunningGateway } from '../support/running-gateway.ts';

let api: FakeProvider;
let login: FakeProvider;
let gateway: RunningGateway;
/** What the authorization request asked for. */
let asked: URLSearchParams;

beforeEach(async () => {
  api = await startFakeProvider(({ method, headers }) => {
    const isKnown = ['token gho_new', 'token ghp_personal'].includes(String(headers['authorization']));
    if (!isKnown) return { status: 401, json: { message: 'Bad credentials' } };
    return method === 'GET' ? { json: { login: 'octocat', id: 1 } } : { status: 201, json: { id: 2, number: 7 } };
  });
  // As GitHub: a form unless JSON is accepted, errors with 200, scopes between commas, no `expires_in`, no refresh token.
  login = await startFakeProvider(({ headers, body }) => {
    const form = new URLSearchParams(body);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      form.get('client_id') === 'Iv1.app' &&
      form.get('client_secret') === 'the-secret' &&
      form.get('code') === 'the-code' &&
      challenge === asked.get('code_challenge');
    const answer: Record<string, string> = isRight
      ? { access_token: 'gho_new', token_type: 'bearer', scope: (asked.get('scope') ?? '').replaceAll(' ', ',') }
      : { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' };
    if (String(headers['accept']).includes('json')) return { json: answer };
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(answer).toString(),
    };
  });
  gateway = await runGateway(
    [github],
    {},
    {
      replayedOrigins: { 'https://api.github.com': api.origin, 'https://github.com': login.origin },
      allowedPrivateOrigins: [api.origin, login.origin],
    },
    { registrations: [{ connector: 'github', fields: { client_id: 'Iv1.app', client_secret: 'the-secret' } }] },
  );
});
afterEach(async () => {
  await Promise.all([api.close(), login.close()]);
});

/** The user opens the link and allows it: GitHub sends the browser back with this code. */
const allow = (link: string, code?: string) =>
  allowInBrowser(link, 'https://github.com', code, (parameters) => (asked = parameters));

const connect = `mutation ($fields: JSON, $scopes: [String!]) {
  connect(connector: "github", fields: $fields, scopes: $scopes) {
    authorizationUrl connection { id state identity scopes expiresAt }
  }
}`;
const user = '{ githubUser(login: "octocat") { login } }';

describe('the GitHub connector', () => {
  it('connects by signing in at GitHub', async () => {
    const { data } = await gateway.ask(connect, { fields: {} });
    const { html } = await allow(data.connect.authorizationUrl);
    expect(html).toContain('Connected as <strong>octocat</strong>');
    expect(Object.fromEntries(asked)).toMatchObject({
      client_id: 'Iv1.app',
      response_type: 'code',
      code_challenge_method: 'S256',
    });
    // Without scopes GitHub shows what is public.
    expect(asked.has('scope')).toBe(false);
    const { data: after } = await gateway.ask('{ connections { state identity scopes expiresAt } }');
    expect(after.connections).toEqual([{ state: 'STARTED', identity: 'octocat', scopes: [], expiresAt: null }]);
    expect(await gateway.ask(user)).toEqual({ data: { githubUser: { login: 'octocat' } } });
  });

  it('asks for the scope `repo` when somebody writes', async () => {
    const create = 'mutation { githubCreateIssue(input: { owner: "octocat", repo: "hello", title: "x" }) { number } }';
    await allow((await gateway.ask(connect, { fields: {} })).data.connect.authorizationUrl);
    const { errors } = await gateway.ask(create);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'SCOPE_MISSING', connect: { scopes: ['repo'] } });
    const url = new URL(errors?.[0]?.extensions.connect.url);
    expect([url.pathname, url.searchParams.get('scope')]).toEqual(['/connect/github', 'repo']);
  });

  it('grants what is asked for, between commas as GitHub answers it', async () => {
    const { data } = await gateway.ask(connect, { fields: {}, scopes: ['repo', 'read:org'] });
    await allow(data.connect.authorizationUrl);
    expect(asked.get('scope')).toBe('repo read:org');
    const { data: after } = await gateway.ask('{ connections { scopes } }');
    expect(after.connections).toEqual([{ scopes: ['repo', 'read:org'] }]);
    const create = 'mutation { githubCreateIssue(input: { owner: "octocat", repo: "hello", title: "x" }) { number } }';
    expect(await gateway.ask(create)).toEqual({ data: { githubCreateIssue: { number: 7 } } });
  });

  it('takes 200 with an error for what it is', async () => {
    const { data } = await gateway.ask(connect, { fields: {} });
    const { html } = await allow(data.connect.authorizationUrl, 'another-code');
    expect(html).toContain('GitHub was not connected');
    expect((await gateway.ask('{ connections { state } }')).data.connections).toEqual([{ state: 'ERROR' }]);
  });

  it('connects with a personal access token, and refuses a wrong one', async () => {
    const { data } = await gateway.ask(connect, { fields: { token: 'ghp_personal' } });
    expect(data.connect).toMatchObject({ authorizationUrl: null, connection: { identity: 'octocat' } });
    expect(await gateway.ask(user)).toEqual({ data: { githubUser: { login: 'octocat' } } });
    await gateway.ask('mutation ($id: ID!) { disconnect(connection: $id) { id } }', { id: data.connect.connection.id });
    const wrong = await gateway.ask(connect, { fields: { token: 'ghp_wrong' } });
    expect(wrong.errors?.[0]?.extensions.code).toBe('CONNECTION_TEST_FAILED');
  });

  it('lets the subject choose on the page', async () => {
    const { data } = await gateway.ask(connect);
    expect((await allow(data.connect.authorizationUrl)).html).toContain('Leave it out to sign in at GitHub');
  });

  it('needs no OAuth app for those who have a token', async () => {
    const alone = await runGateway([github], {}, {});
    const { data } = await alone.ask(connect);
    expect((await allow(data.connect.authorizationUrl)).html).toContain('Personal access token');
    const direct = await alone.ask(connect, { fields: {} });
    expect(direct.errors?.[0]?.extensions.code).toBe('REGISTRATION_REQUIRED');
  });
});
