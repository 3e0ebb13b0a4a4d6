import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'dist/src/main.js');

let child: ChildProcess | undefined;
afterEach(() => {
  if (child?.exitCode === null) child.kill('SIGKILL');
});

beforeAll(() => {
  if (!existsSync(main)) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root });
});

/** Starts the built demo; resolves with its URL when it serves. */
async function startDemo(): Promise<{ url: string; exited: Promise<readonly [number | null, string | null]> }> {
  const started = spawn(process.execPath, [main, 'start', '--demo', '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child = started;
  const exited = once(started, 'exit') as Promise<[number | null, string | null]>;
  for await (const line of createInterface({ input: started.stdout })) {
    const [, url] = /serves the sample connectors at (http:\S+)\/graphql/.exec(line) ?? [];
    if (url !== undefined) {
      started.stdout.resume();
      return { url, exited };
    }
  }
  throw new Error('The command ended before it served.');
}

describe('the built command', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('answers, and ends in order with exit code 0 on %s', async (signal) => {
    const { url, exited } = await startDemo();
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ myAppOrders(first: 1) { nodes { customer { name } } } }"}',
    });
    expect(((await response.json()) as { errors?: unknown }).errors).toBeUndefined();
    const stoppedAt = performance.now();
    child?.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - stoppedAt).toBeLessThan(10_000);
  });
});
