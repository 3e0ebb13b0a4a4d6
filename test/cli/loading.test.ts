import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorker } from '../support/bundled-worker.ts';
import { createProject, type TemporaryProject } from '../support/temporary-project.ts';

let bundle: string;
let project: TemporaryProject | undefined;
beforeAll(async () => {
  bundle = await bundleWorker(new URL('loading-worker.ts', import.meta.url));
});
afterEach(() => project?.remove());
afterAll(() => rm(bundle));

async function load(files: Readonly<Record<string, string>>) {
  const { config, folder } = (project = await createProject(files));
  return new Promise<{ code: unknown; errors: string }>((resolve) => {
    execFile(process.execPath, [bundle, config], { cwd: folder }, (error, _output, errors) => {
      resolve({ code: error ? error.code : 0, errors });
    });
  });
}

describe('a process that is ended while it loads', () => {
  it('tells which connector ended it, and fails', async () => {
    const { code, errors } = await load({ 'connectors/tiny/connector.ts': 'process.exit(0);' });
    expect(errors).toMatch(
      /^CONNECTOR_LOAD_FAILED: .*connectors\/tiny\/connector\.ts: expected a file that can be loaded; the process was ended with exit code 0 while it was loaded\. Take process\.exit out of it\.\n$/,
    );
    expect(code).toBe(1);
  });

  it('tells that the configuration ended it, and fails', async () => {
    const { code, errors } = await load({ 'plugboard.config.ts': 'process.exit(7);' });
    expect(errors).toMatch(/^CONFIGURATION_LOAD_FAILED: plugboard\.config\.ts: .* exit code 7 while/);
    expect(code).toBe(1);
  });

  it('says nothing when all is well', async () => {
    const connector = "export default { name: 'tiny' };";
    expect(await load({ 'connectors/tiny/connector.ts': connector })).toEqual({ code: 0, errors: '' });
  });
});
