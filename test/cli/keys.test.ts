import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { openStore } from '../../src/cli/open-store.ts';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';
import { storePlace } from '../support/test-store.ts';

let project: TemporaryProject;
beforeEach(async () => {
  project = await createProject();
  process.env['PLUGBOARD_STORE'] = storePlace(join(project.folder, 'store.sqlite'));
});
afterEach(async () => {
  delete process.env['PLUGBOARD_STORE'];
  await project.remove();
});

async function keys(...args: string[]) {
  const terminal = captureTerminal();
  const code = await runCommand(['keys', ...args, '--config', project.config], terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

async function verify(text: string) {
  const store = await openStore({});
  try {
    return await createApiKeys(store.records).verify(text);
  } finally {
    await store.close();
  }
}

const scopes = ['--scopes', 'plugboard.read,plugboard.write:github'];

describe('plugboard keys', () => {
  it('create prints the key alone, and tells the rest beside it', async () => {
    const { code, output, errors } = await keys('create', '--name', 'backend', '--tenant', 'acme', ...scopes);
    expect(code).toBe(0);
    expect(output).toMatch(/^pb_[0-9a-f]{20}_[\w-]{43}\n$/);
    expect(errors).toContain('This is the API key "backend" of tenant "acme". It is shown this once');
    expect(errors).not.toContain(output.trim());
    expect(await verify(output.trim())).toMatchObject({
      tenant: 'acme',
      name: 'backend',
      scopes: ['plugboard.read', 'plugboard.write:github'],
    });
  });

  it('list shows the keys of the tenant, and no secret', async () => {
    const made = JSON.parse((await keys('create', '--name', 'backend', ...scopes, '--json')).output);
    const { code, output } = await keys('list');
    expect(code).toBe(0);
    expect(output).toMatch(
      new RegExp(`^${made.id}  pb_${made.id}_…  backend  live  made \\S+Z  plugboard.read,plugboard.write:github\n$`),
    );
    expect(output).not.toContain(made.secret);
    const listed = JSON.parse((await keys('list', '--json')).output);
    const { secret: _secret, text: _text, ...shown } = made;
    expect(listed).toEqual([shown]);
    expect((await keys('list', '--tenant', 'acme')).output).toBe('Tenant "acme" has no API keys.\n');
  });

  it('revoke ends the key', async () => {
    const made = JSON.parse((await keys('create', '--name', 'backend', ...scopes, '--json')).output);
    expect(await verify(made.text)).toBeDefined();
    const { code, output } = await keys('revoke', made.id);
    expect([code, output]).toEqual([0, `revoked pb_${made.id}_… "backend" of tenant "local"\n`]);
    expect(await verify(made.text)).toBeUndefined();
    expect((await keys('list')).output).toContain('  revoked 20');
  });

  it.each([
    [['revoke', '0'.repeat(20)], 'API_KEY_NOT_FOUND: Tenant "local" has no API key of that id.'],
    [['create', '--name', 'x', '--scopes', 'plugboard.raed'], 'SCOPE_UNKNOWN: Expected scopes of this gateway'],
    [['create', '--name', '', '--scopes', 'plugboard.read'], 'INPUT_INVALID: The name of an API key must be'],
  ])('%j is refused with its code', async (args, message) => {
    const { code, errors, output } = await keys(...args);
    expect([code, output]).toEqual([1, '']);
    expect(errors).toContain(message);
  });

  it('work on the store that the configuration names', async () => {
    const store = join(project.folder, 'deep', 'other.sqlite');
    await project.write('plugboard.config.ts', `export default { store: ${JSON.stringify(store)} };`);
    await keys('create', '--name', 'backend', ...scopes);
    expect((await keys('list')).output).toContain('  backend  live  ');
    await project.write('plugboard.config.ts', 'export default {};');
    expect((await keys('list')).output).toBe('Tenant "local" has no API keys.\n');
  });

  it('asks for a name and scopes', async () => {
    const { code, errors } = await keys('create', '--name', 'backend');
    expect(code).toBe(2);
    expect(errors).toContain("required option '--scopes <scopes>' not specified");
  });
});
