import { afterEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';

let project: TemporaryProject;
afterEach(() => project.remove());

const connector = `import { defineConnector } from 'plugboard/connector';
export default defineConnector({
  name: 'mock_connector',
  actions: {
    list_accounts: {
      readOnly: true,
      list: true,
      capability: 'listAccounts',
      output: [{ name: 'id', optional: false }],
      execute: () => [{ id: 'a1' }],
    },
  },
});`;

async function run(...args: string[]) {
  project = await createProject({ 'connectors/mock-connector/connector.ts': connector });
  const terminal = captureTerminal();
  const code = await runCommand([...args, '--config', project.config], terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

describe('plugboard info', () => {
  it('tells what a connector can do, and takes the JSON of seed 004', async () => {
    const { code, output } = await run('info', 'mock_connector', '--json', '{"a": 1}');
    expect([code, JSON.parse(output)]).toEqual([
      0,
      expect.objectContaining({ app_id: 'mock_connector', capabilities: ['list-accounts'] }),
    ]);
  });
});

describe('plugboard exec', () => {
  it('prints the envelope', async () => {
    const { code, output } = await run('exec', 'mock_connector', 'list-accounts', '--json', '{"request": {}}');
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      response: { accounts: [{ integration_specific_id: 'a1' }] },
      raw_data: null,
      page: null,
      error: null,
    });
  });

  it('says what is wrong with a request, and who there is', async () => {
    const { code, errors } = await run('exec', 'mock_connector', 'list-accounts', '--json', '{}');
    expect([code, errors]).toEqual([
      1,
      expect.stringContaining('INPUT_INVALID: 422: {"detail":[{"loc":["body","request"]'),
    ]);
    await project.remove();
    expect((await run('exec', 'nobody', 'list-accounts', '--json', '{"request": {}}')).errors).toContain(
      'CONNECTOR_UNKNOWN: nobody: expected a connector, one of mock_connector, and a capability of Lumos',
    );
  });

  it('needs a request', async () => {
    expect((await run('exec', 'mock_connector', 'list-accounts')).code).toBe(2);
  });
});
