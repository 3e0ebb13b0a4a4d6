import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';

let project: TemporaryProject | undefined;
const environment = { ...process.env };
afterEach(async () => {
  for (const name of ['PORT', 'HOST', 'CONFIG_PATH']) delete process.env[name];
  Object.assign(process.env, environment);
  await project?.remove();
  project = undefined;
});

const good = `import { defineConnector } from 'plugboard/connector';
export default defineConnector({
  name: 'tiny',
  actions: { ping: { readOnly: true, output: [{ name: 'pong' }], execute: () => ({ pong: 'yes' }) } },
});`;
/** Without \`import\`, so that it can be written in one line. */
const connector = (body: string) => `export default { name: 'tiny', ${body} };`;

async function run(...args: string[]) {
  const terminal = captureTerminal();
  const code = await runCommand(args, terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

/** Runs a command in a project with these files. */
async function runIn(files: Readonly<Record<string, string>>, ...args: string[]) {
  project = await createProject(files);
  const { code, output, errors } = await run(...args, '--config', project.config);
  const shown = (text: string) => text.replaceAll(`${project!.folder}/`, '');
  return { code, output: shown(output), errors: shown(errors) };
}

describe('plugboard', () => {
  it('explains itself, with examples', async () => {
    const { code, output, errors } = await run('--help');
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^Usage: plugboard /);
    for (const command of ['start', 'dev', 'check', 'print']) expect(output).toContain(`\n  ${command} `);
    expect(output).toContain('Examples:\n  $ plugboard start --demo\n');
  });

  it.each(['start', 'dev', 'check', 'print'])('explains %s, with examples', async (command) => {
    const { code, output } = await run(command, '--help');
    expect(code).toBe(0);
    expect(output).toContain(`Usage: plugboard ${command}`);
    expect(output).toMatch(/Examples:\n {2}\$ plugboard /);
    expect(output).toContain('CONFIG_PATH');
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(await run('--version')).toEqual({ code: 0, output: `${version}\n`, errors: '' });
  });

  it.each([
    [['chek'], /error: unknown command 'chek'\n\(Did you mean check\?\)/],
    [['check', '--fast'], /error: unknown option '--fast'/],
    [
      ['print', 'graph'],
      /error: command-argument value 'graph' is invalid for argument 'what'\. Allowed choices are schema, subgraph, supergraph\./,
    ],
    [['print'], /error: missing required argument 'what'/],
    [
      ['start', '--port', 'http'],
      /error: option '--port <number>' argument 'http' is invalid\. expected a port, a whole number from 0 to 65535\./,
    ],
    [['start', '--port', '70000'], /expected a port/],
    [
      ['print', 'supergraph', 'extra'],
      /error: too many arguments for 'print supergraph'\. Expected none after it; got 'extra'\./,
    ],
    [['start', '--demo', '--config', '/nope'], /error: option '--demo' cannot be used with option '--config <file>'/],
  ])('does not understand %j: exit code 2', async (args, message) => {
    const { code, output, errors } = await run(...args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(message);
  });

  it('explains itself where nothing is asked', async () => {
    const { code, errors } = await run();
    expect(code).toBe(2);
    expect(errors).toMatch(/^Usage: plugboard /);
  });
});

describe('plugboard check', () => {
  it('says that all is well', async () => {
    const { code, output, errors } = await runIn({ 'connectors/tiny/connector.ts': good }, 'check');
    expect(errors).not.toMatch(/[A-Z]+_[A-Z]+:/);
    expect(output).toBe('ok: 1 connector, 1 root field, 0 entities compose.\n');
    expect(code).toBe(0);
  });

  it('warns without failing', async () => {
    const file = connector('titl: "Tiny", actions: { ping: { readOnly: true, execute: () => 1 } }');
    const { code, errors } = await runIn({ 'connectors/tiny/connector.ts': file }, 'check');
    expect(errors).toContain('warning: tiny.titl: this key is not known and has no effect (did you mean "title"?).');
    expect(code).toBe(0);
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'no connectors folder',
      {},
      /CONNECTOR_LOAD_FAILED: .*connectors: expected a folder with one folder per connector; it cannot be read \(ENOENT\)\.\n1 fault\.\n$/,
    ],
    [
      'a syntax error',
      { 'connectors/tiny/connector.ts': 'export default {' },
      /CONNECTOR_LOAD_FAILED: .*connectors\/tiny\/connector\.ts: .* ParseError: Unexpected token \(line 1, column \d+\)\n1 fault\.\n$/,
    ],
    [
      'a connector that throws',
      { 'connectors/tiny/connector.ts': 'throw new Error("no")' },
      /CONNECTOR_LOAD_FAILED: .* ended with Error: no\n1 fault\.\n$/,
    ],
    [
      'an unknown type',
      {
        'connectors/tiny/connector.ts': connector(
          'actions: { a: { input: [{ name: "x", type: "int" }], execute: () => 1 } }',
        ),
      },
      /NOTATION_TYPE_UNKNOWN: tiny\.actions\.a\.input\[0\]\.type: expected one of string, .*; got "int" \(did you mean "integer"\?\)\.\n1 fault\.\n$/,
    ],
    [
      'a duplicate field',
      {
        'connectors/tiny/connector.ts': connector(
          'actions: { a: { input: [{ name: "x" }, { name: "x" }], execute: () => 1 } }',
        ),
      },
      /NOTATION_FIELD_DUPLICATE: tiny\.actions\.a\.input\[1\]\.name: /,
    ],
    [
      'a name that is none',
      { 'connectors/tiny/connector.ts': 'export default { name: "7up" }' },
      /CONNECTOR_NAME: .*connectors\/tiny\/connector\.ts\.name: expected letters, .*; got "7up"\.\n1 fault/,
    ],
    [
      'two connectors of one name',
      { 'connectors/a/connector.ts': good, 'connectors/b/connector.ts': good },
      /CONNECTOR_DUPLICATE: .*connectors\/b: expected a name of its own; "tiny" is also the connector in .*connectors\/a\.\n1 fault\.\n$/,
    ],
    [
      'two faults',
      { 'connectors/tiny/connector.ts': connector('actions: { a: {}, b: {} }') },
      /ACTION_INVALID: tiny\.actions\.a\.execute: expected a function; got nothing\.\nACTION_INVALID: tiny\.actions\.b\.execute: expected a function; got nothing\.\n2 faults\.\n$/,
    ],
    [
      'a key that is no field',
      { 'connectors/tiny/connector.ts': connector('objects: { o: { fields: [{ name: "id" }], key: "ids" } }') },
      /KEY_UNKNOWN: tiny\.objects\.o\.key: /,
    ],
    [
      'references to nothing',
      {
        'connectors/tiny/connector.ts': connector(
          'actions: { a: { readOnly: true, output: [{ name: "x", references: "crm.lead" }], execute: () => 1 } }',
        ),
      },
      /REFERENCE_UNKNOWN: tiny\..*"crm\.lead"/,
    ],
    [
      'a name collision',
      {
        'connectors/tiny/connector.ts': connector(
          'actions: { get_a: { readOnly: true, execute: () => 1 }, list_a: { readOnly: true, execute: () => 1 } }',
        ),
      },
      /NAME_COLLISION: .*get_a.*list_a|NAME_COLLISION: .*list_a.*get_a/,
    ],
    [
      'a configuration of a wrong type',
      { 'connectors/tiny/connector.ts': good, 'plugboard.config.ts': 'export default { port: "1" }' },
      /CONFIGURATION_INVALID: .*plugboard\.config\.ts\.port: expected a number; got a string\.\n1 fault\.\n$/,
    ],
    [
      'an unknown key',
      { 'connectors/tiny/connector.ts': good, 'plugboard.config.ts': 'export default { prt: 1 }' },
      /CONFIGURATION_INVALID: .*plugboard\.config\.ts\.prt: this key is not known \(did you mean "port"\?\)/,
    ],
    [
      'a configuration without default',
      { 'connectors/tiny/connector.ts': good, 'plugboard.config.ts': 'export const x = 1' },
      /CONFIGURATION_INVALID: .*plugboard\.config\.ts: expected a default export made with defineConfig; got none\.\n/,
    ],
    [
      'a configuration that throws',
      { 'connectors/tiny/connector.ts': good, 'plugboard.config.ts': 'throw new TypeError("no config")' },
      /CONFIGURATION_LOAD_FAILED: .*plugboard\.config\.ts: expected a file that can be loaded; loading it ended with TypeError: no config\n1 fault\.\n$/,
    ],
    [
      'a connection to nothing',
      {
        'connectors/tiny/connector.ts': good,
        'plugboard.config.ts': 'export default { connections: [{ connector: "tny" }] }',
      },
      /CONFIGURATION_INVALID: connections\[0\]\.connector: expected the name of a connector, one of tiny; got "tny"\./,
    ],
  ])('fails with a readable report on %s', async (_what, files, report) => {
    const { code, output, errors } = await runIn(files, 'check');
    expect(errors).toMatch(report);
    expect([code, output]).toEqual([1, '']);
    expect(errors).not.toMatch(/\n\s+at /);
  });

  it('tells the faults of configuration, connectors, graph and connections at once, and none that follow from others', async () => {
    const lost = (name: string, references: string) =>
      `export default { name: '${name}', actions: { a: { readOnly: true, output: [{ name: 'x_id', references: '${references}' }], execute: () => 1 } } };`;
    const { code, errors } = await runIn(
      {
        'plugboard.config.ts': `export default {
          prt: 1,
          port: '1',
          connections: [{ connector: 'crm' }, { connector: 'tiny', fields: { token: 1 } }],
        };`,
        'connectors/a/connector.ts': 'export default {',
        'connectors/b/connector.ts': lost('b', 'crm.lead'),
        'connectors/c/connector.ts': lost('c', 'lead'),
        'connectors/crm/connector.ts': "export default { name: 'crm', actions: { a: {} } };",
        'connectors/tiny/connector.ts': good,
      },
      'check',
    );
    expect(code).toBe(1);
    expect(errors.split('\n').filter((line) => /^[A-Z]+_[A-Z_]+: /.test(line))).toEqual([
      expect.stringMatching(/^CONFIGURATION_INVALID: .*plugboard\.config\.ts\.port: /),
      expect.stringMatching(/^CONFIGURATION_INVALID: .*plugboard\.config\.ts\.prt: /),
      expect.stringMatching(/^CONNECTOR_LOAD_FAILED: .*connectors\/a\/connector\.ts: /),
      expect.stringMatching(/^ACTION_INVALID: crm\.actions\.a\.execute: /),
      expect.stringMatching(/^REFERENCE_UNKNOWN: c\.actions\.a\.output\[0\]\.references: .*"lead"/),
      expect.stringMatching(/^CONFIGURATION_INVALID: connections\[1\]\.fields\.token: /),
    ]);
    expect(errors).toMatch(/\n6 faults\.\n$/);
  });

  it('tells a connection to nothing though the configuration has another fault', async () => {
    const config = 'export default { prt: 1, connections: [{ connector: "tny" }] }';
    const { errors } = await runIn({ 'connectors/tiny/connector.ts': good, 'plugboard.config.ts': config }, 'check');
    expect(errors).toMatch(/plugboard\.config\.ts\.prt: [\s\S]*connections\[0\]\.connector: [\s\S]*2 faults\.\n$/);
  });

  it('warns of a folder without a connector', async () => {
    const { code, errors, output } = await runIn({ 'connectors/README.md': '' }, 'check');
    expect(errors).toMatch(/warning: .*connectors: holds no folder with a connector, so nothing is served from it\.\n/);
    expect([code, output]).toEqual([0, 'ok: 0 connectors, 0 root fields, 0 entities compose.\n']);
  });

  it('asks nobody what is imported, and takes what is configured for that', async () => {
    const config = `export default {
      imports: { lumos: [{ name: 'hr', url: 'https://hr.example.test/' }] },
      registrations: [{ connector: 'hr' }],
      connections: [{ connector: 'hr', fields: { key: 'x' } }, { connector: 'other' }],
    }`;
    const { errors } = await runIn({ 'connectors/tiny/connector.ts': good, 'plugboard.config.ts': config }, 'check');
    expect(errors).toMatch(/^CONFIGURATION_INVALID: connections\[1\]\.connector: .* got "other"\.\n1 fault\.\n$/m);
  });

  it('names a configuration file that does not exist', async () => {
    const { code, errors } = await run('check', '--config', '/nowhere/plugboard.config.ts');
    expect(code).toBe(1);
    expect(errors).toBe(
      'CONFIGURATION_MISSING: /nowhere/plugboard.config.ts: expected a configuration file (--config or CONFIG_PATH); there is none at this path.\n1 fault.\n',
    );
    process.env['CONFIG_PATH'] = '/elsewhere.ts';
    expect((await run('check')).errors).toContain('CONFIGURATION_MISSING: /elsewhere.ts: ');
  });

  it('writes the generated files, and tells which are stale, absent or of nobody', async () => {
    const files = { 'connectors/tiny/connector.ts': good };
    const written = await runIn(files, 'check', '--write');
    expect(written.output).toContain('wrote schema/supergraph.graphql\n');
    const { folder, config } = project!;
    expect((await run('check', '--generated', '--config', config)).code).toBe(0);
    const subgraph = join(folder, 'schema/subgraphs/tiny.graphql');
    await writeFile(subgraph, (await readFile(subgraph, 'utf8')).replace('tinyPing', 'tinyPong'));
    await rm(join(folder, 'schema/supergraph.graphql'));
    await writeFile(join(folder, 'schema/subgraphs/gone.graphql'), 'type Query { x: Int }');
    const { code, errors } = await run('check', '--generated', '--config', config);
    expect(code).toBe(1);
    expect(errors).toMatch(
      /GENERATED_STALE: .*tiny\.graphql: line \d+: expected "tinyPing.*"; got "tinyPong.*"\. Run `plugboard check --write` and review the difference\.\n/,
    );
    expect(errors).toMatch(
      /GENERATED_STALE: .*supergraph\.graphql: expected this generated file; there is none\. Run `plugboard check --write`\.\n/,
    );
    expect(errors).toMatch(
      /GENERATED_STALE: .*gone\.graphql: expected no such file: no connector generates it\. Run `plugboard check --write`\.\n/,
    );
    expect(errors).toMatch(/3 faults\.\n$/);
    expect((await run('check', '--write', '--config', config)).code).toBe(0);
    expect((await run('check', '--generated', '--config', config)).code).toBe(0);
  });
});

describe('plugboard print', () => {
  const files = { 'connectors/tiny/connector.ts': good };

  it.each([
    [['schema'], /type Query \{[^}]*tinyPing\([^)]*\): TinyPingResult\n/],
    [['subgraph', 'tiny'], /extend schema[\s\S]*@link[\s\S]*tinyPing/],
    [['supergraph'], /@link\(url: "https:\/\/specs\.apollo\.dev\/join\/v[\s\S]*tinyPing/],
  ])('prints %j to standard output', async (what, sdl) => {
    const { code, output, errors } = await runIn(files, 'print', ...what);
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(sdl);
    expect(output.endsWith('\n') && !output.endsWith('\n\n')).toBe(true);
  });

  it('names the subgraphs that there are', async () => {
    const { code, errors, output } = await runIn(files, 'print', 'subgraph', 'tny');
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(
      /CONNECTOR_UNKNOWN: print subgraph: expected the name of a connector, one of .*tiny.*; got "tny"\.\n1 fault\.\n$/,
    );
    expect((await run('print', 'subgraph', '--config', project!.config)).errors).toContain('got nothing.');
  });
});

describe('plugboard start', () => {
  it('listens where flag, environment and configuration say, in this order, and stops in order', async () => {
    project = await createProject({
      'connectors/tiny/connector.ts': good,
      'plugboard.config.ts':
        'export default { port: 1, host: "127.0.0.2", explorer: false, insecureDev: true, logLevel: "silent" };',
    });
    process.env['PORT'] = '0';
    process.env['HOST'] = 'localhost';
    process.env['CONFIG_PATH'] = project.config;
    const terminal = captureTerminal();
    const ended = runCommand(['start', '--host', '127.0.0.1'], terminal);
    const [, url] = await terminal.wrote(/serves 1 connector at (http:\/\/127\.0\.0\.1:\d+)\/graphql\n/);
    const response = await fetch(`${url}/graphql?query={tinyPing{pong}}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(await response.json()).toEqual({ data: { tinyPing: { pong: 'yes' } } });
    process.emit('SIGTERM');
    expect(await ended).toBe(0);
    expect(terminal.errors()).toContain('Stopping: answering what is under way.\n');
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('says when the address is taken', async () => {
    project = await createProject({
      'connectors/tiny/connector.ts': good,
      'plugboard.config.ts': 'export default { insecureDev: true, logLevel: "silent" };',
    });
    const { createServer } = await import('node:net');
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const { code, errors } = await run('start', '--port', String(port), '--config', project.config);
    await new Promise((resolve) => holder.close(resolve));
    expect(code).toBe(1);
    expect(errors).toMatch(new RegExp(`ADDRESS_IN_USE: .*127\\.0\\.0\\.1:${port}`));
  });

  it('refuses to ask nobody for credentials where others can come', async () => {
    project = await createProject({ 'connectors/tiny/connector.ts': good });
    const flags = ['--insecure-dev', '--host', '0.0.0.0', '--port', '0', '--config', project.config];
    const { code, errors } = await run('start', ...flags);
    expect(code).toBe(1);
    expect(errors).toMatch(
      /: host: expected a loopback address with insecureDev, which asks nobody .*; got "0\.0\.0\.0"\.\n/,
    );
  });

  it('does not start without a key', async () => {
    project = await createProject({ 'connectors/tiny/connector.ts': good });
    const { code, errors } = await run('start', '--port', '0', '--config', project.config);
    expect(code).toBe(1);
    expect(errors).toMatch(
      /^CONFIGURATION_INVALID: key: expected a key that seals .* Make one with `openssl rand -base64 32`/m,
    );
  });
});
