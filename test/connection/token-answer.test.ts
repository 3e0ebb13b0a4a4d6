/** Token answers as providers really give them. */
import { describe, expect, it } from '@jest/globals';
import { readableTokenAnswer } from '../../src/connection/token-answer.ts';

async function read(body: unknown, init: ResponseInit = {}, keepIdToken = false): Promise<[number, unknown]> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) };
  const answer = await readableTokenAnswer(new Response(text, { ...init, headers }), { keepIdToken });
  const read = await answer.text();
  try {
    return [answer.status, JSON.parse(read)];
  } catch {
    return [answer.status, read];
  }
}

describe('an answer with an access token', () => {
  it.each([
    ['without a token type', { access_token: 'a' }, { access_token: 'a', token_type: 'Bearer' }],
    ['with a type of its own', { access_token: 'a', token_type: 'bot' }, { access_token: 'a', token_type: 'Bearer' }],
    [
      'with expires_in as text',
      { access_token: 'a', expires_in: '3600' },
      { access_token: 'a', token_type: 'Bearer', expires_in: 3600 },
    ],
    ['with expires_in null', { access_token: 'a', expires_in: null }, { access_token: 'a', token_type: 'Bearer' }],
    ['with expires_in below 0', { access_token: 'a', expires_in: -1 }, { access_token: 'a', token_type: 'Bearer' }],
    [
      'with an empty refresh token',
      { access_token: 'a', refresh_token: '' },
      { access_token: 'a', token_type: 'Bearer' },
    ],
    [
      'with a list of scopes',
      { access_token: 'a', scope: ['x', 'y'] },
      { access_token: 'a', token_type: 'Bearer', scope: 'x y' },
    ],
    [
      'with an ID token that nobody asked for',
      { access_token: 'a', id_token: 'broken' },
      { access_token: 'a', token_type: 'Bearer' },
    ],
  ])('is good %s', async (_name, given, expected) => {
    expect(await read(given)).toEqual([200, expected]);
  });

  it('may come with 201, or as a form', async () => {
    expect(await read({ access_token: 'a' }, { status: 201 })).toEqual([
      200,
      { access_token: 'a', token_type: 'Bearer' },
    ]);
    const form = 'access_token=a&scope=repo%2Cgist&token_type=bearer';
    const expected = [200, { access_token: 'a', token_type: 'Bearer', scope: 'repo,gist' }];
    for (const type of ['application/x-www-form-urlencoded; charset=utf-8', 'text/plain']) {
      expect(await read(form, { headers: { 'content-type': type } })).toEqual(expected);
    }
  });

  it('keeps its ID token where that is checked', async () => {
    expect(await read({ access_token: 'a', id_token: 'e' }, {}, true)).toEqual([
      200,
      { access_token: 'a', token_type: 'Bearer', id_token: 'e' },
    ]);
  });
});

describe('an answer without one', () => {
  it('is a refusal when it carries an error, whatever its status', async () => {
    expect(await read({ error: 'bad_refresh_token' })).toEqual([400, { error: 'bad_refresh_token' }]);
    expect(
      await read('error=bad_verification_code', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ).toEqual([400, { error: 'bad_verification_code' }]);
    expect(await read({ error: 'x' }, { status: 503 })).toEqual([503, { error: 'x' }]);
  });

  it('loses its challenge, so that the error in the body is read', async () => {
    const given = new Response('{"error":"invalid_client"}', { status: 401, headers: { 'www-authenticate': 'Basic' } });
    const answer = await readableTokenAnswer(given, { keepIdToken: false });
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(await answer.json()).toEqual({ error: 'invalid_client' });
  });

  it.each(['<html>', '', '[]', 'null', '{"access_token":', '"text"'])('stays what it is: %j', async (body) => {
    const answer = await readableTokenAnswer(new Response(body, { status: 200 }), { keepIdToken: false });
    expect([answer.status, await answer.text()]).toEqual([200, body]);
  });
});
