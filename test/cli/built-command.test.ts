import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { buildOnce, startBuiltDemo } from '../support/built-demo.ts';

let child: ChildProcess | undefined;
afterEach(() => {
  if (child?.exitCode === null) child.kill('SIGKILL');
});

beforeAll(buildOnce);

describe('the built command', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('answers, and ends in order with exit code 0 on %s', async (signal) => {
    const { url } = await startBuiltDemo((started) => (child = started));
    const exited = once(child!, 'exit');
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
