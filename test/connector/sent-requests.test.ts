/** Requests of a connector, over HTTP: what goes out, and what its code gets back. */
import { afterEach, beforeEach, describe, it, expect } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import { createOpenConnection, type OpenConnection } from '../../src/connector/open-connection.ts';
import type { ConnectorCall } from '../../src/connector/authorize.ts';
import { ProviderError } from '../../src/errors.ts';
import { createCallBudget } from '../../src/http/budget.ts';
import { createSender, type Sender } from '../../src/http/send.ts';
import { startFakeProvider, type FakeProvider, type Routes } from '../support/fake-provider.ts';

let provider: FakeProvider;
let sender: Sender;

const routes: Routes = {
  '/echo': (request) => ({
    json: { method: request.method, url: request.url, headers: request.headers, body: request.body },
  }),
  '/xml': (request) => ({ headers: { 'content-type': 'application/xml' }, body: request.body || '<a><b>1</b></a>' }),
  '/empty': { body: '' },
  '/nothing': { status: 204 },
  '/html': { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<h1>secret page</h1>' },
  '/truncated': { headers: { 'content-type': 'application/json' }, body: '{"secret":[1,2' },
  '/no-type': { body: '{"a":1}' },
  '/vnd': { headers: { 'content-type': 'application/vnd.api+json' }, body: '{"a":1}' },
  '/latin': {
    headers: { 'content-type': 'application/json; charset=ISO-8859-1' },
    body: Buffer.from('{"a":"é"}', 'latin1'),
  },
  '/klingon': { headers: { 'content-type': 'application/json; charset=klingon' }, body: '{}' },
  '/bom': { headers: { 'content-type': 'application/json' }, body: '\ufeff{"a":1}' },
  '/hostile': {
    headers: { 'content-type': 'application/json' },
    body: '{"__proto__":{"polluted":1},"id":9007199254740993}',
  },
  '/form': { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'access_token=a+b&scope=' },
  '/bytes': { headers: { 'content-type': 'application/octet-stream' }, body: Buffer.from([0, 255, 1]) },
  '/missing': { status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"no such secret"}' },
  '/limited': { status: 429, headers: { 'retry-after': '30' }, body: 'slow down' },
  '/moved': { status: 302, headers: { location: '/echo' }, body: '<html>moved</html>' },
  '/ok-false': { json: { ok: false, error: 'channel_not_found' } },
};

beforeEach(async () => {
  provider = await startFakeProvider(routes);
  sender = createSender({ allowedPrivateOrigins: [provider.origin], retries: { maxTries: 1 } });
});
afterEach(async () => {
  await sender.close();
  await provider.close();
});

function open(options: Partial<ConnectorCall> = {}, connector: Partial<Connector> = {}): OpenConnection {
  return createOpenConnection({
    connector: { name: 'shop', title: 'Shop', connection: { baseUri: `${provider.origin}/` }, ...connector },
    credentials: { fields: () => ({}), merge: async () => {} },
    sender,
    budget: createCallBudget(),
    signal: new AbortController().signal,
    ...options,
  });
}

async function failure(promise: PromiseLike<unknown>): Promise<ProviderError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

describe('what goes out', () => {
  it('asks for JSON and sends JSON, unless headers say otherwise', async () => {
    const connection = open();
    const read = await connection.get('echo').params({ a: [1, 2] });
    expect([read.method, read.url, read.headers.accept, read.headers['content-type']]).toEqual([
      'GET',
      '/echo?a%5B%5D=1&a%5B%5D=2',
      'application/json',
      undefined,
    ]);
    const written = await connection.post('echo', { id: 12345678901234567890n }).headers({ Accept: 'text/x' });
    expect([written.body, written.headers.accept, written.headers['content-type']]).toEqual([
      '{"id":12345678901234567890}',
      'text/x',
      'application/json',
    ]);
  });

  it('sends a body with every verb that is given one', async () => {
    const { put, patch, delete: remove, get, post } = open();
    const sent = await Promise.all([
      put('echo', [1]),
      patch('echo', { a: 1 }),
      remove('echo', { b: 1 }),
      get('echo').payload({ c: 1 }),
      post('echo'),
    ]);
    expect(sent.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'PUT [1]',
      'PATCH {"a":1}',
      'DELETE {"b":1}',
      'GET {"c":1}',
      'POST ',
    ]);
  });

  it('sends forms, multipart forms, XML, raw text and raw bytes with their content types', async () => {
    const { post } = open();
    const form = await post('echo', { a: { b: [1] } }).requestFormat('www_form_urlencoded');
    expect([form.body, form.headers['content-type']]).toEqual([
      'a%5Bb%5D%5B%5D=1',
      'application/x-www-form-urlencoded',
    ]);
    const parts = await post('echo').multipart({ file: ['hello', 'text/plain', 'a.txt'] });
    expect(parts.headers['content-type']).toMatch(/^multipart\/form-data; boundary=plugboard-/);
    expect(parts.body).toContain('filename="a.txt"');
    const raw = await post('echo', 'hello').requestFormat('raw');
    expect([raw.body, raw.headers['content-type']]).toEqual(['hello', 'text/plain; charset=utf-8']);
    const body = await post('echo').requestBody('{"signed": 1}');
    expect([body.body, body.headers['content-type']]).toEqual(['{"signed": 1}', 'application/json']);
    const xml = await post('xml', { item: [{ '@id': 1 }] }).formatXml('order', { namespaces: { xmlns: 'urn:x' } });
    expect(xml).toEqual({ order: [{ '@xmlns': 'urn:x', item: [{ '@id': '1' }] }] });
  });

  it('sends Basic credentials', async () => {
    const echo = await open().get('echo').user('ann').password('p:ß');
    expect(echo.headers.authorization).toBe(`Basic ${Buffer.from('ann:p:ß').toString('base64')}`);
  });

  it('follows a redirect of its own origin, or gives it back when told to ignore it', async () => {
    expect((await open().get('moved')).url).toBe('/echo');
    const given = await open().get('moved').ignoreRedirection().response();
    expect([given.status, given.headers['location'], given.body]).toEqual([302, '/echo', '<html>moved</html>']);
  });

  it('sends requests together with parallel, and fails with the first failure', async () => {
    const { get, parallel } = open();
    const [one, two] = await parallel([get('no-type'), get('echo')]);
    expect([one, two.url]).toEqual([{ a: 1 }, '/echo']);
    await expect(parallel([get('no-type'), get('missing')])).rejects.toThrow('404 Not Found');
  });

  it('answers a digest challenge in one more round trip', async () => {
    const digest = await startFakeProvider((request) =>
      /^Digest username="ann", .*uri="\/in\?a=1", response="[0-9a-f]{64}", algorithm=SHA-256/.test(
        request.headers.authorization ?? '',
      )
        ? { json: { in: true } }
        : {
            status: 401,
            headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256' },
          },
    );
    const own = createSender({ allowedPrivateOrigins: [digest.origin] });
    try {
      const request = open({ sender: own, baseUri: digest.origin }).get('in').params({ a: 1 }).digestAuth();
      expect(await request.user('ann').password('secret')).toEqual({ in: true });
      expect(digest.requests).toHaveLength(2);
      expect(digest.requests[0]!.headers.authorization).toBeUndefined();
    } finally {
      await own.close();
      await digest.close();
    }
  });
});

describe('what comes back', () => {
  it.each([
    ['empty', {}],
    ['nothing', {}],
    ['no-type', { a: 1 }],
    ['vnd', { a: 1 }],
    ['latin', { a: 'é' }],
    ['bom', { a: 1 }],
    ['hostile', { id: 9007199254740993n }],
  ])('reads JSON from /%s', async (url, expected) => {
    expect(await open().get(url)).toEqual(expected);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads XML, forms, text and bytes where they are asked for', async () => {
    const { get } = open();
    expect(await get('xml').responseFormat('xml')).toEqual({ a: [{ b: [{ 'content!': '1' }] }] });
    expect(await get('form').responseFormat('www_form_urlencoded')).toEqual({ access_token: 'a b', scope: '' });
    expect(await get('html').responseFormat('raw')).toBe('<h1>secret page</h1>');
    expect(await get('bytes').responseFormat('raw', { bytes: true })).toEqual(Buffer.from([0, 255, 1]));
  });

  it('gives status, headers and body, and lets hooks replace the body in order', async () => {
    const response = await open()
      .get('vnd')
      .afterResponse(({ status, body }) => ({ status, ...body }))
      .afterResponse(async ({ body, headers }) => ({ ...body, type: headers['content-type'] }))
      .response();
    expect(response.body).toEqual({ status: 200, a: 1, type: 'application/vnd.api+json' });
    expect(response.url).toBe(`${provider.origin}/vnd`);
  });

  it('makes a success of an error that a hook answers, by status, text or pattern', async () => {
    const { get } = open();
    expect(await get('missing').afterErrorResponse(404, () => null)).toBeNull();
    expect(
      await get('missing').afterErrorResponse('no such', ({ status, body, message }) => ({ status, body, message })),
    ).toEqual({
      status: 404,
      body: '{"message":"no such secret"}',
      message: '404 Not Found',
    });
    expect(
      await get('missing')
        .afterErrorResponse(500, () => 'first')
        .afterErrorResponse(/^404/, () => 'second'),
    ).toBe('second');
    await expect(get('missing').afterErrorResponse(500, 'other', () => 'never')).rejects.toThrow('404 Not Found');
  });

  it('lets isSuccess decide instead of the status', async () => {
    const isSuccess: ConnectorCall['isSuccess'] = ({ status, body }) =>
      status === 404 || (body as { ok?: boolean }).ok !== false;
    const { get } = open({ isSuccess });
    expect(await get('missing')).toEqual({ message: 'no such secret' });
    const error = await failure(get('ok-false'));
    expect([error.code, error.message, error.details.http]).toEqual([
      'PROVIDER_ERROR',
      `Shop answered 200 OK to GET ${provider.origin}/ok-false, which the connector takes for a failure.`,
      { status: 200 },
    ]);
    expect(await get('ok-false').afterErrorResponse('channel_not_found', () => 'none')).toBe('none');
  });
});

describe('an answer that is an error', () => {
  it.each([
    [400, 'Bad Request', 'PROVIDER_BAD_REQUEST'],
    [401, 'Unauthorized', 'PROVIDER_UNAUTHORIZED'],
    [403, 'Forbidden', 'PROVIDER_FORBIDDEN'],
    [404, 'Not Found', 'PROVIDER_NOT_FOUND'],
    [409, 'Conflict', 'PROVIDER_CONFLICT'],
    [410, 'Gone', 'PROVIDER_NOT_FOUND'],
    [418, "I'm a Teapot", 'PROVIDER_ERROR'],
    [422, 'Unprocessable Entity', 'PROVIDER_INVALID'],
    [429, 'Too Many Requests', 'PROVIDER_RATE_LIMITED'],
    [500, 'Internal Server Error', 'PROVIDER_UNAVAILABLE'],
    [503, 'Service Unavailable', 'PROVIDER_UNAVAILABLE'],
  ])('names %d by its code, and shows neither query nor body', async (status, words, code) => {
    const { get } = open({ baseUri: (await scripted({ status, body: 'the secret body' })).origin });
    const error = await failure(get('v1/thing').params({ token: 'secret' }));
    expect([error.code, error.details.http]).toEqual([code, { status }]);
    expect(error.message).toBe(`Shop answered ${status} ${words} to GET ${extra!.origin}/v1/thing?….`);
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('secret');
  });

  it('says how long to wait', async () => {
    const error = await failure(open().get('limited'));
    expect([error.code, error.details.retryAfterMs]).toEqual(['PROVIDER_RATE_LIMITED', 30_000]);
  });

  it.each([
    ['html', 'with text/html where JSON was expected.'],
    [
      'truncated',
      'with a body that cannot be read: the answer is no valid JSON: it ends too early, after 14 characters.',
    ],
    ['klingon', 'in a charset that is not known.'],
  ])('says what is wrong with the body of /%s without showing it', async (url, reason) => {
    const error = await failure(open().get(url));
    expect([error.code, error.details.http]).toEqual(['PROVIDER_ANSWER_INVALID', { status: 200 }]);
    expect(error.message).toBe(`Shop answered GET ${provider.origin}/${url} ${reason}`);
  });

  it('says what is wrong with XML without showing it', async () => {
    const error = await failure(open().post('xml').requestBody('<!DOCTYPE a><a/>').responseFormat('xml'));
    expect(error.message).toBe(
      `Shop answered POST ${provider.origin}/xml with a body that is no XML we read: it has a document type declaration, which is never read.`,
    );
  });

  it('keeps a body that cannot be read out of the hooks for error answers', async () => {
    await expect(
      open()
        .get('html')
        .afterErrorResponse(() => 'caught'),
    ).rejects.toThrow('where JSON was expected');
  });
});

describe('a request that cannot be sent', () => {
  it.each([
    [
      'a payload that contains itself',
      () => open().post('echo', circular()),
      'A request to Shop cannot be sent. The payload cannot be written as JSON; does it contain itself?',
    ],
    [
      'a user name with a colon',
      () => open().get('echo').user('a:b'),
      'A request to Shop cannot be sent. A user name for HTTP Basic cannot hold a colon.',
    ],
    [
      'a form that is no object',
      () => open().post('echo', [1]).requestFormat('www_form_urlencoded'),
      'A request to Shop cannot be sent. A payload of the format www_form_urlencoded must be an object of fields.',
    ],
    [
      'raw that is neither text nor bytes',
      () => open().post('echo', { a: 1 }).requestFormat('raw'),
      'A request to Shop cannot be sent. A payload of the format raw must be text or bytes; got object.',
    ],
    [
      'a header with a line break',
      () => open().get('echo').headers({ 'x-name': 'a\r\nx-evil: 1' }),
      'A request to Shop cannot be sent: header "x-name" has a line break, a control character or a character outside Latin-1 in its value.',
    ],
    ['a URL that climbs', () => open({ baseUri: `${provider.origin}/v1/` }).get('../../etc'), undefined],
  ])('refuses %s before anything goes out', async (_name, build, message) => {
    await expect(build()).rejects.toMatchObject({ code: 'REQUEST_INVALID', ...(message ? { message } : {}) });
    expect(provider.requests).toHaveLength(0);
  });
});

describe('the open connection', () => {
  it('calls methods of the connector with itself', async () => {
    const connection = open({}, { methods: { double: (own, value: number) => [own === connection, value * 2] } });
    expect(connection.call('double', 4)).toEqual([true, 8]);
    expect(() => connection.call('triple')).toThrow(
      'Shop: call("triple") names no method of the connector; it has double.',
    );
    expect(() => connection.call('constructor')).toThrow('names no method');
  });

  it('ends the call with the error of the connector', () => {
    const { error } = open();
    let thrown: unknown;
    try {
      error('There is no such customer.', 'not_found');
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(ProviderError);
    expect(thrown).toMatchObject({
      code: 'CONNECTOR_ERROR',
      message: 'There is no such customer.',
      details: { connector: 'shop', errorCode: 'shop.not_found' },
    });
  });

  it('gives up a request after its own time', async () => {
    const { get, post } = open({ baseUri: (await scripted(() => new Promise(() => {}))).origin });
    expect(await failure(get('slow').timeout(30))).toMatchObject({
      code: 'PROVIDER_TIMEOUT',
      message: `Shop did not answer GET ${extra!.origin}/slow within the 30 ms that the connector gave it.`,
    });
    expect((await failure(post('slow', {}).timeout(30))).code).toBe('OUTCOME_UNKNOWN');
  });
});

let extra: FakeProvider | undefined;
afterEach(async () => {
  await extra?.close();
  extra = undefined;
});

/** A provider with one answer to everything, beside the usual one. */
async function scripted(answer: Routes[string] & {}): Promise<FakeProvider> {
  extra = await startFakeProvider(typeof answer === 'function' ? answer : () => answer as { status: number });
  await sender.close();
  sender = createSender({ allowedPrivateOrigins: [extra.origin], retries: { maxTries: 1 } });
  return extra;
}

function circular(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
