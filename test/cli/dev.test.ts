import { afterEach, describe, expect, it } from '@jest/globals';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { watchProject } from '../../src/cli/dev.ts';
import { createGateway } from '../../src/gateway.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { serve } from '../../src/cli/start.ts';
import {
  captureTerminal,
  createProject,
  type CapturedTerminal,
  type TemporaryProject,
} from '../support/temporary-project.ts';

const version = (text: string) => `
import { defineConnector } from 'plugboard/connector';
import { answer } from './answer.ts';
export default defineConnector({
  name: 'tiny',
  actions: { ping: { readOnly: true, output: [{ name: 'pong' }], execute: () => ({ pong: '${text}' + answer }) } },
});`;

let project: TemporaryProject;
let serving: Serving;
let stopWatching: () => Promise<void>;
afterEach(async () => {
  await stopWatching();
  await serving.close();
  await project.remove();
});

async function startWatching(): Promise<CapturedTerminal> {
  project = await createProject({
    'connectors/tiny/connector.ts': version('one'),
    'connectors/tiny/answer.ts': "export const answer = '!';",
    'plugboard.config.ts': 'export default { explorer: false, insecureDev: true, logLevel: "silent" };',
  });
  const terminal = captureTerminal();
  serving = await serve({ config: project.config, port: 0 }, terminal);
  stopWatching = await watchProject(serving, terminal);
  return terminal;
}

async function pong(): Promise<unknown> {
  const response = await fetch(`${serving.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ tinyPing { pong } }"}',
  });
  return ((await response.json()) as { data: { tinyPing: { pong: string } } }).data.tinyPing.pong;
}

async function health(): Promise<{ status: string; faults: { path: string; message: string }[] }> {
  return (await (await fetch(`${serving.url}/healthz`)).json()) as never;
}

describe('plugboard dev', () => {
  it('serves what was changed, in the entry and in its parts', async () => {
    const terminal = await startWatching();
    expect(await pong()).toBe('one!');
    await project.write('connectors/tiny/connector.ts', version('two'));
    await terminal.wrote(/Reloaded: 1 connector\n/);
    expect(await pong()).toBe('two!');
    await project.write('connectors/tiny/answer.ts', "export const answer = '?';");
    await terminal.wrote(/(Reloaded: 1 connector\n[\s\S]*){2}/);
    expect(await pong()).toBe('two?');
  });

  it('keeps the last good graph on every fault, shows the fault, and recovers', async () => {
    const terminal = await startWatching();
    await project.write('connectors/tiny/connector.ts', 'export default {');
    await terminal.wrote(/CONNECTOR_LOAD_FAILED: .*Unexpected token[\s\S]*The last good graph is still served\.\n/);
    expect(await pong()).toBe('one!');
    expect(await health()).toMatchObject({
      status: 'degraded',
      faults: [{ path: expect.stringContaining('connectors/tiny/connector.ts') }],
    });

    await project.write('connectors/tiny/connector.ts', "export default { name: 'tiny', actions: { ping: {} } };");
    await terminal.wrote(/ACTION_INVALID: tiny\.actions\.ping\.execute: expected a function; got nothing\.\n/);
    expect(await pong()).toBe('one!');

    const reference =
      "export default { name: 'tiny', actions: { ping: { readOnly: true, output: [{ name: 'x', references: 'crm.lead' }], execute: () => 1 } } };";
    await project.write('connectors/tiny/connector.ts', reference);
    await terminal.wrote(/REFERENCE_UNKNOWN: /);
    expect(await pong()).toBe('one!');

    await rm(join(project.folder, 'connectors/tiny/connector.ts'));
    await terminal.wrote(/found none\./);
    expect(await pong()).toBe('one!');

    await project.write('connectors/tiny/connector.ts', version('three'));
    await terminal.wrote(/Reloaded: 1 connector\n/);
    expect(await pong()).toBe('three!');
    expect(await health()).toMatchObject({ status: 'ok', faults: [] });
  });

  it('goes on watching a folder that was moved away and back', async () => {
    const terminal = await startWatching();
    const [folder, elsewhere] = [join(project.folder, 'connectors'), join(project.folder, 'elsewhere')];
    await rename(folder, elsewhere);
    await terminal.wrote(/it cannot be read \(ENOENT\)/);
    await rename(elsewhere, folder);
    await terminal.wrote(/Reloaded: 1 connector\n/);
    await project.write('connectors/tiny/connector.ts', version('two'));
    await terminal.wrote(/(Reloaded: 1 connector\n[\s\S]*){2}/);
    expect(await pong()).toBe('two!');
  });

  it('asks for a restart when the configuration changes', async () => {
    const terminal = await startWatching();
    await project.write('plugboard.config.ts', 'export default { explorer: true };');
    await terminal.wrote(/^plugboard\.config\.ts has changed\. Restart to use what it says now\.\n/m);
  });

  it('reloads when a file of the schema changes, other than one that is generated', async () => {
    const terminal = await startWatching();
    await project.write('schema/supergraph.graphql', 'type Query { x: Int }');
    await project.write('schema/subgraphs/tiny.graphql', 'type Query { x: Int }');
    await project.write('plugboard.config.ts', 'export default { explorer: true };');
    await terminal.wrote(/has changed/);
    expect(terminal.output()).not.toContain('Reloaded');
    await project.write('schema/links.graphql', 'type Query { x: Int }');
    await terminal.wrote(/Reloaded: 1 connector\n/);
  });

  it.each([
    ['once, as text', false, []],
    ['in the log of a gateway that runs alone', undefined, [expect.stringContaining('REFERENCE_UNKNOWN: ')]],
  ])('tells a fault %s', async (_where, logFaults, logged) => {
    await startWatching();
    const lines: string[] = [];
    const gateway = await createGateway({
      connectors: [],
      logFaults,
      logDestination: { write: (line: string) => void lines.push(line) },
      configuration: { insecureDev: true, port: 0 },
    });
    const output = [{ name: 'x', references: 'crm.lead' }];
    const actions = { ping: { readOnly: true, output, execute: () => 1 } };
    expect(await gateway.reload([{ name: 'tiny', actions }])).toHaveLength(1);
    await gateway.close();
    expect(lines.filter((line) => line.includes('faults'))).toEqual(logged);
  });
});
