/** Gateways on one store that have to agree, and say so where they do not. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readReplicas, registerReplica } from '../src/replicas.ts';
import type { Store } from '../src/storage/store.ts';
import { unchangedKeys } from './support/key-ring.ts';
import { openTestStore } from './support/test-store.ts';
import { until } from './support/until.ts';

let store: Store;
const warnings: string[] = [];
const registered: { leave: () => Promise<void> }[] = [];
beforeEach(async () => void (store = await openTestStore()));
afterEach(async () => {
  for (const one of registered.splice(0)) await one.leave();
  warnings.length = 0;
  await store.close();
});

const execute = () => 1;
function register(part: { keys?: string[]; version?: string; connectors?: { name: string }[] } = {}) {
  const { keys = ['k1'], version = '1.0.0', connectors = [{ name: 'shop', execute }] } = part;
  const logger = { warn: ({ code }: { code?: string }, message: string) => void warnings.push(`${code}: ${message}`) };
  const one = registerReplica({
    records: store.records,
    keys: unchangedKeys(...keys),
    version,
    connectors: () => connectors,
    logger,
  });
  registered.push(one);
  return one;
}
const count = async () => (await readReplicas(store.records)).length;

describe('replicas of one store', () => {
  it('are known while they run, and gone when they have left', async () => {
    const first = register();
    register();
    await until(async () => (await count()) === 2);
    await first.leave();
    expect(await count()).toBe(1);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['REPLICA_KEYS', { keys: ['k2'] }, 'This gateway seals with the key k2, the gateway on'],
    ['REPLICA_KEYS', { keys: ['k2', 'k1'] }, 'not both know both'],
    ['REPLICA_VERSION', { version: '1.1.0' }, 'This gateway is Plugboard 1.1.0, the gateway on'],
    ['REPLICA_CONNECTORS', { connectors: [] }, 'differ: shop.'],
    ['REPLICA_CONNECTORS', { connectors: [{ name: 'shop', execute: () => 2 }] }, 'differ: shop.'],
  ])('say at start in what they differ: %s', async (code, part, words) => {
    register();
    await until(async () => (await count()) === 1);
    register(part);
    await until(() => warnings.length > 0);
    expect(warnings[0]).toMatch(new RegExp(`^${code}: `));
    expect(warnings[0]).toContain(words);
  });

  it('agree while keys are rotated, as long as both know both', async () => {
    register({ keys: ['k1', 'k2'] });
    await until(async () => (await count()) === 1);
    register({ keys: ['k2', 'k1'] });
    await until(async () => (await count()) === 2);
    expect(warnings).toEqual([]);
  });
});
