/** Loads connectors from a folder of folders, `connectors/<provider>/connector.ts`. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DefinitionError, type Fault } from '../errors.ts';
import { checkConnector } from './check-connector.ts';
import { connectorWarnings } from './define.ts';
import type { Connector } from './definition.ts';
import type { ImportSource } from './import-source.ts';
import { loadFailure } from './load-failure.ts';

/** A connector and the folder that it came from. */
export interface LoadedConnector {
  readonly connector: Connector;
  /** Path of the folder, as it was given. */
  readonly folder: string;
}

export interface LoadedConnectors {
  readonly loaded: readonly LoadedConnector[];
  /** What is odd without being wrong. */
  readonly warnings: readonly Fault[];
}

const entryNames = ['connector.ts', 'connector.js', 'connector.mjs'];

/**
 * Every connector below the given folders, in the order of their names. A folder may itself be one connector.
 *
 * @throws DefinitionError with all faults of all connectors: a folder that does not exist, files that cannot be parsed or
 *   fail when they are loaded, faults of definitions, and two connectors with one name.
 */
export async function loadConnectors(
  folders: readonly string[],
  importSource: ImportSource,
): Promise<LoadedConnectors> {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const loaded: LoadedConnector[] = [];
  for (const parent of folders) {
    for (const folder of await connectorFolders(parent, faults)) {
      const connector = await loadConnector(folder, importSource, faults, warnings);
      if (connector) loaded.push({ connector, folder });
    }
  }
  faults.push(...findDuplicates(loaded));
  if (faults.length > 0) throw new DefinitionError(faults);
  return { loaded, warnings };
}

async function connectorFolders(parent: string, faults: Fault[]): Promise<string[]> {
  if (await findEntry(parent)) return [parent];
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return folders.map((entry) => join(parent, entry.name)).sort();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const message = `expected a folder with one folder per connector; it cannot be read (${reason}).`;
    faults.push({ code: 'CONNECTOR_LOAD_FAILED', path: parent, message });
    return [];
  }
}

async function findEntry(folder: string): Promise<string | undefined> {
  for (const name of entryNames) {
    const file = resolve(folder, name);
    if (
      await stat(file).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

async function loadConnector(
  folder: string,
  importSource: ImportSource,
  faults: Fault[],
  warnings: Fault[],
): Promise<Connector | undefined> {
  const file = await findEntry(folder);
  if (!file) {
    const message = `expected a file connector.ts (or .js, .mjs) whose default export is a connector; found none.`;
    faults.push({ code: 'CONNECTOR_LOAD_FAILED', path: folder, message });
    return undefined;
  }
  try {
    const connector = ((await importSource(file)) as { default?: unknown }).default;
    if (connector === undefined) {
      const message = 'expected a default export made with defineConnector; got none.';
      faults.push({ code: 'CONNECTOR_INVALID', path: file, message });
      return undefined;
    }
    const known = connectorWarnings(connector);
    const own = known ? [] : checkConnector(connector, (warning) => void warnings.push(warning));
    warnings.push(...(known ?? []));
    faults.push(...own);
    return own.length === 0 ? (connector as Connector) : undefined;
  } catch (error) {
    faults.push(...loadFaults(error, file));
    return undefined;
  }
}

function loadFaults(error: unknown, file: string): readonly Fault[] {
  // By its shape: the error may come from another copy of this module, which the project has installed.
  const { faults } = (error ?? {}) as Partial<DefinitionError>;
  if (Array.isArray(faults)) return faults as Fault[];
  const message = `expected a file that can be loaded; loading ${basename(file)} ended with ${loadFailure(error)}`;
  return [{ code: 'CONNECTOR_LOAD_FAILED', path: file, message }];
}

function findDuplicates(loaded: readonly LoadedConnector[]): Fault[] {
  const first = new Map<string, string>();
  return loaded.flatMap(({ connector, folder }) => {
    const other = first.get(connector.name);
    first.set(connector.name, other ?? folder);
    if (other === undefined) return [];
    const message = `expected a name of its own; "${connector.name}" is also the connector in ${other}.`;
    return [{ code: 'CONNECTOR_DUPLICATE' as const, path: folder, message }];
  });
}
