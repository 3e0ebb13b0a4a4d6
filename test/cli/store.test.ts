import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { openVault } from '../../src/open-vault.ts';
import { registerReplica } from '../../src/replicas.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';
import { storePlace } from '../support/test-store.ts';
import { unchangedKeys } from '../support/key-ring.ts';
import { until } from '../support/until.ts';

let project: TemporaryProject;
let from: string;
let to: string;
beforeEach(async () => {
  project = await createProject();
  from = join(project.folder, 'old.sqlite');
  to = storePlace(join(project.folder, 'new.sqlite'));
});
afterEach(() => project.remove());

async function migrate(...more: string[]) {
  const terminal = captureTerminal();
  const code = await runCommand(['store', 'migrate', '--from', from, '--to', to, ...more], terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

async function fill(count: number): Promise<void> {
  const store = await createSqliteStore({ file: from });
  for (let index = 0; index < count; index += 1) await store.records.create('connection', `c${index}`, {});
  await store.close();
}

describe('plugboard store migrate', () => {
  it('moves everything, says how far it is, and what to do next', async () => {
    await fill(150);
    const { code, output, errors } = await migrate();
    expect(code).toBe(0);
    expect(errors).toContain('records: 100 of 150\nrecords: 150 of 150\n');
    expect(output).toContain('records: 150 rows, as many as there were\n');
    expect(output).toContain('Name the new place in `store` or PLUGBOARD_STORE, and start the gateways.');
    const vault = await openVault({ key: randomBytes(32).toString('base64'), store: to });
    expect(await vault.records.list('connection', {}, { limit: 1000 })).toHaveLength(150);
    await vault.close();
  });

  it('lets no gateway start on the old store, nor on one that is not complete', async () => {
    await fill(1);
    await migrate();
    const opening = openVault({ key: randomBytes(32).toString('base64'), store: from });
    await expect(opening).rejects.toMatchObject({ code: 'STORE_MOVED' });
    expect(await migrate()).toMatchObject({
      code: 1,
      errors: expect.stringContaining('STORE_MOVED: The store was moved'),
    });
  });

  it('refuses while a gateway runs, and names it', async () => {
    await fill(1);
    const store = await createSqliteStore({ file: from });
    const logger = { warn: () => {} };
    const replica = registerReplica({
      records: store.records,
      keys: unchangedKeys('k'),
      version: '1',
      connectors: () => [],
      logger,
    });
    await until(async () => (await store.records.list('replica', {})).length === 1);
    const { code, errors } = await migrate();
    expect(code).toBe(1);
    expect(errors).toContain(`STORE_IN_USE: Gateways still run on it: process ${process.pid} on `);
    await replica.leave();
    await store.close();
    expect((await migrate()).code).toBe(0);
  });

  it('makes no store where there is none to be moved, and none of itself', async () => {
    expect((await migrate()).errors).toBe(`STORE_UNAVAILABLE: There is no store at ${from} to be moved.\n`);
    to = from;
    expect((await migrate()).errors).toContain('A store cannot be moved to where it is.');
  });
});
