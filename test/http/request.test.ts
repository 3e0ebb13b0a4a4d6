/** What a connector author can rely on while building a request. */
import { describe, it, expect, jest } from '@jest/globals';
import { Request, resolveRequests, type Dispatch, type ProviderResponse } from '../../src/http/request.ts';

const answer = (body: unknown): ProviderResponse => ({ status: 200, headers: {}, body, url: 'https://api.test/' });
const unsent: Dispatch = () => Promise.reject(new Error('it was sent'));

function get(url = 'customers.json', dispatch: Dispatch = unsent): Request {
  return new Request('GET', url, dispatch);
}

describe('a request', () => {
  it('is not sent while it is being built', () => {
    const dispatch = jest.fn<Dispatch>();
    get('customers.json', dispatch).params({ id: 1 }).headers({ a: 'b' }).payload({ c: 1 });
    expect(dispatch).not.toHaveBeenCalled();
  });

  it('is sent once, however often it is awaited', async () => {
    const dispatch = jest.fn<Dispatch>(async () => answer({ id: 7 }));
    const request = get('customers.json', dispatch);
    expect([await request, await request, (await request.response()).body]).toEqual([{ id: 7 }, { id: 7 }, { id: 7 }]);
    expect(dispatch).toHaveBeenCalledTimes(1);
  });

  it('rejects every await with the one error', async () => {
    const request = get();
    await expect(request).rejects.toThrow('it was sent');
    await expect(request.then((body: unknown) => body)).rejects.toThrow('it was sent');
    await expect(request.catch((error) => (error as Error).message)).resolves.toBe('it was sent');
  });

  it('merges params, headers and object payloads, the later value winning', () => {
    const { parts } = get()
      .params({ a: 1, b: 1 })
      .params({ b: 2 })
      .headers({ 'X-Trace': 'one', Accept: 'text/plain' })
      .headers({ 'x-trace': 'two', absent: undefined })
      .payload({ name: 'Ann', age: 1 })
      .payload({ age: 2 });
    expect(parts.params).toEqual({ a: 1, b: 2 });
    expect(parts.headers).toEqual({ 'x-trace': 'two', accept: 'text/plain' });
    expect(parts.payload).toEqual({ name: 'Ann', age: 2 });
  });

  it('gives the current payload to a function, and replaces it by what is no object', () => {
    const request = get().payload({ items: [1] });
    request.payload((current: { items: number[] }) => ({ ...current, count: current.items.length }));
    expect(request.parts.payload).toEqual({ items: [1], count: 1 });
    request.payload([1, 2]);
    expect(request.parts.payload).toEqual([1, 2]);
  });

  it('does not change the payload of a copy that shares it', () => {
    const request = get().payload({ a: 1 });
    const copy = request.copy();
    copy.payload((current: Record<string, unknown>) => void (current['token'] = 'secret'));
    expect(copy.parts.payload).toEqual({ a: 1, token: 'secret' });
    expect(request.parts.payload).toEqual({ a: 1 });
  });

  it('copies as an unsent request with the same options', async () => {
    const dispatch = jest.fn<Dispatch>(async () => answer(1));
    const request = get('customers.json', dispatch).params({ a: 1 });
    await request;
    const copy = request.copy().params({ b: 2 });
    expect(copy.currentUrl).toBe('customers.json?a=1&b=2');
    await copy;
    expect(dispatch).toHaveBeenCalledTimes(2);
  });

  it('shows its verb and its URL', () => {
    const request = new Request('PATCH', 'a?b=1', unsent).params({ c: ['x', 'y'] }).params('raw=1');
    expect([request.currentVerb, request.currentUrl]).toEqual(['PATCH', 'a?b=1&raw=1&c%5B%5D=x&c%5B%5D=y']);
  });

  it('forgets its params when the URL is replaced', () => {
    expect(get().params({ page: 1 }).params('a=1').replaceUrl('https://api.test/next?page=2').currentUrl).toBe(
      'https://api.test/next?page=2',
    );
  });
});

describe('resolveRequests', () => {
  it('sends the requests in lists and objects together and puts their answers in their places', async () => {
    const started: string[] = [];
    const request = (name: string): Request =>
      get(name, async ({ parts }) => {
        started.push(parts.url);
        await Promise.resolve();
        return answer({ name });
      });
    const date = new Date(0);
    const result = resolveRequests({ one: request('a'), list: [request('b'), 2, { three: request('c') }], date });
    await Promise.resolve();
    expect(await result).toEqual({ one: { name: 'a' }, list: [{ name: 'b' }, 2, { three: { name: 'c' } }], date });
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('gives back a value without requests as it is', async () => {
    const value = { deep: [{ a: 1 }, null, undefined, 'x'] };
    expect(await resolveRequests(value)).toBe(value);
  });

  it('stops at a value that contains itself', async () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(await resolveRequests(value)).toBe(value);
  });

  it('fails with the first request that fails', async () => {
    await expect(resolveRequests([get()])).rejects.toThrow('it was sent');
  });
});

describe('a request that is built wrongly', () => {
  it('refuses a builder that is called after it was sent', async () => {
    const request = get('customers.json?token=t', async () => answer(1));
    await request;
    const message = (builder: string): string =>
      `GET customers.json: ${builder}() was called after the request was sent; call it before the first await.`;
    for (const builder of ['params', 'headers', 'payload'] as const) {
      expect(() => request[builder]({})).toThrow(message(builder));
    }
    expect(() => request.user('u')).toThrow(message('user'));
    expect(() => request.format('xml')).toThrow(message('requestFormat'));
    expect(() => request.followRedirection()).toThrow(message('followRedirection'));
  });

  it('names the formats that there are', () => {
    expect(() => get().format('yaml' as never)).toThrow(
      'requestFormat() expects one of json, xml, www_form_urlencoded, multipart, raw; got "yaml".',
    );
  });

  it('refuses a hook that is no function and a time that is none', () => {
    expect(() => get().afterErrorResponse(...([404] as unknown as [() => 1]))).toThrow(
      'GET customers.json: afterErrorResponse() needs a function as its last argument.',
    );
    expect(() => get().timeout(-1)).toThrow('GET customers.json: timeout() expects milliseconds above 0; got -1.');
  });
});
