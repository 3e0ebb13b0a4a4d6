import { afterEach, describe, expect, it } from '@jest/globals';
import github from '../../../connectors/github/connector.ts';
import { tick } from '../../../src/feed/tick.ts';
import { callConnector, type ConnectorCaller } from '../../support/connector-call.ts';
import { startFakeProvider, type FakeProvider, type Reply } from '../../support/fake-provider.ts';
import { createMemoryFeedLog } from '../../support/memory-feed-log.ts';
import { eventRow, recordedIssue } from './recordings.ts';
import { pushPayload } from './webhook.ts';

let provider: FakeProvider;
let caller: ConnectorCaller;
afterEach(async () => {
  await caller.close();
  await provider.close();
});

/** GitHub, answering everything with this. */
async function connect(reply: Reply | ((path: string) => Reply)): Promise<ConnectorCaller> {
  provider = await startFakeProvider((request) => (typeof reply === 'function' ? reply(request.url) : reply));
  caller = callConnector(
    github,
    { token: 't' },
    {
      replayedOrigins: { 'https://api.github.com': provider.origin },
      allowedPrivateOrigins: [provider.origin],
    },
  );
  return caller;
}

const getRepository = (connection: ConnectorCaller) => connection.rows('getRepository', { owner: 'o', repo: 'r' });

describe('the rate limits of GitHub', () => {
  const body = { message: "API rate limit exceeded for user ID 1. (But here's the good news: …)" };

  it.each([403, 429])('are told as such with status %i, with the wait that GitHub asks for', async (status) => {
    const connection = await connect({ status, headers: { 'retry-after': '30' }, json: body });
    await expect(getRepository(connection)).rejects.toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      message: `GitHub answered ${status}: the connected account has used up its requests. Ask again in 30 s.`,
      details: { errorCode: 'github.rate_limit', http: { status }, retryAfterMs: 30_000 },
    });
  });

  it('end when the hour of the account ends, where GitHub names that', async () => {
    const reset = Math.floor(Date.now() / 1000) + 600;
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
    const connection = await connect({ status: 403, headers, json: body });
    const error = await getRepository(connection).catch((caught: unknown) => caught);
    const { retryAfterMs } = (error as { details: { retryAfterMs: number } }).details;
    expect(retryAfterMs).toBeGreaterThan(590_000);
    expect(retryAfterMs).toBeLessThanOrEqual(600_000);
  });

  it('last a minute where GitHub says nothing of the time', async () => {
    const json = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' };
    const connection = await connect({ status: 403, json });
    await expect(getRepository(connection)).rejects.toMatchObject({ details: { retryAfterMs: 60_000 } });
  });

  it('are not taken for a lack of rights', async () => {
    const connection = await connect({ status: 403, json: { message: 'Resource not accessible by token' } });
    await expect(getRepository(connection)).rejects.toMatchObject({
      code: 'PROVIDER_FORBIDDEN',
      details: { errorCode: 'github.permission_denied' },
    });
  });
});

describe('what GitHub does not find', () => {
  it('may be hidden from the account, and the message says so', async () => {
    const connection = await connect({ status: 404, json: { message: 'Not Found' } });
    await expect(getRepository(connection)).rejects.toMatchObject({
      code: 'PROVIDER_NOT_FOUND',
      message: 'GitHub has no such thing, or the connected account may not see it.',
      details: { errorCode: 'github.not_found', http: { status: 404 }, raisedIn: 'actions.getRepository' },
    });
  });
});

describe('paths', () => {
  it('hold each value as one segment, whatever is in it', async () => {
    const connection = await connect({ json: { id: 1 } });
    await connection.rows('getLabel', { owner: 'o', repo: 'r', name: 'help/wanted? #1' });
    expect(provider.requests[0]?.url).toBe('/repos/o/r/labels/help%2Fwanted%3F%20%231');
  });

  it('refuse what would climb out of them', async () => {
    const connection = await connect({ json: {} });
    await expect(connection.rows('getUser', { login: '..' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(provider.requests).toEqual([]);
  });

  it.each([
    ['getRepositoryByFullName', { fullName: 'octokit' }],
    ['getRepositoryByFullName', { fullName: 'a/b/c' }],
    ['getIssueByUrl', { url: 'https://api.github.com.evil.example/repos/a/b/issues/1' }],
    ['getIssueByUrl', { url: 'https://api.github.com/repos/a/b/issues/1/../2' }],
  ])('are not made by %s of %j', async (action, args) => {
    const connection = await connect({ json: {} });
    await expect(connection.rows(action, args)).rejects.toMatchObject({
      details: { errorCode: 'github.invalid_value' },
    });
    expect(provider.requests).toEqual([]);
  });
});

describe('getRepositoriesByFullNames', () => {
  it('asks for all names at once, and never lets a name become another qualifier', async () => {
    const connection = await connect({ json: { items: [{ full_name: 'a/b' }] } });
    await connection.rows('getRepositoriesByFullNames', { fullNames: ['a/b', 'c/d user:x', 'e/f.js'] });
    expect(provider.requests[0]?.query).toEqual({ q: 'repo:a/b repo:e/f.js fork:true', per_page: '100' });
  });

  it('takes it for nothing found when the account can see none of them', async () => {
    const message = 'The listed users and repositories cannot be searched either because …';
    const connection = await connect({ status: 422, json: { message: 'Validation Failed', errors: [{ message }] } });
    expect(await connection.rows('getRepositoriesByFullNames', { fullNames: ['a/b'] })).toEqual([]);
  });

  it('still fails for any other reason', async () => {
    const connection = await connect({ status: 422, json: { message: 'Validation Failed' } });
    await expect(connection.rows('getRepositoriesByFullNames', { fullNames: ['a/b'] })).rejects.toMatchObject({
      code: 'PROVIDER_INVALID',
    });
  });

  it('asks for as many names as fit into the longest URL', async () => {
    const connection = await connect({ json: { items: [] } });
    const longest = `${'o'.repeat(39)}/${'r'.repeat(100)}`;
    const { maxBatchSize = 0 } = github.actions?.getRepositoriesByFullNames ?? {};
    await connection.rows('getRepositoriesByFullNames', {
      fullNames: Array.from({ length: maxBatchSize }, () => longest),
    });
    expect(provider.requests[0]?.url.length).toBeLessThan(8192);
    expect(maxBatchSize).toBeGreaterThanOrEqual(25);
  });
});

describe('listIssues', () => {
  it('sends the filters that are given, and leaves out those that are null', async () => {
    const connection = await connect({ json: [] });
    const args = {
      owner: 'o',
      repo: 'r',
      state: 'all',
      labels: ['bug', 'help wanted'],
      assignee: null,
      since: new Date(0),
    };
    await connection.rows('listIssues', args);
    expect(provider.requests[0]?.query).toEqual({
      state: 'all',
      labels: 'bug,help wanted',
      since: '1970-01-01T00:00:00.000Z',
      per_page: '30',
    });
  });
});

describe('the trigger newIssue', () => {
  const row = (number: number, created: string, updated: string, more: object = {}) => ({
    number,
    id: number,
    created_at: created,
    updated_at: updated,
    repository_url: 'https://api.github.com/repos/o/r',
    ...more,
  });
  const input = { owner: 'o', repo: 'r', since: new Date('2024-01-02T00:00:00Z') };

  it('gives what was opened since the start, whatever was changed later, and no pull requests', async () => {
    const connection = await connect({
      json: [
        row(1, '2024-01-01T00:00:00Z', '2024-01-03T00:00:00Z'),
        row(2, '2024-01-02T00:00:00Z', '2024-01-04T00:00:00Z'),
        row(3, '2024-01-04T00:00:00Z', '2024-01-05T00:00:00Z', { pull_request: { url: 'x' } }),
      ],
    });
    const page = await connection.poll('newIssue', input);
    expect(page.events.map((issue: { number: number }) => issue.number)).toEqual([2]);
    expect(page.events[0].repository_full_name).toBe('o/r');
    expect(page).toMatchObject({
      nextPoll: { changedSince: '2024-01-05T00:00:00Z', createdSince: Date.UTC(2024, 0, 2) },
      canPollMore: false,
    });
  });

  it('goes on after the last change, and keeps the start', async () => {
    const connection = await connect({ json: [] });
    const cursor = { changedSince: '2024-01-05T00:00:00Z', createdSince: Date.UTC(2024, 0, 2) };
    expect(await connection.poll('newIssue', input, cursor)).toEqual({
      events: [],
      nextPoll: cursor,
      canPollMore: false,
    });
    expect(provider.requests[0]?.query).toMatchObject({
      since: '2024-01-05T00:00:00Z',
      sort: 'updated',
      direction: 'asc',
    });
  });

  it('polls again at once after a full page', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => row(index, '2024-01-03T00:00:00Z', '2024-01-03T00:00:00Z'));
    const connection = await connect({ json: rows });
    expect((await connection.poll('newIssue', input)).canPollMore).toBe(true);
  });
});

describe('a feed of newIssue', () => {
  it('asks a minute back, so that an issue which GitHub lists late is delivered', async () => {
    const opened = (number: number, at: string) => ({
      ...recordedIssue(),
      number,
      id: number,
      created_at: at,
      updated_at: at,
    });
    const issues = [opened(1, '2024-01-02T00:01:00Z')];
    const connection = await connect((url) => {
      const since = new URL(url, 'https://api.github.com').searchParams.get('since')!;
      return { json: issues.filter(({ updated_at }) => Date.parse(updated_at) >= Date.parse(since)) };
    });
    const log = createMemoryFeedLog();
    const trigger = connection.trigger('newIssue');
    const input = { owner: 'o', repo: 'r', since: new Date('2024-01-02T00:00:00Z') };
    const poll = () => tick({ feed: 'f', log, fence: 1, trigger, run: connection.run, input, now: Date.now });
    await poll();
    issues.push(opened(2, '2024-01-02T00:00:50Z'));
    expect(await poll()).not.toHaveProperty('warning');
    expect((await log.read('f', 0)).events.map(({ id }) => id)).toEqual(['1', '2']);
    expect(provider.requests.map(({ query }) => query['since'])).toEqual([
      '2024-01-02T00:00:00.000Z',
      '2024-01-02T00:00:00Z',
    ]);
  });
});

describe('a feed of issues whose first polls fail', () => {
  it.each(['newIssue', 'updatedIssue'])('delivers what came since it was started (%s)', async (name) => {
    const startedAt = Date.parse('2024-01-02T00:00:00Z');
    let isDown = true;
    const connection = await connect(() => (isDown ? { status: 502 } : { json: [{ ...recordedIssue(), ...late }] }));
    const late = { number: 1, id: 1, created_at: '2024-01-02T00:01:00Z', updated_at: '2024-01-02T00:01:00Z' };
    const log = createMemoryFeedLog();
    const trigger = connection.trigger(name);
    const input = { owner: 'o', repo: 'r' };
    const poll = () =>
      tick({ feed: 'f', log, fence: 1, trigger, run: connection.run, input, now: Date.now, startedAt });
    await expect(poll()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    isDown = false;
    await poll();
    expect((await log.read('f', 0)).events).toHaveLength(1);
    expect(provider.requests.map(({ query }) => query['since'])).toEqual(Array(2).fill('2024-01-02T00:00:00.000Z'));
  });
});

describe('a feed of newEvent', () => {
  const time = Date.parse(eventRow(200).created_at);
  const feedOf = (connection: ConnectorCaller) => {
    const log = createMemoryFeedLog();
    const trigger = connection.trigger('newEvent');
    const input = { owner: 'o', repo: 'r', since: new Date(0) };
    const poll = () => tick({ feed: 'f', log, fence: 1, trigger, run: connection.run, input, now: () => time });
    return { poll, ids: async () => (await log.read('f', 0)).events.map(({ id }) => id.split('@')[0]) };
  };
  const asked = () => provider.requests.map(({ headers }) => headers['if-none-match']);

  it('asks whether anything has changed, and waits as long as GitHub asks', async () => {
    let answer: Reply = {
      headers: { etag: '"1"', 'x-poll-interval': '60' },
      json: [eventRow(101), eventRow(100)],
    };
    const connection = await connect(() => answer);
    const { poll, ids } = feedOf(connection);
    expect(await poll()).toMatchObject({ logged: 2, waitMs: 60_000 });
    answer = { status: 304, headers: { etag: '"1"', 'x-poll-interval': '120' } };
    expect(await poll()).toEqual({ logged: 0, parked: 0, pages: 0, isUnfinished: false, waitMs: 120_000 });
    expect(await poll()).toMatchObject({ logged: 0 });
    answer = { headers: { etag: '"2"' }, json: [eventRow(102), eventRow(101), eventRow(100)] };
    expect(await poll()).toMatchObject({ logged: 1 });
    await poll();
    expect(asked()).toEqual([undefined, '"1"', '"1"', '"1"', '"2"']);
    expect(await ids()).toEqual([100, 101, 102].map((id) => eventRow(id).id));
  });

  it('asks for all where it looked at more than one page: another one may have changed', async () => {
    const rows = Array.from({ length: 150 }, (_, index) => eventRow(150 - index));
    const connection = await connect((url) => {
      const page = Number(new URL(url, 'https://api.github.com').searchParams.get('page'));
      return { headers: { etag: `"page ${page}"` }, json: rows.slice((page - 1) * 100, page * 100) };
    });
    const { poll } = feedOf(connection);
    await poll();
    await poll();
    expect(asked()).toEqual(Array(provider.requests.length).fill(undefined));
  });
});

describe('the trigger newEvent', () => {
  const pageOf = (from: number, length: number) => Array.from({ length }, (_, index) => eventRow(from - index));
  const input = { owner: 'o', repo: 'r' };

  it('pages back through the 300 events that GitHub keeps, the newest first', async () => {
    const connection = await connect({ json: pageOf(900, 100) });
    expect(await connection.poll('newEvent', input)).toMatchObject({ nextPage: 2 });
    expect(await connection.poll('newEvent', input, 2)).toMatchObject({ nextPage: 3 });
    expect((await connection.poll('newEvent', input, 3)).nextPage).toBeUndefined();
    expect(provider.requests.map(({ url }) => url)).toEqual([
      '/repos/o/r/events?per_page=100&page=1',
      '/repos/o/r/events?per_page=100&page=2',
      '/repos/o/r/events?per_page=100&page=3',
    ]);
  });

  it('ends at a page that is not full, and at the start that it is given', async () => {
    const connection = await connect(({ length }) => ({ json: pageOf(900, length > 0 ? 100 : 0) }));
    const since = new Date(eventRow(851).created_at);
    const page = await connection.poll('newEvent', { ...input, since });
    expect(page).toMatchObject({ nextPage: undefined });
    expect(page.events).toHaveLength(50);
  });

  it('tells whose repository it is, of the event and of an issue in it', async () => {
    const payload = { action: 'opened', issue: recordedIssue() };
    const connection = await connect({ json: [eventRow(1, 'IssuesEvent', payload)] });
    const [event] = (await connection.poll('newEvent', input)).events;
    expect(event.repository_full_name).toBe('octokit-fixture-org/hello-world');
    expect(event.payload.issue.repository_full_name).toBe('octokit-fixture-org/add-labels-to-issue');
    const { id, signature, occurredAt } = connection.trigger('newEvent').readEvent(event);
    expect([id, signature]).toEqual(Array(2).fill(`${event.id}@${event.created_at}`));
    expect(occurredAt).toBe(Date.parse(event.created_at));
  });
});

describe('the trigger repositoryEvent', () => {
  const input = { owner: 'o', repo: 'r' };
  const received = (event: string, payload: object) => ({
    body: Buffer.from(JSON.stringify(payload)),
    headers: { 'content-type': 'application/json', 'x-github-event': event, 'x-github-delivery': '72d3162e' },
    params: {},
  });

  it('asks GitHub for signed JSON, with a secret of its own each time', async () => {
    const connection = await connect({ status: 201, json: { id: 7 } });
    const { subscribe } = connection.trigger('repositoryEvent');
    await subscribe!(connection.run, input, 'https://gateway.example.com/w/1', 'feed');
    await subscribe!(connection.run, { ...input, events: ['issues'] }, 'https://gateway.example.com/w/1', 'feed');
    const [first, second] = provider.requests.map(({ body }) => JSON.parse(body));
    expect(first).toEqual({
      name: 'web',
      events: ['push'],
      config: {
        url: 'https://gateway.example.com/w/1',
        content_type: 'json',
        insecure_ssl: '0',
        secret: expect.stringMatching(/^[0-9a-f-]{72}$/),
      },
    });
    expect(second.events).toEqual(['issues']);
    expect(second.config.secret).not.toBe(first.config.secret);
  });

  it('reads a push, whose repository is named alone', async () => {
    const { trigger, run } = await connect({});
    const { readNotification, readEvent } = trigger('repositoryEvent');
    const { rows } = await readNotification!(run, input, received('push', pushPayload('Fix it')), { output: {} });
    const { payload, id } = readEvent(rows[0]);
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(JSON.parse(payload)).toMatchObject({
      event: 'push',
      ref: 'refs/heads/master',
      repository_full_name: 'octokit-fixture-org/hello-world',
      commits: [{ message: 'Fix it' }],
    });
    expect(payload).not.toContain('"repository":');
  });

  it('knows an event by what GitHub signed, not by headers that whoever repeats it may change', async () => {
    const { trigger, run } = await connect({});
    const { readNotification, readEvent } = trigger('repositoryEvent');
    const signatureOf = async (message: string, headers: object) => {
      const plain = received('push', pushPayload(message));
      const sent = { ...plain, headers: { ...plain.headers, ...headers } };
      return readEvent((await readNotification!(run, input, sent, { output: {} })).rows[0]).signature;
    };
    const first = await signatureOf('Fix it', {});
    expect(await signatureOf('Fix it', { 'x-github-delivery': 'd-2', 'x-github-event': 'issues' })).toBe(first);
    expect(await signatureOf('Fix it all', {})).not.toBe(first);
  });

  it('makes no event of the first call, which only says that the webhook is there', async () => {
    const { trigger, run } = await connect({});
    const ping = received('ping', { zen: 'Design for failure.', hook_id: 7 });
    expect(await trigger('repositoryEvent').readNotification!(run, input, ping, { output: {} })).toMatchObject({
      rows: [],
    });
  });
});
