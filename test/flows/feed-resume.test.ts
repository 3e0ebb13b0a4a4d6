/** What the README shows of events: a subscription is cut, its gateway killed and started again, and nothing is missing. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildOnce, startBuiltDemo } from '../support/built-demo.ts';

const root = join(import.meta.dirname, '../..');
const readme = await readFile(join(root, 'README.md'), 'utf8');
const [, flags = ''] = /\nnpm start -- (--store \S+)\n/.exec(readme) ?? [];
const [first, resumed] = [...readme.matchAll(/```sh\ncurl -sN (.+?) -d '(.+?)'\n```/gs)].map(
  ([, options = '', body = '']) => ({
    headers: Object.fromEntries([...options.matchAll(/-H '(.+?): (.+?)'/g)].map(([, name, value]) => [name, value])),
    body,
  }),
);

let folder: string;
let child: ChildProcess | undefined;
beforeAll(buildOnce);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
});
afterEach(async () => {
  await kill();
  await rm(folder, { recursive: true });
});

async function kill(): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Starts the demo as the README says, on any free port; resolves with its URL. */
async function start(PLUGBOARD_KEY: string): Promise<string> {
  const options = { flags: flags.split(' '), cwd: folder, environment: { PLUGBOARD_KEY } };
  return (await startBuiltDemo((started) => (child = started), options)).url;
}

interface Frame {
  readonly id: string;
  readonly data: any;
}

/** Reads a stream until so many events have come, then cuts it. */
async function read(url: string, headers: Record<string, string>, body: string, count: number): Promise<Frame[]> {
  const cut = new AbortController();
  const response = await fetch(`${url}/graphql/stream`, { method: 'POST', headers, body, signal: cut.signal });
  expect(response.status).toBe(200);
  const frames: Frame[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, id, data] = /^id: (.+)\nevent: next\ndata: (.+)$/m.exec(text.slice(0, end)) ?? [];
      if (id && data) frames.push({ id, data: JSON.parse(data) });
      text = text.slice(end + 2);
    }
    if (frames.length >= count) break;
  }
  cut.abort();
  return frames.slice(0, count);
}

async function ask(url: string, query: string): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return ((await response.json()) as { data: unknown }).data;
}

/** Adds customers, so that the test need not wait for those that come by themselves. */
async function addCustomers(url: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const input = `{ name: "${name}", email: "${name}@example.com" }`;
    const { myAppCreateCustomer } = await ask(url, `mutation { myAppCreateCustomer(input: ${input}) { name } }`);
    expect(myAppCreateCustomer).toEqual({ name });
  }
}

describe('a subscription that is cut', () => {
  it('goes on with nothing missing after the gateway was killed and started again', async () => {
    const key = randomBytes(32).toString('base64');
    const url = await start(key);
    const reading = read(url, first!.headers, first!.body, 1);
    // The feed begins with what happens once it is there.
    while (((await ask(url, '{ feeds { lastPollAt } }')).feeds[0]?.lastPollAt ?? null) === null);
    await addCustomers(url, ['ada', 'grace', 'edsger']);
    const [seen] = await reading;
    expect(seen!.data).toEqual({
      data: { myAppNewCustomer: { id: expect.any(String), node: { name: expect.any(String) } } },
      extensions: { cursor: seen!.id },
    });
    // All that came is in the log, though nobody hears of it any more.
    const { startFeed } = await ask(url, 'mutation { startFeed(connector: "my_app", trigger: "newCustomer") { id } }');
    expect(startFeed.id).toEqual(expect.any(String));
    const whole = await read(url, { ...resumed!.headers, 'last-event-id': seen!.id }, resumed!.body, 2);
    await kill();

    const again = await start(key);
    const missed = await read(again, { ...resumed!.headers, 'last-event-id': seen!.id }, resumed!.body, 2);
    expect(missed).toEqual(whole);
    await addCustomers(again, ['barbara']);
    const after = await read(again, { ...resumed!.headers, 'last-event-id': missed[1]!.id }, resumed!.body, 1);
    const ids = [seen!, ...missed, ...after].map(({ data }) => data.data.myAppNewCustomer.id);
    expect(new Set(ids).size).toBe(4);
  });
});
