import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createRateBudgets, type Permit, type RateBudgets, type RateOwner } from '../../src/http/rate-budget.ts';
import { createSender } from '../../src/http/send.ts';
import type { Sender } from '../../src/http/send.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import type { FakeProvider, Handler } from '../support/fake-provider.ts';
import { callContext, errorOf, outgoing, writing } from '../support/sending.ts';

type Headers = Readonly<Record<string, string>>;
const url = new URL('https://api.example.com/items/1');
const owner: RateOwner = { connector: 'sample', connection: 'c1' };
const epoch = 1_800_000_000_000;
const window = (remaining: number, resetSeconds: number, limit = 100): Headers => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(resetSeconds),
});

let nowMs: number;
let budgets: RateBudgets;
beforeEach(() => {
  nowMs = 50_000;
  budgets = createRateBudgets({ now: () => nowMs, wallNow: () => epoch + nowMs });
});

/** What a request may do now, in one word or as the milliseconds that it has to wait. */
function admission(whose = owner, to = url): number | 'go' | 'news' {
  const given = budgets.admit(whose, to);
  if (given?.kind === 'go') budgets.settle(whose, to, given, undefined);
  return given === undefined ? 'go' : given.kind === 'wait' ? given.waitMs : given.kind;
}

/** Sends a request that is answered at once. */
function ask(headers: Headers, status = 200, whose = owner, to = url): void {
  const given = budgets.admit(whose, to);
  if (given && given.kind !== 'go') throw new Error('It may not go.');
  budgets.settle(whose, to, given, { status, headers });
}

function begin(): Permit {
  const given = budgets.admit(owner, url);
  if (given?.kind !== 'go') throw new Error('It may not go.');
  return given;
}

describe('the budget of a connection', () => {
  it('lets everything go until an answer says something', () => {
    ask({ 'content-type': 'text/html' });
    expect(admission()).toBe('go');
    expect(budgets.readyAt(owner)).toBe(0);
  });

  it('stops when nothing is left, and goes on after the reset', () => {
    ask(window(0, 60));
    expect(admission()).toBe(60_000);
    nowMs += 59_000;
    expect(admission()).toBe(1000);
    nowMs += 1000;
    expect(admission()).toBe('go');
  });

  it('counts what is under way, which the provider may not have counted yet', () => {
    ask(window(2, 60));
    const [first] = [begin(), begin()];
    expect(admission()).toBe(60_000);
    budgets.settle(owner, url, first, undefined);
    expect(admission()).toBe('go');
  });

  it('believes the least of answers that came beside each other', () => {
    ask(window(10, 60));
    const [first, second, third] = [begin(), begin(), begin()];
    budgets.settle(owner, url, second, { status: 200, headers: window(0, 60) });
    budgets.settle(owner, url, first, { status: 200, headers: window(1, 60) });
    budgets.settle(owner, url, third, { status: 200, headers: window(2, 60) });
    expect(admission()).toBe(60_000);
  });

  it('believes a later answer that gives more', () => {
    ask(window(1, 60));
    ask(window(50, 60));
    [begin(), begin()].forEach(() => {});
    expect(admission()).toBe('go');
  });

  it('counts answers that say nothing against what was left', () => {
    ask(window(2, 60));
    ask({});
    ask({});
    expect(admission()).toBe(60_000);
  });

  it.each<[string, Headers, number]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a date', { 'retry-after': new Date(epoch + 50_000 + 9000).toUTCString() }, 9000],
    ['an absurd number', { 'retry-after': '9'.repeat(30) }, 3_600_000],
    ['an absurd date', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, 3_600_000],
    ['nothing', {}, 1000],
    ['nonsense', { 'retry-after': 'soon' }, 1000],
    ['no time at all', { 'retry-after': '0' }, 1000],
    ['a window that is not used up', window(50, 3000), 1000],
  ])('waits after 429 with %s', (_what, headers, expected) => {
    ask(headers, 429);
    expect(admission()).toBe(expected);
  });

  it('doubles the wait where the provider names none, up to a minute', () => {
    const waits = Array.from({ length: 8 }, () => {
      ask({}, 429);
      const waitMs = admission();
      nowMs += Number(waitMs);
      return waitMs;
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    ask({});
    ask({}, 429);
    expect(admission()).toBe(1000);
  });

  it('takes requests that are refused together for one refusal', () => {
    for (const one of [1, 2, 3])
      budgets.settle(owner, url, undefined, { status: 429, headers: { 'retry-after': String(one) } });
    expect(admission()).toBe(3000);
    for (const _ of [1, 2, 3]) budgets.settle(owner, url, undefined, { status: 429, headers: {} });
    expect(admission()).toBe(3000);
  });

  it('is not misled by a success that was asked for before the refusal', () => {
    ask(window(50, 60));
    const early = begin();
    ask({ 'retry-after': '30' }, 429);
    budgets.settle(owner, url, early, { status: 200, headers: window(49, 60) });
    expect(admission()).toBe(30_000);
  });

  it('tries one request after a refusal, and the others wait for its answer', () => {
    ask({ 'retry-after': '5' }, 429);
    nowMs += 5000;
    const trial = begin();
    const waiting = budgets.admit(owner, url);
    const told = jest.fn();
    if (waiting?.kind !== 'news') throw new Error('It has to wait for the answer.');
    waiting.onNews(told);
    budgets.settle(owner, url, trial, { status: 429, headers: { 'retry-after': '5' } });
    expect(told).toHaveBeenCalledTimes(1);
    expect(admission()).toBe(5000);
    nowMs += 5000;
    ask({});
    expect([admission(), admission()]).toEqual(['go', 'go']);
  });

  it('tries another request when the first was lost', () => {
    ask({ 'retry-after': '5' }, 429);
    nowMs += 5000;
    budgets.settle(owner, url, begin(), undefined);
    expect(begin().kind).toBe('go');
    expect(admission()).toBe('news');
  });

  it('takes no more in a new window than the limit', () => {
    ask(window(0, 10, 3));
    nowMs += 10_000;
    [begin(), begin(), begin()].forEach(() => {});
    expect(admission()).toBe('news');
  });
});

describe('what is counted apart', () => {
  const others: [string, RateOwner, URL][] = [
    ['another connection', { ...owner, connection: 'c2' }, url],
    ['another host', owner, new URL('https://uploads.example.com/items/1')],
    ['another tenant without a connection', { connector: 'sample', tenant: 'b' }, url],
    ['another connector without a connection', { connector: 'other', tenant: 'a' }, url],
  ];
  it.each(others)('does not stop %s', (_what, other, to) => {
    ask({ 'retry-after': '60' }, 429);
    ask({ 'retry-after': '60' }, 429, { connector: 'sample', tenant: 'a' });
    expect(admission()).toBe(60_000);
    expect(admission({ connector: 'sample', tenant: 'a' })).toBe(60_000);
    expect(admission(other, to)).toBe('go');
  });

  it('does not stop other kinds of requests, where the provider tells them apart', () => {
    const search = new URL('https://api.example.com/search/issues');
    ask({ ...window(4999, 3000), 'x-ratelimit-resource': 'core' });
    ask({ ...window(0, 60, 30), 'x-ratelimit-resource': 'search' }, 403, owner, search);
    expect(admission(owner, search)).toBe(60_000);
    expect(admission(owner, new URL('https://api.example.com/search/code'))).toBe(60_000);
    expect(admission()).toBe('go');
    ask({ 'retry-after': '30' }, 403);
    expect(admission()).toBe(30_000);
  });

  it('remembers a bounded number of owners, and forgets first who heard nothing for the longest time', () => {
    budgets = createRateBudgets({ maxOwners: 2, now: () => nowMs, wallNow: () => epoch });
    const [first, second, third] = ['1', '2', '3'].map((connection) => ({ connector: 'sample', connection }));
    ask({ 'retry-after': '60' }, 429, first);
    ask(window(0, 60), 200, second);
    budgets.settle(first!, url, undefined, { status: 429, headers: { 'retry-after': '60' } });
    ask(window(0, 60), 200, third);
    expect([first, second, third].map((each) => admission(each))).toEqual([60_000, 'go', 60_000]);
  });
});

describe('readyAt', () => {
  const poll: RateOwner = { ...owner, isPoll: true };

  it.each([
    [11, 100, 0],
    [10, 100, 60_000],
    [2, 5, 0],
    [1, 5, 60_000],
  ])('with %i of %i left lets a poll wait %i ms, and no action', (remaining, limit, expectedMs) => {
    ask(window(remaining, 60, limit));
    expect(budgets.readyAt(poll)).toBe(expectedMs === 0 ? 0 : epoch + nowMs + expectedMs);
    expect(admission()).toBe('go');
    nowMs += 60_000;
    expect(budgets.readyAt(poll)).toBe(0);
  });

  it('lets polls wait out a refusal', () => {
    ask({ 'retry-after': '30' }, 429);
    expect(budgets.readyAt(poll)).toBe(epoch + nowMs + 30_000);
  });

  it('does not let polls wait for what they never ask for', () => {
    ask({ ...window(4999, 3000), 'x-ratelimit-resource': 'core' }, 200, poll);
    const search = new URL('https://api.example.com/search/issues');
    ask({ ...window(0, 60, 30), 'x-ratelimit-resource': 'search' }, 200, owner, search);
    expect(budgets.readyAt(poll)).toBe(0);
  });
});

describe('a sender with budgets', () => {
  let provider: FakeProvider;
  let sender: Sender;

  async function start(script: Handler): Promise<void> {
    provider = await startFakeProvider(script);
    // A clock that stands still: nothing of what is learned is over before the test says so.
    sender = createSender({ rateBudgets: budgets, allowedPrivateOrigins: [provider.origin] });
  }
  afterEach(async () => {
    await sender.close();
    await provider.close();
  });
  const context = () => callContext({ connection: 'c1', title: 'Sample' });
  const send = () => sender.send(outgoing(`${provider.origin}/a`), context());

  it('fails at once, and does not ask, while the provider takes nothing', async () => {
    await start(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    await expect(send()).resolves.toMatchObject({ status: 429 });
    const error = await errorOf(send());
    expect(error).toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      message: `Sample at ${provider.origin} takes no more requests of this connection for now, so nothing was sent. Ask again in 7 s.`,
      details: { retryAfterMs: 7000, connector: 'sample', connection: 'c1' },
    });
    const write = sender.send(writing(`${provider.origin}/a`), context());
    await expect(write).rejects.toMatchObject({ code: 'PROVIDER_RATE_LIMITED' });
    expect(provider.requests).toHaveLength(1);
  });

  it.each<[string, () => string]>([
    ['seconds', () => '3600'],
    ['dates', () => new Date(epoch + nowMs + 3_600_000).toUTCString()],
    ['absurd values', () => '9'.repeat(40)],
  ])('asks once in each window of a storm of 429 with %s, whatever twenty actions do', async (_what, retryAfter) => {
    await start(() => ({
      status: 429,
      headers: { 'retry-after': retryAfter(), date: new Date(epoch + nowMs).toUTCString() },
    }));
    await send();
    for (const windows of [2, 3, 4]) {
      nowMs += 3_600_000;
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, send));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(provider.requests).toHaveLength(windows);
    }
  });

  it('lets the others go when the one that tries is taken', async () => {
    let isOpen = false;
    await start(() => (isOpen ? { json: {} } : { status: 429, headers: { 'retry-after': '60' } }));
    await send();
    isOpen = true;
    nowMs += 60_000;
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(provider.requests).toHaveLength(21);
  });

  it('waits for a reset that is near', async () => {
    budgets = createRateBudgets();
    await start(() => ({ json: {}, headers: window(0, 1) }));
    await send();
    await expect(send()).resolves.toMatchObject({ status: 200 });
  });

  it('gives up its wait with its caller', async () => {
    await start((_request, response) => {
      // The one that tries is never answered.
      if (provider.requests.length > 1) {
        response.flushHeaders();
        return undefined;
      }
      return { status: 429, headers: { 'retry-after': '60' } };
    });
    await send();
    nowMs += 60_000;
    const stop = new AbortController();
    const trial = errorOf(sender.send(outgoing(`${provider.origin}/a`), { ...context(), signal: stop.signal }));
    await provider.received(2);
    const waiting = errorOf(sender.send(outgoing(`${provider.origin}/a`), { ...context(), signal: stop.signal }));
    stop.abort();
    expect([(await trial).code, (await waiting).code]).toEqual(['REQUEST_CANCELLED', 'REQUEST_CANCELLED']);
    expect(provider.requests).toHaveLength(2);
  });

  it('asks only as often as the provider still takes, of twenty that come at once', async () => {
    let left = 6;
    await start(() => {
      left--;
      return left < 0 ? { status: 429 } : { json: {}, headers: window(left, 3000) };
    });
    await send();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, send));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(provider.requests).toHaveLength(6);
  });
});
