import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as define from '../../src/connector/define.ts';
import { createImportSource, type ImportSource } from '../../src/connector/import-source.ts';
import { loadConnectors, readConnectors } from '../../src/connector/load-connectors.ts';
import { DefinitionError, formatFault, ProviderError } from '../../src/errors.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const inHouse: ImportSource = (file) => import(pathToFileURL(file).href);
const modules = { 'plugboard/connector': define };

/** Faults of loading these folders of `fixtures`, with paths relative to it. */
async function faultsOf(folders: readonly string[], importSource: ImportSource = inHouse): Promise<string[]> {
  const error: unknown = await loadConnectors(
    folders.map((folder) => join(fixtures, folder)),
    importSource,
  ).catch((thrown: unknown) => thrown);
  if (!(error instanceof DefinitionError)) throw new Error(`Expected a DefinitionError; got ${String(error)}`);
  return error.faults.map(formatFault).map((text) => text.replaceAll(`${fixtures}/`, ''));
}

describe('loadConnectors', () => {
  it('loads every folder of a folder, in the order of their names', async () => {
    const { loaded, warnings } = await loadConnectors([join(fixtures, '../../../connectors')], inHouse);
    expect(loaded.map(({ connector }) => connector.name)).toEqual([
      'github',
      'my_app',
      'my_calendar',
      'my_locker',
      'netatmo',
      'openweathermap',
      'owncloud',
      'zenodo',
    ]);
    expect(loaded.map(({ folder }) => folder.split('/').at(-1))).toEqual([
      'github',
      'my-app',
      'my-calendar',
      'my-locker',
      'netatmo',
      'openweathermap',
      'owncloud',
      'zenodo',
    ]);
    expect(warnings).toEqual([]);
  });

  it('names a folder that does not exist', async () => {
    expect(await faultsOf(['absent'])).toEqual([
      'CONNECTOR_LOAD_FAILED: absent: expected a folder with one folder per connector; it cannot be read (ENOENT).',
    ]);
    expect(await faultsOf(['broken-syntax/connector.ts'])).toEqual([
      'CONNECTOR_LOAD_FAILED: broken-syntax/connector.ts: expected a folder with one folder per connector; it cannot be read (ENOTDIR).',
    ]);
  });

  it('names a folder without an entry', async () => {
    expect(await faultsOf(['broken-no-entry'])).toEqual([
      'CONNECTOR_LOAD_FAILED: broken-no-entry/only-readme: expected a file connector.ts (or .js, .mjs) whose default export is a connector; found none.',
    ]);
  });

  it('names a file that cannot be parsed, and where', async () => {
    expect(await faultsOf(['broken-syntax'], createImportSource({ modules }))).toEqual([
      'CONNECTOR_LOAD_FAILED: broken-syntax/connector.ts: expected a file that can be loaded; loading connector.ts ended with ParseError: Unexpected token (line 2, column 0)',
    ]);
  });

  it.each([
    ['broken-throws', 'RangeError: no key in the environment'],
    ['broken-throws-text', '"gone"'],
  ])('names a file that throws when it is loaded: %s', async (folder, reason) => {
    const expected = `CONNECTOR_LOAD_FAILED: ${folder}/connector.ts: expected a file that can be loaded; loading connector.ts ended with ${reason}`;
    expect(await faultsOf([folder])).toEqual([expected]);
    expect(await faultsOf([folder], createImportSource({ modules }))).toEqual([expected]);
  });

  it('names a file without a default export', async () => {
    expect(await faultsOf(['broken-no-default'])).toEqual([
      'CONNECTOR_INVALID: broken-no-default/connector.ts: expected a default export made with defineConnector; got none.',
    ]);
  });

  it('checks what did not come through defineConnector', async () => {
    expect(await faultsOf(['broken-definition'])).toEqual([
      'KEY_UNKNOWN: plain.objects.thing.key: expected the name of one of its fields (did you mean "id"?); got "ids".',
      'ACTION_INVALID: plain.actions.ping.execute: expected a function; got nothing.',
    ]);
  });

  it('names both folders of two connectors with one name', async () => {
    expect(await faultsOf(['broken-duplicates'])).toEqual([
      'CONNECTOR_DUPLICATE: broken-duplicates/second: expected a name of its own; "twin" is also the connector in broken-duplicates/first.',
    ]);
  });

  it('tells the faults of all folders at once, and leaves hidden ones alone', async () => {
    const faults = await faultsOf(['broken-many', 'absent', 'broken-throws'], createImportSource({ modules }));
    expect(faults.map((text) => text.split(': ').slice(0, 2).join(': '))).toEqual([
      'KEY_UNKNOWN: plain.objects.thing.key',
      'ACTION_INVALID: plain.actions.ping.execute',
      'CONNECTOR_LOAD_FAILED: broken-many/empty',
      'CONNECTOR_LOAD_FAILED: broken-many/syntax/connector.ts',
      'CONNECTOR_LOAD_FAILED: absent',
      'CONNECTOR_LOAD_FAILED: broken-throws/connector.ts',
    ]);
  });
});

describe('readConnectors', () => {
  it('gives the good ones beside the faults of the others', async () => {
    const folders = ['broken-duplicates', 'broken-throws'].map((folder) => join(fixtures, folder));
    const { loaded, faults } = await readConnectors(folders, inHouse);
    expect(loaded.map(({ connector }) => connector.name)).toEqual(['twin']);
    expect(faults.map(({ code }) => code)).toEqual(['CONNECTOR_LOAD_FAILED', 'CONNECTOR_DUPLICATE']);
  });
});

describe('a connector out of house', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plugboard-load-'));
    await cp(join(fixtures, 'broken-out-of-house'), folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is written with the running copy of `plugboard/connector`', async () => {
    const { loaded } = await loadConnectors([folder], createImportSource({ modules }));
    const { connector } = loaded[0]!;
    expect(connector.name).toBe('packaged');
    expect(() => connector.actions?.ping?.execute(undefined as never, {}, { size: 0 })).toThrow(ProviderError);
  });

  it('is read anew where that is asked for, its parts too', async () => {
    const titleOf = async (importSource: ImportSource) => {
      const { loaded } = await loadConnectors([folder], importSource);
      return loaded[0]?.connector.actions?.ping?.title;
    };
    const first = createImportSource({ modules });
    expect(await titleOf(first)).toBeUndefined();
    await writeFile(
      join(folder, 'actions/ping.ts'),
      "export const ping = { title: 'Ping', readOnly: true, execute: () => ({}) };",
    );
    expect(await titleOf(createImportSource({ modules, fresh: true }))).toBe('Ping');
  });

  it('names the part that cannot be parsed, and where', async () => {
    await writeFile(join(folder, 'actions/ping.ts'), 'export const ping = 1;\nexport const pong = {{;');
    const error: unknown = await loadConnectors([folder], createImportSource({ modules })).catch((thrown) => thrown);
    expect((error as DefinitionError).faults).toEqual([
      {
        code: 'CONNECTOR_LOAD_FAILED',
        path: join(folder, 'actions/ping.ts'),
        message: expect.stringMatching(/loading connector\.ts ended with ParseError: .* \(line 2, column \d+\)$/),
      },
    ]);
  });

  it.each([
    [
      'export default null;',
      'CONNECTOR_INVALID: connector.mjs: expected an object made with defineConnector; got null.',
    ],
    [
      "import { defineConnector } from 'plugboard/connector'; export default defineConnector(null);",
      'CONNECTOR_INVALID: connector.mjs: expected an object made with defineConnector; got null.',
    ],
    [
      "export default { name: '1 a-b' };",
      'CONNECTOR_NAME: connector.mjs.name: expected letters, digits and "_", first a letter, since it begins names in GraphQL; got "1 a-b".',
    ],
    ['export default {};', 'CONNECTOR_INVALID: connector.mjs.name: expected a string; got nothing.'],
  ])('is called by its file where it has no proper name: %s', async (text, told) => {
    await rm(join(folder, 'connector.ts'));
    await writeFile(join(folder, 'connector.mjs'), text);
    const error: unknown = await loadConnectors([folder], createImportSource({ modules, fresh: true })).catch(
      (thrown: unknown) => thrown,
    );
    const faults = (error as DefinitionError).faults.map(formatFault);
    expect(faults.map((fault) => fault.replaceAll(`${folder}/`, ''))).toEqual([told]);
  });

  it('that never ends its loading is told', async () => {
    const never: ImportSource = () => new Promise(() => {});
    await expect(loadConnectors([folder], never, { timeoutMs: 5 })).rejects.toThrow(
      `CONNECTOR_LOAD_FAILED: ${folder}/connector.ts: expected a file that is loaded within 0.005 s; it still waits, maybe at a top-level await.`,
    );
  });

  it('is one at least, else that is odd', async () => {
    const parent = join(folder, 'none');
    await mkdir(parent);
    const { loaded, warnings } = await loadConnectors([parent], inHouse);
    expect(loaded).toEqual([]);
    expect(warnings.map(formatFault)).toEqual([
      `CONNECTOR_LOAD_FAILED: ${parent}: holds no folder with a connector, so nothing is served from it.`,
    ]);
  });

  it('names an import that does not exist', async () => {
    const [fault] = await faultsOf(['broken-import'], createImportSource({ modules }));
    expect(fault).toMatch(
      /^CONNECTOR_LOAD_FAILED: broken-import\/connector\.ts: .* ended with Error: .*plugboard\/connectors/,
    );
  });

  it('may be JavaScript, which is read anew as well', async () => {
    await rm(join(folder, 'connector.ts'));
    const file = join(folder, 'connector.mjs');
    await writeFile(file, "export default { name: 'script' };");
    const nameOf = async () =>
      (await loadConnectors([folder], createImportSource({ modules, fresh: true }))).loaded[0]?.connector.name;
    expect(await nameOf()).toBe('script');
    await writeFile(file, "import { path } from 'plugboard/connector';\nexport default { name: path`renamed` };");
    expect(await nameOf()).toBe('renamed');
  });
});
