/** A project as it lies on disk: its configuration file and its connectors. */
import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { Configuration } from '../configuration.ts';
import * as define from '../connector/define.ts';
import { createImportSource, type ImportSource } from '../connector/import-source.ts';
import { loadConnectors, type LoadedConnectors } from '../connector/load-connectors.ts';
import { loadFailure } from '../connector/load-failure.ts';
import { DefinitionError } from '../errors.ts';
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
}

export interface ProjectOptions {
  /** The configuration file; default `plugboard.config.ts`, `.js` or `.mjs` in the working directory, if there is one. */
  readonly config?: string;
  readonly workingDirectory?: string;
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
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const importSource = options.importSource ?? createImportSource({ modules });
  const file = await findConfiguration(options.config, workingDirectory);
  const imported = file === undefined ? {} : await importConfiguration(file, workingDirectory, importSource);
  const root = file === undefined ? workingDirectory : dirname(file);
  const configuration = withStoreBelow(root, imported);
  const folders = [configuration.connectors ?? 'connectors'].flat();
  const connectorFolders = folders.map((folder) => relative(workingDirectory, resolve(root, folder)) || '.');
  return {
    configuration,
    configurationFile: file,
    root,
    connectorFolders,
    loadConnectors: ({ fresh = false } = {}) =>
      loadConnectors(
        connectorFolders.map((folder) => resolve(workingDirectory, folder)),
        fresh && !options.importSource ? createImportSource({ modules, fresh }) : importSource,
      ),
  };
}

/** Paths of the configuration are relative to its file, whatever the working directory is. */
function withStoreBelow(root: string, configuration: Configuration): Configuration {
  const { store } = configuration;
  return store === undefined || store === ':memory:'
    ? configuration
    : { ...configuration, store: resolve(root, store) };
}

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

async function importConfiguration(
  file: string,
  workingDirectory: string,
  importSource: ImportSource,
): Promise<Configuration> {
  const path = relative(workingDirectory, file);
  let exported: { default?: unknown };
  try {
    exported = (await importSource(file)) as { default?: unknown };
  } catch (cause) {
    const message = `expected a file that can be loaded; loading it ended with ${loadFailure(cause)}`;
    throw new DefinitionError([{ code: 'CONFIGURATION_LOAD_FAILED', path, message }], { cause });
  }
  if (exported.default === undefined) {
    const message = 'expected a default export made with defineConfig; got none.';
    throw new DefinitionError([{ code: 'CONFIGURATION_INVALID', path, message }]);
  }
  const { checkConfiguration } = await import('../check-configuration.ts');
  return checkConfiguration(exported.default, path);
}
