import { afterEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';

let project: TemporaryProject;
afterEach(() => project.remove());

const connector = `import { defineConnector } from 'plugboard/connector';
export default defineConnector({
  name: 'clock',
  connection: { authorization: { type: 'none' } },
  actions: { get_hour: { readOnly: true, output: [{ name: 'hour', type: 'integer' }], execute: () => ({ hour: 5 }) } },
});`;

describe('plugboard serve', () => {
  it('serves one connector until it is told to stop', async () => {
    project = await createProject({ 'connectors/clock/connector.ts': connector });
    const terminal = captureTerminal();
    const args = ['serve', 'clock', '--insecure-dev', '--port', '0', '--config', project.config];
    const running = runCommand(args, terminal);
    const [url] = await terminal.wrote(/http:\S+\/subgraphs\/clock/);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ clockHour { hour } _service { sdl } }' }),
    });
    const { data } = (await response.json()) as any;
    expect([data.clockHour, data._service.sdl]).toEqual([{ hour: 5 }, expect.stringContaining('clockHour')]);
    process.emit('SIGTERM');
    expect(await running).toBe(0);
  });

  it('says which connectors there are not', async () => {
    project = await createProject({ 'connectors/clock/connector.ts': connector });
    const terminal = captureTerminal();
    expect(await runCommand(['serve', 'clok', '--insecure-dev', '--config', project.config], terminal)).toBe(1);
    expect(terminal.errors()).toContain(
      'CONNECTOR_UNKNOWN: clok: expected the name of a subgraph (did you mean "clock"?); there is none of this name.',
    );
  });
});
