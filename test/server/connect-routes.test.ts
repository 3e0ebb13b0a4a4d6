import { describe, expect, it } from '@jest/globals';
import type { BrowserStep } from '../../src/connection/connecting.ts';
import { GatewayError, ProviderError } from '../../src/errors.ts';
import type { Notation } from '../../src/notation/field.ts';
import { runServer } from '../support/running-server.ts';
import { acme, boundConnecting, scriptedConnecting } from '../support/scripted-connecting.ts';
import type { ScriptedConnecting } from '../support/scripted-connecting.ts';
import { smallGraph } from '../support/small-graph.ts';
import type { HttpServerOptions } from '../../src/server/http-server.ts';

const notation: Notation = [
  { name: 'api_key', optional: false, controlType: 'password' },
  { name: 'region', optional: false },
];

describe('the first visit', () => {
  it('brings a cookie before the session is opened, so that link previews use up nothing', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const first = await visit(`${url}/connect/acme?session=good-1`);
    expect(first.status).toBe(303);
    expect(first.headers.get('location')).toBe('/connect/acme?session=good-1&again=1');
    expect(first.headers.get('set-cookie')).toMatch(/^plugboard=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(connecting.calls).toEqual([]);
  });
  it('tells a browser that keeps no cookies what it lacks, instead of sending it round', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const answer = await visit(`${url}/connect/acme?session=good-1&again=1`);
    await expectPage(answer, 400, 'Your browser refused our cookie');
    expect(connecting.calls).toEqual([]);
  });
  it('uses a __Host- cookie, for TLS only, where the gateway is served by https', async () => {
    const { url } = await run(boundConnecting(notation), { baseUrl: 'https://gateway.example/plug/' });
    const first = await visit(`${url}/connect/acme?session=good-1`);
    expect(first.headers.get('set-cookie')).toMatch(
      /^__Host-plugboard=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(first.headers.get('location')).toBe('/plug/connect/acme?session=good-1&again=1');
  });
  it.each([
    ['of another shape', 'plugboard=short'],
    ['planted twice', `plugboard=${'a'.repeat(43)}; plugboard=${'b'.repeat(43)}`],
    ['of another name', `__Host-plugboard=${'a'.repeat(43)}`],
  ])('replaces a cookie %s', async (_which, cookie) => {
    const { connecting, url } = await run(boundConnecting(notation));
    const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie } });
    expect([answer.status, answer.headers.has('set-cookie')]).toEqual([303, true]);
    expect(connecting.calls).toEqual([]);
  });
  it('keeps the cookie that a browser has', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const cookie = ownCookie();
    const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie } });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
    expect(connecting.calls).toEqual([['openSession', 'acme', 'good-1', cookie.slice('plugboard='.length)]]);
  });
});

describe('GET /connect/:connector', () => {
  it('shows the form, kept nowhere and framed by nobody', async () => {
    const { url } = await run(boundConnecting(notation));
    const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie() } });
    const text = await expectPage(answer, 200, 'Connect Acme Cloud');
    expect(text).toContain('<form method="post" action="/connect/acme">');
    expect(text).toContain('<input type="hidden" name="session" value="good-1">');
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
  });
  it('sends the browser on to the provider by 303', async () => {
    const step: BrowserStep = { step: 'provider', url: 'https://login.acme.example/authorize?state=s' };
    const { url } = await run(scriptedConnecting({ openSession: step }));
    const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie() } });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, step.url]);
    expectPrivate(answer);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  });
  it('refuses another browser than the one that opened the link', async () => {
    const { url } = await run(boundConnecting(notation));
    await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie('a') } });
    const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie('b') } });
    const text = await expectPage(answer, 410, 'This link no longer works');
    expect(text).toContain('SESSION_INVALID');
  });
  it.each(['?session=', '?session=a&session=b', `?session=${'a'.repeat(600)}`])(
    'refuses a link without one session token: %s',
    async (query) => {
      const { connecting, url } = await run(boundConnecting(notation));
      const answer = await visit(`${url}/connect/acme${query}`, { headers: { cookie: ownCookie() } });
      await expectPage(answer, 410, 'This link no longer works');
      expect(connecting.calls).toEqual([]);
    },
  );
  it('says to begin in the application when nothing was begun', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const answer = await visit(`${url}/connect/acme`, { headers: { cookie: ownCookie() } });
    expect(await expectPage(answer, 400, 'Begin in the application')).toContain('SESSION_MISSING');
    expect(connecting.calls).toEqual([]);
  });
  describe('where nobody is asked for credentials', () => {
    const begun: [string, readonly string[]][] = [];
    const beginHere = async (name: string, scopes: readonly string[]): Promise<BrowserStep> => {
      begun.push([name, scopes]);
      return { step: 'return', url: '/connect/acme?session=good-1' };
    };
    it.each([undefined, 'none', 'same-origin'])('begins for a person (Sec-Fetch-Site: %s)', async (site) => {
      begun.length = 0;
      const { url } = await run(boundConnecting(notation), { beginHere });
      const headers = { cookie: ownCookie(), ...(site !== undefined && { 'sec-fetch-site': site }) };
      const answer = await visit(`${url}/connect/acme?scope=invoices.read%20invoices.write`, { headers });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/connect/acme?session=good-1']);
      expect(begun).toEqual([['acme', ['invoices.read', 'invoices.write']]]);
    });
    it.each(['cross-site', 'same-site'])('begins nothing for another site (%s)', async (site) => {
      begun.length = 0;
      const { url } = await run(boundConnecting(notation), { beginHere });
      const answer = await visit(`${url}/connect/acme`, { headers: { cookie: ownCookie(), 'sec-fetch-site': site } });
      expect(await expectPage(answer, 400, 'Begin in the application')).toContain('enter it in the address bar');
      expect(begun).toEqual([]);
    });
  });
  it.each(['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'does not take %s, and opens no session by it',
    async (method) => {
      const { connecting, url } = await run(boundConnecting(notation));
      for (const path of ['/connect/acme?session=good-1', '/oauth/callback/ctx?state=s']) {
        const answer = await visit(url + path, { method, headers: { cookie: ownCookie() } });
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
      }
      expect(connecting.calls).toEqual([]);
    },
  );
});

describe('POST /connect/:connector', () => {
  it('tries what was entered, shows the refusal beside its field, and ends when it works', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const cookie = ownCookie();
    await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie } });
    const wrong = await post(
      url,
      { session: 'good-1', 'field.api_key': 'wrong-key', 'field.region': 'eu' },
      { cookie },
    );
    const form = await expectPage(wrong, 422, 'Connect Acme Cloud');
    expect(form).toContain('Acme does not know this key (401). Copy it again.');
    expect(form).toContain('value="eu"');
    expect(form).not.toContain('wrong-key');
    const right = await post(url, { session: 'good-1', 'field.api_key': 'right', 'field.region': 'eu' }, { cookie });
    const end = await expectPage(right, 200, 'Acme Cloud is connected');
    expect(end).toContain('ada@acme.example');
    expect(connecting.calls.at(-1)?.slice(0, 3)).toEqual(['submitSession', 'acme', 'good-1']);
    const replayed = await post(url, { session: 'good-1', 'field.api_key': 'right' }, { cookie });
    await expectPage(replayed, 410, 'This link no longer works');
  });
  it.each([
    ['no cookie', undefined],
    ['a cookie that is not ours', 'plugboard=1'],
  ])('refuses a post with %s', async (_which, cookie) => {
    const { connecting, url } = await run(boundConnecting(notation));
    const answer = await post(url, { session: 'good-1', 'field.api_key': 'right' }, { cookie });
    await expectPage(answer, 410, 'This link no longer works');
    expect(connecting.calls).toEqual([]);
  });
  it('refuses the cookie of another browser', async () => {
    const { url } = await run(boundConnecting(notation));
    await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie('a') } });
    const answer = await post(url, { session: 'good-1', 'field.api_key': 'right' }, { cookie: ownCookie('b') });
    await expectPage(answer, 410, 'This link no longer works');
  });
  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another site that hides', { origin: 'null' }],
    ['nobody knows where', { origin: undefined }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a sibling of our site', { 'sec-fetch-site': 'same-site' }],
    ['a page that the browser calls foreign', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses a post from %s', async (_which, headers) => {
    const { connecting, url } = await run(boundConnecting(notation));
    const answer = await post(
      url,
      { session: 'good-1', 'field.api_key': 'right' },
      { cookie: ownCookie(), ...headers },
    );
    await expectPage(answer, 403, 'This form came from another site');
    expect(connecting.calls).toEqual([]);
  });
  it('compares the origin with the configured one, whatever Host says', async () => {
    const { url } = await run(boundConnecting(notation), {
      baseUrl: 'https://gateway.example',
      allowedHosts: ['x.example'],
    });
    const headers = { cookie: `__Host-${ownCookie()}`, origin: url };
    await expectPage(await post(url, { session: 'good-1' }, headers), 403, 'This form came from another site');
    const own = { ...headers, origin: 'https://gateway.example' };
    await expectPage(await post(url, { session: 'good-1' }, own), 422, 'Connect Acme Cloud');
  });
  it('gives the fields by name, several of one name a line each, and nothing else of the form', async () => {
    const step: BrowserStep = { step: 'end', connector: acme, identity: null, problem: null };
    const { connecting, url } = await run(scriptedConnecting({ submitSession: step }));
    const body = new URLSearchParams([
      ['session', 'good-1'],
      ['field.scopes', 'read'],
      ['field.scopes', 'write'],
      ['field.note', 'one\r\ntwo'],
      ['field.__proto__', 'polluted'],
      ['field.account.id', '7'],
      ['other', 'x'],
    ]);
    await post(url, body, { cookie: ownCookie() });
    const values = Object.entries(connecting.calls[0]?.[4] as object);
    expect(values).toEqual([
      ['scopes', 'read\nwrite'],
      ['note', 'one\ntwo'],
      ['__proto__', 'polluted'],
      ['account.id', '7'],
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
  it('refuses a value above 8 KiB, and one that grows above it by repetition', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const cookie = ownCookie();
    const long = { session: 'good-1', 'field.api_key': 'ä'.repeat(4097) };
    await expectPage(await post(url, long, { cookie }), 413, 'What you entered is too long');
    const repeated = new URLSearchParams([
      ['session', 'good-1'],
      ...Array.from({ length: 5 }, (): [string, string] => ['field.a', 'x'.repeat(2000)]),
    ]);
    await expectPage(await post(url, repeated, { cookie }), 413, 'What you entered is too long');
    expect(connecting.calls).toEqual([]);
  });
  it('refuses a body above 64 KiB, and bodies that are no form', async () => {
    const { connecting, url } = await run(boundConnecting(notation));
    const cookie = ownCookie();
    const large = {
      session: 'good-1',
      ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`field.${index}`, 'x'.repeat(8000)])),
    };
    await expectPage(await post(url, large, { cookie }), 413, 'What you entered is too long');
    const json = await visit(`${url}/connect/acme`, {
      method: 'POST',
      headers: { cookie, origin: url, 'content-type': 'application/json' },
      body: '{"session":"good-1"}',
    });
    await expectPage(json, 415, 'This request cannot be read');
    const nothing = await visit(`${url}/connect/acme`, { method: 'POST', headers: { cookie, origin: url } });
    await expectPage(nothing, 410, 'This link no longer works');
    expect(connecting.calls).toEqual([]);
  });
  it('leads on by a page, because the policy of the form would block a redirect to another origin', async () => {
    const target = 'https://login.acme.example/authorize?state=s&scope="><script>';
    const { url } = await run(scriptedConnecting({ submitSession: { step: 'provider', url: target } }));
    const answer = await post(url, { session: 'good-1' }, { cookie: ownCookie() });
    const text = await expectPage(answer, 200, 'Taking you to login.acme.example…');
    expect(text).toContain(
      'content="0;url=https://login.acme.example/authorize?state=s&amp;scope=&quot;&gt;&lt;script&gt;"',
    );
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'none'");
  });
  it('never leads to a script', async () => {
    const { url, log } = await run(
      scriptedConnecting({ submitSession: { step: 'return', url: 'javascript:alert(1)' } }),
    );
    const answer = await post(url, { session: 'good-1' }, { cookie: ownCookie() });
    expect(await expectPage(answer, 500, 'Something went wrong on our side')).not.toContain('javascript:');
    expect(log()).toContain('A request of a browser failed');
  });
});

describe('GET /oauth/callback/:context', () => {
  it('hands on the whole query, doubled parameters too, with the browser of the cookie', async () => {
    const step: BrowserStep = { step: 'return', url: 'https://app.example/done?code=c' };
    const { connecting, url } = await run(scriptedConnecting({ returnFromProvider: step }));
    const cookie = ownCookie();
    const answer = await visit(`${url}/oauth/callback/ctx-1?code=a%2Bb&state=s&state=t&iss=https%3A%2F%2Fi`, {
      headers: { cookie },
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, step.url]);
    expectPrivate(answer);
    const [, context, parameters, browser] = connecting.calls[0] ?? [];
    expect([context, [...(parameters as URLSearchParams)], browser]).toEqual([
      'ctx-1',
      [
        ['code', 'a+b'],
        ['state', 's'],
        ['state', 't'],
        ['iss', 'https://i'],
      ],
      cookie.slice('plugboard='.length),
    ]);
  });
  it('says undefined for a browser that brings no cookie of ours, and gives it none', async () => {
    const { connecting, url } = await run(scriptedConnecting());
    for (const cookie of [undefined, 'plugboard=1', `__Host-${ownCookie()}`]) {
      const answer = await visit(`${url}/oauth/callback/ctx?state=s`, { headers: { ...(cookie && { cookie }) } });
      const text = await expectPage(answer, 400, 'This sign-in cannot be finished');
      expect(text).toContain('FLOW_INVALID');
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    expect(connecting.calls.map((call) => call[3])).toEqual([undefined, undefined, undefined]);
  });
  it('shows the end where no application waits', async () => {
    const problem = 'Acme Cloud was told not to allow it (access_denied).';
    const step: BrowserStep = { step: 'end', connector: acme, identity: null, problem };
    const { url } = await run(scriptedConnecting({ returnFromProvider: step }));
    const answer = await visit(`${url}/oauth/callback/ctx?error=access_denied&state=s`);
    expect(await expectPage(answer, 200, 'Acme Cloud was not connected')).toContain(problem);
  });
  it('turns a form_post into a GET of the known parameters, which brings the cookie', async () => {
    const { connecting, url } = await run(scriptedConnecting());
    const body = new URLSearchParams({ code: 'c&1', state: 's', iss: 'https://i', id_token: 'e30', user: '{}' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://login.acme.example' };
    const answer = await visit(`${url}/oauth/callback/ctx%2F1`, { method: 'POST', headers, body });
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/oauth/callback/ctx%2F1?code=c%261&state=s&iss=https%3A%2F%2Fi',
    ]);
    expect(connecting.calls).toEqual([]);
  });
});

describe('errors in a browser', () => {
  it('hides faults, and logs them without the text they carry', async () => {
    const { url, log } = await run(scriptedConnecting({ openSession: new Error('token=hunter2') }));
    const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie() } });
    const text = await expectPage(answer, 500, 'Something went wrong on our side');
    expect(text).toContain(answer.headers.get('x-request-id'));
    expect(log()).toContain('A request of a browser failed');
    expect(text + log()).not.toContain('hunter2');
  });
  it('says the status and words that fit the cause', async () => {
    const cases = [
      [
        new ProviderError('PROVIDER_UNAVAILABLE', 'Acme answered 503. Try again later.'),
        502,
        'The service did not answer as it should',
      ],
      [new GatewayError('STORE_UNAVAILABLE', 'The store cannot be read.'), 503, 'Something went wrong on our side'],
    ] as const;
    for (const [error, status, heading] of cases) {
      const { url } = await run(scriptedConnecting({ openSession: error }));
      const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie() } });
      expect(await expectPage(answer, status, heading)).toContain(error.message);
    }
  });
  it('tells developers more, but not in production', async () => {
    for (const production of [false, true]) {
      const { url } = await run(scriptedConnecting(), { production });
      const answer = await visit(`${url}/connect/acme?session=good-1`, { headers: { cookie: ownCookie() } });
      const text = await expectPage(answer, 410, 'This link no longer works');
      expect(text.includes('There is no such session. Begin again.')).toBe(!production);
    }
  });
  it('logs neither the session token nor the code', async () => {
    const { url, log } = await run(boundConnecting(notation));
    await visit(`${url}/connect/acme?session=good-canary`, { headers: { cookie: ownCookie() } });
    await post(url, { session: 'good-canary', 'field.api_key': 'canary' }, { cookie: ownCookie() });
    await visit(`${url}/oauth/callback/ctx?code=canary&state=canary`, { headers: { cookie: ownCookie() } });
    expect(log()).toContain('/connect/acme');
    expect(log()).not.toContain('canary');
  });
  it('serves none of this where nothing can be connected', async () => {
    const server = await runServer(smallGraph());
    for (const path of ['/connect/acme?session=a', '/oauth/callback/ctx']) {
      expect((await fetch(server.url + path)).status).toBe(404);
    }
  });
});

async function run(connecting: ScriptedConnecting, options: Partial<HttpServerOptions> = {}) {
  const { url, log } = await runServer(smallGraph(), { connecting, ...options });
  return { connecting, url, log };
}

function ownCookie(sign = 'a'): string {
  return `plugboard=${sign.repeat(43)}`;
}

function visit(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { redirect: 'manual', ...init });
}

/** Posts as the page does; headers that are `undefined` are left out. */
function post(
  url: string,
  fields: Record<string, string> | URLSearchParams,
  given: Readonly<Record<string, string | undefined>>,
): Promise<Response> {
  const headers = Object.entries({ origin: url, ...given }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return visit(`${url}/connect/acme`, { method: 'POST', headers, body: new URLSearchParams(fields) });
}

async function expectPage(answer: Response, status: number, heading: string): Promise<string> {
  const text = await answer.text();
  expect([answer.status, /<h1>(.*?)<\/h1>/.exec(text)?.[1], answer.headers.get('content-type')]).toEqual([
    status,
    heading,
    'text/html; charset=utf-8',
  ]);
  expectPrivate(answer);
  return text;
}

function expectPrivate(answer: Response): void {
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('referrer-policy')).toMatch(/^(no-referrer|same-origin)$/);
}
