import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { watchProject } from '../../src/cli/dev.ts';
import { addServeOptions, serve } from '../../src/cli/start.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { DefinitionError, formatFault } from '../../src/errors.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';

const connector = `
import { defineConnector } from 'plugboard/connector';
export default defineConnector({
  name: 'tiny',
  actions: {
    get_ping: { readOnly: true, output: [{ name: 'pong' }], execute: () => ({ pong: 'yes' }) },
    get_pang: { readOnly: true, output: [{ name: 'pong' }], execute: () => ({ pong: 'no' }) },
  },
});`;
const ping = '{ tinyPing { pong } }';
const pang = '{ tinyPang { pong } }';

let project: TemporaryProject;
let serving: Serving | undefined;
let stopWatching: (() => Promise<void>) | undefined;
beforeEach(async () => {
  project = await createProject({
    'connectors/tiny/connector.ts': connector,
    'plugboard.config.ts': 'export default { explorer: false, insecureDev: true, logLevel: "silent" };',
  });
});
afterEach(async () => {
  await stopWatching?.();
  await serving?.close();
  [serving, stopWatching] = [undefined, undefined];
  await project.remove();
});

const list = (documents: object) => project.write('operations.json', JSON.stringify(documents));

async function ask(body: object): Promise<any> {
  const response = await fetch(`${serving!.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

async function faultsOf(starting: Promise<unknown>): Promise<string[]> {
  const error: unknown = await starting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DefinitionError)) throw error;
  return error.faults.map((fault) => formatFault(fault).replaceAll(`${project.folder}/`, ''));
}

describe('plugboard start --operations only', () => {
  it('answers what operations.json lists beside the configuration, and nothing else', async () => {
    await list({ ping });
    serving = await serve({ config: project.config, port: 0, operations: 'only' }, captureTerminal());
    expect(await ask({ documentId: 'ping' })).toEqual({ data: { tinyPing: { pong: 'yes' } } });
    expect((await ask({ query: pang })).errors[0].extensions.code).toBe('OPERATION_NOT_LISTED');
  });

  it('does not start without a list, nor with faults in it, and tells all of them', async () => {
    const start = (operationsList?: string) =>
      serve({ config: project.config, port: 0, operations: 'only', operationsList }, captureTerminal());
    const expected = 'expected a folder of .graphql files, or a JSON file { "<id>": "<document>" }';
    expect(await faultsOf(start())).toEqual([
      `OPERATION_LIST_INVALID: operations.json: ${expected}; there is nothing at this path.`,
    ]);
    await list({ ping, gone: '{ tinyGone { pong } }', broken: '{', none: 7 });
    expect(await faultsOf(start())).toEqual([
      'OPERATION_LIST_INVALID: operations.json["none"]: expected an id with the text of a document; got a number.',
      'OPERATION_LIST_INVALID: operations.json["gone"]:1:3: Cannot query field "tinyGone" on type "Query". Did you mean "tinyPang" or "tinyPing"?',
      'OPERATION_LIST_INVALID: operations.json["broken"]:1:2: Syntax Error: Expected Name, found <EOF>.',
    ]);
    await project.write('listed/a.graphql', ping);
    serving = await start(join(project.folder, 'listed'));
    expect(await ask({ documentId: 'a' })).toEqual({ data: { tinyPing: { pong: 'yes' } } });
  });

  it('takes both from the environment, and the flag before it', () => {
    const read = (args: readonly string[], environment: Readonly<Record<string, string>>) => {
      Object.assign(process.env, environment);
      try {
        const command = addServeOptions(new Command()).exitOverride();
        const { operations, operationsList } = command.parse(args, { from: 'user' }).opts();
        return { operations, operationsList };
      } finally {
        for (const name of Object.keys(environment)) delete process.env[name];
      }
    };
    const environment = { PLUGBOARD_OPERATIONS: 'only', PLUGBOARD_OPERATIONS_LIST: 'list' };
    expect(read([], environment)).toEqual({ operations: 'only', operationsList: 'list' });
    expect(read(['--operations', 'any'], environment)).toEqual({ operations: 'any', operationsList: 'list' });
    expect(() => read([], { PLUGBOARD_OPERATIONS: 'some' })).toThrow(/Allowed choices are any, only/);
  });
});

describe('a list that changes while the gateway runs', () => {
  it('is read anew; with a fault the list before stays, and the fault is shown', async () => {
    await list({ ping });
    const terminal = captureTerminal();
    serving = await serve({ config: project.config, port: 0, operations: 'only' }, terminal);
    stopWatching = await watchProject(serving, terminal);
    await list({ ping, gone: '{ tinyGone { pong } }' });
    await terminal.wrote(/OPERATION_LIST_INVALID: .*operations\.json\["gone"\]/);
    await terminal.wrote(/last good graph/);
    expect(await ask({ documentId: 'ping' })).toEqual({ data: { tinyPing: { pong: 'yes' } } });
    await list({ pang });
    await terminal.wrote(/Reloaded: 1 connector/);
    expect(await ask({ documentId: 'pang' })).toEqual({ data: { tinyPang: { pong: 'no' } } });
    // What was listed, parsed and remembered before is not there any more.
    for (const named of [{ documentId: 'ping' }, { query: ping }]) {
      expect((await ask(named)).errors[0].extensions.code).toBe('OPERATION_NOT_LISTED');
    }
  });
});

describe('plugboard check', () => {
  it('judges the list of operations too', async () => {
    await project.write('plugboard.config.ts', 'export default { operations: { list: "lists/app.json" } };');
    await project.write('lists/app.json', JSON.stringify({ ping, gone: '{ tinyGone { pong } }' }));
    const terminal = captureTerminal();
    expect(await runCommand(['check', '--config', project.config], terminal)).toBe(1);
    expect(terminal.errors()).toMatch(
      /OPERATION_LIST_INVALID: .*app\.json\["gone"\]:1:3: Cannot query field "tinyGone"/,
    );
    await project.write('lists/app.json', JSON.stringify({ ping }));
    expect(await runCommand(['check', '--config', project.config], captureTerminal())).toBe(0);
  });
});
