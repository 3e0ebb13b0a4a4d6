/** A project as it lies on disk: its configuration file and its connectors. */
import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { Configuration } from '../configuration.ts';
import { isPlainObject } from '../connector/check-keys.ts';
import * as define from '../connector/define.ts';
import { createImportSource, type ImportSource } from '../connector/import-source.ts';
import { guardLoading } from '../connector/guard-loading.ts';
import {
  loadConnectors,
  readConnectors,
  type LoadedConnectors,
  type ReadConnectors,
} from '../connector/load-connectors.ts';
import { loadFailure } from '../connector/load-failure.ts';
import { DefinitionError, type Fault } from '../errors.ts';
import { isRemoteSource, type SupergraphSettings } from '../federation/settings.ts';
import * as face from '../index.ts';

export interface Project {
  readonly configuration: Configuration;
  /** Absolute path of the configuration file; `undefined` when there is none and the defaults hold. */
  readonly configurationFile: string | undefined;
  /** Folder that the paths of the configuration are relative to. */
  readonly root: string;
  readonly connectorFolders: readonly string[];
  /** Loads the connectors anew. @throws DefinitionError with all faults */
  readonly loadConnectors: (options?: { readonly fresh?: boolean }) => Promise<LoadedConnectors>;
  /** The good connectors, and the faults of the others. */
  readonly readConnectors: () => Promise<ReadConnectors>;
}

/** A project whose configuration may have faults; what has any is left out of `configuration`. */
export interface ReadProject extends Project {
  readonly faults: readonly Fault[];
}

export interface ProjectOptions {
  /** The configuration file; default `plugboard.config.ts`, `.js` or `.mjs` in the working directory, if there is one. */
  readonly config?: string;
  readonly workingDirectory?: string;
  /** There may be no connectors, where a supergraph is served. */
  readonly mayBeEmpty?: boolean;
  /** Imports `.ts` and `.js` files; tests bring their own. */
  readonly importSource?: ImportSource;
}

const usualNames = ['plugboard.config.ts', 'plugboard.config.js', 'plugboard.config.mjs'];
/** What a project's `import … from 'plugboard'` gives: the code that is running. */
const modules = { plugboard: face, 'plugboard/connector': define };

/**
 * Finds and checks the configuration of a project.
 *
 * @throws DefinitionError CONFIGURATION_MISSING, CONFIGURATION_LOAD_FAILED, CONFIGURATION_INVALID
 */
export async function loadProject(options: ProjectOptions = {}): Promise<Project> {
  const { faults, ...project } = await readProject(options);
  if (faults.length > 0) throw new DefinitionError(faults);
  return project;
}

/**
 * The same with the faults of the configuration beside what is sound of it, so that a check can go on.
 *
 * @throws DefinitionError CONFIGURATION_MISSING
 */
export async function readProject(options: ProjectOptions = {}): Promise<ReadProject> {
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const importSource = options.importSource ?? createImportSource({ modules });
  const file = await findConfiguration(options.config, workingDirectory);
  const { found, faults } =
    file === undefined ? noConfiguration : await readConfiguration(file, workingDirectory, importSource);
  const root = file === undefined ? workingDirectory : dirname(file);
  const configuration = withPathsBelow(root, found ?? {});
  const folders = await connectorFoldersOf(found, root, options.mayBeEmpty ?? false);
  return {
    configuration,
    configurationFile: file,
    root,
    connectorFolders: folders.map((folder) => relative(workingDirectory, folder) || '.'),
    faults,
    loadConnectors: ({ fresh = false } = {}) =>
      loadConnectors(folders, fresh && !options.importSource ? createImportSource({ modules, fresh }) : importSource),
    readConnectors: () => readConnectors(folders, importSource),
  };
}

/** Absolute paths. Where the configuration that says it cannot be loaded, the usual folder if there is one, as where subgraphs of others are served. */
async function connectorFoldersOf(
  configuration: Configuration | undefined,
  root: string,
  mayBeEmpty: boolean,
): Promise<string[]> {
  const folders = [configuration?.connectors ?? 'connectors'].flat().map((folder) => resolve(root, folder));
  const isThere = (folder: string) =>
    stat(folder).then(
      () => true,
      () => false,
    );
  const { connectors, supergraph, subgraphs } = configuration ?? {};
  const isOptional = connectors === undefined && (mayBeEmpty || supergraph !== undefined || subgraphs !== undefined);
  return (configuration && !isOptional) || (await isThere(folders[0]!)) ? folders : [];
}

/** Paths of the configuration are relative to its file, whatever the working directory is; a URL is no path. */
function withPathsBelow(root: string, configuration: Configuration): Configuration {
  const { store, keyFile, operations, subgraphs, supergraph } = configuration;
  const list = operations && (operations.list ?? (operations.only ? usualOperationList : undefined));
  const isFile = store !== undefined && store !== ':memory:' && !/^postgres(ql)?:/.test(store);
  return {
    ...configuration,
    ...(isFile && { store: resolve(root, store) }),
    ...(keyFile !== undefined && { keyFile: resolve(root, keyFile) }),
    ...(list !== undefined && { operations: { ...operations, list: resolve(root, list) } }),
    ...(subgraphs && {
      subgraphs: subgraphs.map((each) => (each.sdl === undefined ? each : { ...each, sdl: resolve(root, each.sdl) })),
    }),
    ...(supergraph !== undefined && { supergraph: withPath(root, supergraph) }),
  };
}

function withPath(root: string, given: string | SupergraphSettings): SupergraphSettings {
  const settings = typeof given === 'string' ? { source: given } : given;
  return isRemoteSource(settings.source) ? settings : { ...settings, source: resolve(root, settings.source) };
}

/** Of operations, where only those are answered and nobody says where they stand. */
export const usualOperationList = 'operations.json';

async function findConfiguration(given: string | undefined, workingDirectory: string): Promise<string | undefined> {
  for (const name of given === undefined ? usualNames : [given]) {
    const file = resolve(workingDirectory, name);
    if (
      await stat(file).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      return file;
  }
  if (given === undefined) return undefined;
  const message = 'expected a configuration file (--config or CONFIG_PATH); there is none at this path.';
  throw new DefinitionError([{ code: 'CONFIGURATION_MISSING', path: given, message }]);
}

interface FoundConfiguration {
  /** What is sound of it; `undefined` when the file could not be loaded. */
  readonly found: Configuration | undefined;
  readonly faults: readonly Fault[];
}

const noConfiguration: FoundConfiguration = { found: {}, faults: [] };

async function readConfiguration(
  file: string,
  workingDirectory: string,
  importSource: ImportSource,
): Promise<FoundConfiguration> {
  const path = relative(workingDirectory, file);
  const code = 'CONFIGURATION_LOAD_FAILED';
  let exported: { default?: unknown };
  try {
    exported = (await guardLoading(() => importSource(file), { code, path })) as { default?: unknown };
  } catch (error) {
    if (error instanceof DefinitionError && error.code === code) return { found: undefined, faults: error.faults };
    const { reason, file: culprit = file } = loadFailure(error);
    const message = `expected a file that can be loaded; loading it ended with ${reason}`;
    return { found: undefined, faults: [{ code, path: relative(workingDirectory, culprit), message }] };
  }
  if (exported.default === undefined) {
    const message = 'expected a default export made with defineConfig; got none.';
    return { found: undefined, faults: [{ code: 'CONFIGURATION_INVALID', path, message }] };
  }
  const { checkConfiguration } = await import('../check-configuration.ts');
  try {
    return { found: checkConfiguration(exported.default, path), faults: [] };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return { found: soundPart(exported.default, error.faults, path), faults: error.faults };
  }
}

/** The keys of a configuration whose values have no fault. */
function soundPart(configuration: unknown, faults: readonly Fault[], path: string): Configuration {
  if (!isPlainObject(configuration)) return {};
  const hasFault = (key: string) => {
    const prefix = `${path}.${key}`;
    return faults.some((fault) => fault.path.startsWith(prefix) && /^(?:$|[.[])/.test(fault.path.slice(prefix.length)));
  };
  return Object.fromEntries(Object.entries(configuration).filter(([key]) => !hasFault(key)));
}
