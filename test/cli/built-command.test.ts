import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parseKeys } from '../../src/connection/sealing-key.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { readReplicas } from '../../src/replicas.ts';
import { buildOnce, startBuiltDemo } from '../support/built-demo.ts';
import { startReplica } from '../support/replica.ts';
import { createProject } from '../support/temporary-project.ts';
import { until } from '../support/until.ts';

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

  it('reads its key file anew on SIGHUP, and goes on', async () => {
    const [older, newer] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const project = await createProject({ 'keys/current': older, 'connectors/.keep': '' });
    const replica = await startReplica(project.folder, ['--store', 'store.sqlite'], {
      PLUGBOARD_KEY_FILE: 'keys/current',
      PLUGBOARD_KEY: '',
    });
    const store = await createSqliteStore({ file: join(project.folder, 'store.sqlite') });
    const keys = async () => (await readReplicas(store.records))[0]?.keys;
    await until(async () => (await keys())?.length === 1);
    await project.write('keys/current', `${newer},${older}`);
    replica.signal('SIGHUP');
    const ids = parseKeys(`${newer},${older}`).map(({ id }) => id);
    await until(async () => (await keys())?.join() === ids.join());
    expect((await fetch(`${replica.url}/healthz`)).status).toBe(200);
    await store.close();
    await replica.kill();
    await project.remove();
  });
});
