/** Credentials: applied before every attempt, renewed once, and never sent where they do not belong. */
import { afterEach, beforeEach, describe, it, expect, jest } from '@jest/globals';
import type { ConnectorCall, Credentials } from '../../src/connector/authorize.ts';
import type { Authorization, ConnectionFields, Connector } from '../../src/connector/definition.ts';
import { createOpenConnection, type OpenConnection } from '../../src/connector/open-connection.ts';
import { createCallBudget } from '../../src/http/budget.ts';
import { createSender, type Sender } from '../../src/http/send.ts';
import type { OutgoingRequest } from '../../src/http/wire.ts';
import { startFakeProvider, type FakeProvider, type Handler, type RecordedRequest } from '../support/fake-provider.ts';

let provider: FakeProvider;
let other: FakeProvider;
let sender: Sender;
let answer: Handler;
let outgoing: OutgoingRequest[];

beforeEach(async () => {
  answer = ({ headers, query, body }) => ({ json: { authorization: headers.authorization ?? null, query, body } });
  provider = await startFakeProvider((request, response) => answer(request, response));
  other = await startFakeProvider({
    '/x': ({ headers, url }) => ({
      json: { authorization: headers.authorization ?? null, key: headers['x-key'] ?? null, url },
    }),
  });
  const real = createSender({ allowedPrivateOrigins: [provider.origin, other.origin], retries: { maxTries: 1 } });
  outgoing = [];
  sender = {
    send: (request, context) => {
      outgoing.push(request);
      return real.send(request, context);
    },
    close: () => real.close(),
  };
});
afterEach(async () => {
  await sender.close();
  await provider.close();
  await other.close();
});

function credentialsOf(entered: ConnectionFields, refresh?: () => Promise<void>): Credentials {
  let fields = entered;
  return {
    fields: () => fields,
    merge: async (acquired) => {
      fields = { ...fields, ...acquired };
    },
    ...(refresh ? { refresh } : {}),
  };
}

function open(
  authorization: Authorization,
  credentials: Credentials = credentialsOf({}),
  options: Partial<ConnectorCall> = {},
  connection: Partial<NonNullable<Connector['connection']>> = {},
): OpenConnection {
  return createOpenConnection({
    connector: {
      name: 'shop',
      title: 'Shop',
      connection: { baseUri: `${provider.origin}/v1/`, authorization, ...connection },
    },
    credentials,
    sender,
    budget: createCallBudget(),
    signal: new AbortController().signal,
    ...options,
  });
}

/** A custom authorization whose provider accepts the tokens that its login gives, until they are expired. */
function tokenShop(): { authorization: Authorization; logins: RecordedRequest[]; valid: Set<string> } {
  const logins: RecordedRequest[] = [];
  const valid = new Set<string>();
  answer = (request) => {
    if (request.path === '/v1/login') {
      logins.push(request);
      valid.add(`t${logins.length}`);
      return { json: { token: `t${logins.length}` } };
    }
    return valid.has(request.headers['x-token'] as string)
      ? { json: { path: request.path } }
      : { status: 401, json: { error: 'bad_token' } };
  };
  return {
    authorization: {
      type: 'custom',
      acquire: async (connection) => ({
        token: (await connection.post('login', { key: connection.fields['key'] })).token,
      }),
      apply: (request, { fields }) => request.headers({ 'x-token': fields['token'] }),
      refreshOn: [401],
    },
    logins,
    valid,
  };
}

describe('apply', () => {
  it('gives every attempt the credentials of the connection', async () => {
    const authorization: Authorization = {
      type: 'api_key',
      apply: (request, { fields }) => request.params({ api_token: fields['api_token'] }),
    };
    const { get } = open(authorization, credentialsOf({ api_token: 'xyz' }));
    expect((await get('customers.json').params({ id: 1 })).query).toEqual({ id: '1', api_token: 'xyz' });
    expect(provider.requests[0]!.url).toBe('/v1/customers.json?id=1&api_token=xyz');
  });

  it('may be async, read the URL and the verb, and return the request without sending it', async () => {
    const authorization: Authorization = {
      type: 'custom',
      apply: async (request) => {
        await Promise.resolve();
        return request.headers({ 'x-signed': `${request.currentVerb} ${request.currentUrl}` });
      },
    };
    await open(authorization).get('a').params({ b: 1 });
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]!.headers['x-signed']).toBe(`GET ${provider.origin}/v1/a?b=1`);
  });

  it('is told the authType of the request', async () => {
    const authorization: Authorization = {
      type: 'custom',
      apply: (request, _connection, _token, authType) => request.headers({ 'x-type': authType ?? 'none' }),
    };
    await open(authorization).get('a').authType('bot');
    await open(authorization).get('a');
    expect(provider.requests.map(({ headers }) => headers['x-type'])).toEqual(['bot', 'none']);
  });

  it('may hang hooks on the request', async () => {
    const authorization: Authorization = {
      type: 'custom',
      apply: (request) => request.afterResponse(({ body }) => ({ enveloped: body.query })),
    };
    expect(await open(authorization).get('a').params({ b: 1 })).toEqual({ enveloped: { b: '1' } });
  });

  it('names what it added to the outbound client, and nothing else', async () => {
    const authorization: Authorization = {
      type: 'custom',
      apply: (request) =>
        request
          .headers({ 'X-Key': 'k', 'X-Same': 'same' })
          .params({ auth: { token: 't' } })
          .params('sig=1')
          .payload({ secret: 's' }),
    };
    await open(authorization)
      .post('a', { a: 1 })
      .headers({ 'x-same': 'same', 'x-own': '1' })
      .params({ q: 1 })
      .followRedirection();
    const [sent] = outgoing;
    expect([...sent!.credentials.headers].sort()).toEqual(['authorization', 'cookie', 'x-key']);
    expect([...sent!.credentials.params].sort()).toEqual(['auth[token]', 'sig']);
    expect([sent!.redirects, sent!.body]).toEqual(['same-origin', '{"a":1,"secret":"s"}']);
  });

  it('is done by Basic and by bearer token without being written', async () => {
    const basic = await open(
      { type: 'basic', userField: 'email' },
      credentialsOf({ email: 'ann@x', password: 'p' }),
    ).get('a');
    expect(basic.authorization).toBe(`Basic ${Buffer.from('ann@x:p').toString('base64')}`);
    const bearer = await open({ type: 'oauth2' }, credentialsOf({ access_token: 'abc' })).get('a');
    expect(bearer.authorization).toBe('Bearer abc');
    expect((await open({ type: 'oauth2' }).get('a')).authorization).toBeNull();
    expect((await open({ type: 'none' }).get('a')).authorization).toBeNull();
  });

  it('is that of the option that the fields choose', async () => {
    const authorization: Authorization = {
      type: 'multi',
      selected: (fields) => fields['kind'] as string,
      options: {
        key: { type: 'api_key', apply: (request, { fields }) => request.params({ k: fields['k'] }) },
        login: { type: 'basic' },
      },
    };
    expect((await open(authorization, credentialsOf({ kind: 'key', k: '1' })).get('a')).query).toEqual({ k: '1' });
    expect(
      (await open(authorization, credentialsOf({ kind: 'login', user: 'u', password: 'p' })).get('a')).authorization,
    ).toMatch(/^Basic /);
    await expect(open(authorization, credentialsOf({ kind: 'constructor' })).get('a')).rejects.toMatchObject({
      code: 'AUTHORIZATION_OPTION_UNKNOWN',
      message:
        'Shop: the fields of this connection choose the authorization "constructor"; expected one of key, login. Connect it again with one of these.',
    });
  });
});

describe('the origins that credentials go to', () => {
  const keyed: Authorization = {
    type: 'custom',
    acquire: () => ({}),
    apply: (request) => request.headers({ 'x-key': 'secret', authorization: 'secret' }),
  };
  const bare = { authorization: null, key: null };

  it('leaves them out of a request to another origin than that of baseUri', async () => {
    expect(await open(keyed).get(`${other.origin}/x`)).toEqual({ ...bare, url: '/x' });
    expect((await open(keyed).get(`${provider.origin}/elsewhere`)).authorization).toBe('secret');
  });

  it('sends them to the origins that the connector names', async () => {
    const connection = open(keyed, undefined, {}, { origins: [`${other.origin}/`] });
    expect(await connection.get(`${other.origin}/x`)).toMatchObject({ authorization: 'secret', key: 'secret' });
  });

  it('sends them to every origin that a connector without baseUri asks, but not where a page leads', async () => {
    const connection = open(keyed, undefined, {}, { baseUri: undefined });
    expect(await connection.get(`${other.origin}/x`)).toMatchObject({ authorization: 'secret' });
    const next = connection.get(`${provider.origin}/v1/a`).replaceUrl(`${other.origin}/x?page=2`);
    expect(await next).toEqual({ ...bare, url: '/x?page=2' });
  });

  it('leaves them behind when a redirect leads to another origin', async () => {
    answer = () => ({ status: 302, headers: { location: `${other.origin}/x?k=secret&page=2` } });
    const authorization: Authorization = {
      type: 'custom',
      apply: (request) => request.headers({ 'x-key': 'secret', authorization: 'secret' }).params({ k: 'secret' }),
    };
    await expect(open(authorization).get('a')).rejects.toMatchObject({ code: 'PROVIDER_REDIRECT_REFUSED' });
    expect(other.requests).toHaveLength(0);
    expect(await open(authorization).get('a').followRedirection()).toEqual({ ...bare, url: '/x?page=2' });
  });

  it('does not renew them for the failure of another origin', async () => {
    const acquire = jest.fn(() => ({}));
    await expect(open({ ...keyed, acquire }).get(`${other.origin}/missing`)).rejects.toThrow('404');
    expect(acquire).not.toHaveBeenCalled();
  });

  it('takes a secret out of the path that an error names', async () => {
    answer = () => ({ status: 404 });
    const credentials = credentialsOf({ token: '123:secret/bot' });
    await expect(
      open({ type: 'none' }, credentials).get(`bot${encodeURIComponent('123:secret/bot')}/getMe`),
    ).rejects.toThrow(`Shop answered 404 Not Found to GET ${provider.origin}/v1/bot…/getMe.`);
  });
});

describe('renewal', () => {
  it('acquires only after a failure, tries once more, and keeps what it got', async () => {
    const { authorization, logins } = tokenShop();
    const credentials = credentialsOf({ key: 'k' });
    const { get, fields } = open(authorization, credentials);
    expect(fields['token']).toBeUndefined();
    expect(await get('a')).toEqual({ path: '/v1/a' });
    expect(await get('b')).toEqual({ path: '/v1/b' });
    expect(await open(authorization, credentials).get('c')).toEqual({ path: '/v1/c' });
    expect(credentials.fields()).toEqual({ key: 'k', token: 't1' });
    expect(logins.map(({ body, headers }) => [body, headers['x-token']])).toEqual([['{"key":"k"}', undefined]]);
    expect(provider.requests.map(({ path }) => path)).toEqual(['/v1/a', '/v1/login', '/v1/a', '/v1/b', '/v1/c']);
  });

  it('gives up an acquire that never ends, and asks it again for the next call', async () => {
    answer = () => ({ status: 401 });
    const ends = [new AbortController(), new AbortController()];
    const limit = jest.spyOn(AbortSignal, 'timeout');
    for (const { signal } of ends) limit.mockReturnValueOnce(signal);
    const acquire = jest.fn(() => {
      ends[acquire.mock.calls.length - 1]!.abort();
      return new Promise<never>(() => {});
    });
    const connection = open({ type: 'custom', acquire, apply: () => {} });
    for (const _each of ends) {
      await expect(connection.get('missing')).rejects.toMatchObject({
        code: 'PROVIDER_TIMEOUT',
        message: expect.stringContaining('acquire gave no credentials within 30000 ms.'),
      });
    }
    expect(acquire).toHaveBeenCalledTimes(2);
    limit.mockRestore();
  });

  it('acquires once when ten requests of several calls meet an expired token, and all succeed', async () => {
    const { authorization, logins, valid } = tokenShop();
    const credentials = credentialsOf({ key: 'k' });
    await open(authorization, credentials).get('a');
    valid.clear();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => open(authorization, credentials).get(`thing/${index}`)),
    );
    expect(answers).toHaveLength(10);
    expect(logins).toHaveLength(2);
    expect(provider.requests.filter(({ path }) => path === '/v1/thing/3')).toHaveLength(2);
  });

  it('does not acquire again for a request that was sent before others renewed', async () => {
    const { authorization, logins, valid } = tokenShop();
    const usual = answer;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    answer = async (request, response) => {
      if (request.path === '/v1/late' && request.headers['x-token'] !== 't2') {
        await held;
        return { status: 401 };
      }
      return usual(request, response);
    };
    const credentials = credentialsOf({ key: 'k' });
    const { get } = open(authorization, credentials);
    await get('a');
    valid.clear();
    const late = get('late').response();
    await provider.received(4);
    await get('b');
    release();
    expect((await late).body).toEqual({ path: '/v1/late' });
    expect(logins).toHaveLength(2);
  });

  it('tries never more than twice', async () => {
    const acquire = jest.fn(() => ({ token: 'new' }));
    answer = () => ({ status: 401 });
    const apply = jest.fn();
    await expect(open({ type: 'custom', acquire, apply, refreshOn: [401] }).get('a')).rejects.toMatchObject({
      code: 'PROVIDER_UNAUTHORIZED',
    });
    expect([acquire.mock.calls.length, apply.mock.calls.length, provider.requests.length]).toEqual([1, 2, 2]);
  });

  it.each([
    ['absent', undefined, 404, 'GET', true],
    ['absent, on a failing server', undefined, 500, 'GET', true],
    ['absent, on a write that may have been carried out', undefined, 500, 'POST', false],
    ['absent, on a write that was refused', undefined, 400, 'POST', true],
    ['the status', [401], 401, 'POST', true],
    ['another status', [401], 403, 'GET', false],
    ['a part of the message', ['Forbidden'], 403, 'GET', true],
    ['a part of the body', ['token_expired'], 400, 'GET', true],
    ['a pattern for the message', [/^50\d /], 503, 'POST', true],
    ['a pattern for neither', [/invalid/], 400, 'GET', false],
  ])('with refreshOn %s', async (_name, refreshOn, status, method, isRenewed) => {
    const acquire = jest.fn(() => ({}));
    answer = () => ({ status, body: 'token_expired' });
    const { get, post } = open({ type: 'custom', acquire, apply: () => {}, ...(refreshOn ? { refreshOn } : {}) });
    await expect(method === 'GET' ? get('a') : post('a', {})).rejects.toThrow(String(status));
    expect([acquire.mock.calls.length, provider.requests.length]).toEqual(isRenewed ? [1, 2] : [0, 1]);
  });

  it('renews for a connector without apply too: its base or its code may use the fields', async () => {
    answer = ({ path }) => (path === '/v1/b' ? { json: {} } : { status: 401 });
    const credentials = credentialsOf({});
    const acquire = (): Record<string, string> => ({ token: 't' });
    await expect(open({ type: 'custom', acquire }, credentials).get('a')).rejects.toThrow('401');
    expect(credentials.fields()).toEqual({ token: 't' });
    expect(provider.requests).toHaveLength(2);
  });

  it('lets a renewal that throws at once fail its request, and be tried again by the next', async () => {
    answer = () => ({ status: 401 });
    const refresh = jest.fn((): Promise<void> => {
      throw new Error('no refresh token');
    });
    const credentials = credentialsOf({}, refresh);
    await expect(open({ type: 'oauth2' }, credentials).get('a')).rejects.toThrow('no refresh token');
    await expect(open({ type: 'oauth2' }, credentials).get('a')).rejects.toThrow('no refresh token');
    expect(refresh).toHaveBeenCalledTimes(2);
  });

  it('takes a success that detectOn names for a failure, and renews after it', async () => {
    let isExpired = true;
    answer = () => (isExpired ? { json: { error: 'session expired' } } : { json: { ok: true } });
    const acquire = jest.fn(() => {
      isExpired = false;
      return {};
    });
    const authorization: Authorization = {
      type: 'custom',
      acquire,
      apply: () => {},
      detectOn: [/session (expired|closed)/],
      refreshOn: ['session expired'],
    };
    expect(await open(authorization).get('a')).toEqual({ ok: true });
    expect(acquire).toHaveBeenCalledTimes(1);
  });

  it('does not look for detectOn where nothing can be renewed', async () => {
    answer = () => ({ json: { error: 'expired' } });
    expect(await open({ type: 'api_key', apply: () => {}, detectOn: ['expired'] }).get('a')).toEqual({
      error: 'expired',
    });
  });

  it('keeps detectOn while it acquires', async () => {
    answer = ({ path }) => (path === '/v1/login' ? { json: { error: 'locked' } } : { status: 401 });
    const authorization: Authorization = {
      type: 'custom',
      acquire: (connection) => connection.post('login'),
      apply: () => {},
      detectOn: ['locked'],
    };
    await expect(open(authorization).get('a')).rejects.toThrow(
      `Shop answered 200 OK to POST ${provider.origin}/v1/login, with a body that the connector takes for a failure.`,
    );
    expect(provider.requests).toHaveLength(2);
  });

  it('runs hooks for errors after it has renewed in vain', async () => {
    answer = () => ({ status: 404 });
    const acquire = jest.fn(() => ({}));
    const found = await open({ type: 'custom', acquire, apply: () => {} })
      .get('a')
      .afterErrorResponse(404, () => null);
    expect([found, acquire.mock.calls.length, provider.requests.length]).toEqual([null, 1, 2]);
  });

  it('tells everyone who waits that the provider refuses, and asks to connect again', async () => {
    answer = ({ path }) => ({ status: path === '/v1/login' ? 403 : 401 });
    const authorization: Authorization = {
      type: 'custom',
      acquire: (connection) => connection.post('login', { password: 'p' }),
      apply: () => {},
    };
    const credentials = credentialsOf({});
    const failures = await Promise.allSettled([1, 2, 3].map((id) => open(authorization, credentials).get(`a/${id}`)));
    for (const failure of failures) {
      expect(failure).toMatchObject({
        reason: {
          code: 'REAUTH_REQUIRED',
          message: 'Shop refused to give new credentials for this connection (403 Forbidden). Connect it again.',
          details: { connector: 'shop', connect: { connector: 'shop' } },
        },
      });
    }
  });

  it('leaves a provider that is down for what it is', async () => {
    answer = ({ path }) => ({ status: path === '/v1/login' ? 503 : 401 });
    const authorization: Authorization = {
      type: 'custom',
      acquire: (connection) => connection.post('login'),
      apply: () => {},
    };
    await expect(open(authorization).get('a')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('says when acquire gives something else than fields', async () => {
    answer = () => ({ status: 401 });
    const authorization = { type: 'custom', acquire: () => 'token', apply: () => {} } as unknown as Authorization;
    await expect(open(authorization).get('a')).rejects.toMatchObject({
      code: 'CONNECTOR_ERROR',
      message: 'Shop: acquire must give an object of connection fields; got string.',
    });
  });

  it('stops waiting when the client has gone, and goes on for the others', async () => {
    const { authorization, valid } = tokenShop();
    const usual = answer;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    answer = async (request, response) => {
      if (request.path === '/v1/login') await held;
      return usual(request, response);
    };
    const credentials = credentialsOf({ key: 'k' });
    const client = new AbortController();
    const gone = open(authorization, credentials, { signal: client.signal }).get('a').response();
    const staying = open(authorization, credentials).get('b').response();
    await provider.received(3);
    client.abort();
    await expect(gone).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' });
    release();
    expect((await staying).body).toEqual({ path: '/v1/b' });
    expect(valid.size).toBe(1);
  });

  it('refreshes OAuth tokens through the connection that keeps them', async () => {
    answer = ({ headers }) => (headers.authorization === 'Bearer new' ? { json: { in: true } } : { status: 401 });
    const refresh = jest.fn(async () => credentials.merge({ access_token: 'new' }));
    const credentials = credentialsOf({ access_token: 'old' }, refresh);
    expect(await open({ type: 'oauth2' }, credentials).get('a')).toEqual({ in: true });
    expect(refresh).toHaveBeenCalledTimes(1);
  });
});

describe('what is repeatable and what is trusted', () => {
  it('tells the outbound client which requests may be repeated', async () => {
    const { get, post } = open({ type: 'none' });
    await Promise.all([get('a'), post('a', {})]);
    await open({ type: 'none' }, undefined, { isRepeatable: true }).post('search', {});
    expect(outgoing.map(({ method, repeatable }) => [method, repeatable])).toEqual([
      ['GET', true],
      ['POST', false],
      ['POST', true],
    ]);
  });

  it('trusts the port of a base that nobody entered, and of no other', async () => {
    await open({ type: 'none' }).get('a');
    await open({ type: 'none' }).get(`${other.origin}/x`);
    await open({ type: 'none' }, undefined, {}, { baseUri: () => `${provider.origin}/` }).get('a');
    await open({ type: 'none' }, undefined, { baseUri: `${provider.origin}/own/` }).get('a');
    expect(outgoing.map(({ declaredOrigin }) => declaredOrigin)).toEqual([
      provider.origin,
      undefined,
      undefined,
      provider.origin,
    ]);
    expect(provider.requests.at(-1)!.path).toBe('/own/a');
  });

  it('works the base out again when the fields have changed', async () => {
    const baseUri = jest.fn((fields: ConnectionFields) => `${provider.origin}/${fields['shard'] ?? 'login'}/`);
    answer = ({ path }) => (path.startsWith('/s1/') ? { json: { path } } : { status: 401 });
    const authorization: Authorization = { type: 'custom', acquire: () => ({ shard: 's1' }), apply: () => {} };
    const { get } = open(authorization, credentialsOf({}), {}, { baseUri });
    expect([await get('a'), await get('b')]).toEqual([{ path: '/s1/a' }, { path: '/s1/b' }]);
    expect(baseUri).toHaveBeenCalledTimes(2);
  });

  it.each(['my-shop', '', 'ftp://x.test/', 'https://u:p@x.test/'])(
    'refuses the base %j that fields give',
    async (given) => {
      const promise = open({ type: 'none' }, undefined, {}, { baseUri: () => given })
        .get('a')
        .response();
      await expect(promise).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    },
  );
});
