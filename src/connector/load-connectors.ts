/** Loads connectors from a folder of folders, `connectors/<provider>/connector.ts`. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DefinitionError, type Fault } from '../errors.ts';
import { checkConnector } from './check-connector.ts';
import { connectorWarnings } from './define.ts';
import type { Connector } from './definition.ts';
import { guardLoading } from './guard-loading.ts';
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

/** What was found, good and bad. */
export interface ReadConnectors extends LoadedConnectors {
  /** Of those that are not among `loaded`; of two with one name the first is. */
  readonly faults: readonly Fault[];
}

export interface LoadOptions {
  /** Milliseconds that loading one connector may take. Default 30 000. */
  readonly timeoutMs?: number;
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
  options: LoadOptions = {},
): Promise<LoadedConnectors> {
  const { loaded, warnings, faults } = await readConnectors(folders, importSource, options);
  if (faults.length > 0) throw new DefinitionError(faults);
  return { loaded, warnings };
}

/** The same without throwing: the good connectors beside the faults of the others, so that a check can go on with them. */
export async function readConnectors(
  folders: readonly string[],
  importSource: ImportSource,
  options: LoadOptions = {},
): Promise<ReadConnectors> {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const loaded: LoadedConnector[] = [];
  for (const parent of folders) {
    const below = await connectorFolders(parent, faults);
    if (below?.length === 0) {
      const message = 'holds no folder with a connector, so nothing is served from it.';
      warnings.push({ code: 'CONNECTOR_LOAD_FAILED', path: parent, message });
    }
    for (const folder of below ?? []) {
      const connector = await loadConnector(folder, importSource, options, { faults, warnings });
      if (connector) loaded.push({ connector, folder });
    }
  }
  const doubles = findDuplicates(loaded);
  faults.push(...doubles.map(({ fault }) => fault));
  const isDouble = (each: LoadedConnector) => doubles.some(({ double }) => double === each);
  return { loaded: loaded.filter((each) => !isDouble(each)), warnings, faults };
}

async function connectorFolders(parent: string, faults: Fault[]): Promise<string[] | undefined> {
  if (await findEntry(parent)) return [parent];
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return folders.map((entry) => join(parent, entry.name)).sort();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const message = `expected a folder with one folder per connector; it cannot be read (${reason}).`;
    faults.push({ code: 'CONNECTOR_LOAD_FAILED', path: parent, message });
    return undefined;
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
  { timeoutMs }: LoadOptions,
  { faults, warnings }: { readonly faults: Fault[]; readonly warnings: Fault[] },
): Promise<Connector | undefined> {
  const file = await findEntry(folder);
  if (!file) {
    const message = `expected a file connector.ts (or .js, .mjs) whose default export is a connector; found none.`;
    faults.push({ code: 'CONNECTOR_LOAD_FAILED', path: folder, message });
    return undefined;
  }
  try {
    const guard = { code: 'CONNECTOR_LOAD_FAILED', path: file, ...(timeoutMs && { timeoutMs }) } as const;
    const exported = await guardLoading(() => importSource(file), guard);
    const connector = (exported as { default?: unknown }).default;
    if (connector === undefined) {
      const message = 'expected a default export made with defineConnector; got none.';
      faults.push({ code: 'CONNECTOR_INVALID', path: file, message });
      return undefined;
    }
    const known = connectorWarnings(connector);
    const own = known ? [] : checkConnector(connector, (warning) => void warnings.push(inFile(warning, file)));
    warnings.push(...(known ?? []));
    faults.push(...own.map((fault) => inFile(fault, file)));
    return own.length === 0 ? (connector as Connector) : undefined;
  } catch (error) {
    faults.push(...loadFaults(error, file));
    return undefined;
  }
}

/** What has no name to go by is called by its file. */
function inFile(fault: Fault, file: string): Fault {
  return { ...fault, path: fault.path.replace(/^connector(?=$|\.)/, () => file) };
}

function loadFaults(error: unknown, file: string): readonly Fault[] {
  // By its shape: the error may come from another copy of this module, which the project has installed.
  const { faults } = (error ?? {}) as Partial<DefinitionError>;
  if (Array.isArray(faults)) return (faults as Fault[]).map((fault) => inFile(fault, file));
  const { reason, file: culprit = file } = loadFailure(error);
  const message = `expected a file that can be loaded; loading ${basename(file)} ended with ${reason}`;
  return [{ code: 'CONNECTOR_LOAD_FAILED', path: culprit, message }];
}

function findDuplicates(loaded: readonly LoadedConnector[]) {
  const first = new Map<string, string>();
  return loaded.flatMap((double): { readonly double: LoadedConnector; readonly fault: Fault }[] => {
    const { connector, folder } = double;
    const other = first.get(connector.name);
    first.set(connector.name, other ?? folder);
    if (other === undefined) return [];
    const message = `expected a name of its own; "${connector.name}" is also the connector in ${other}.`;
    return [{ double, fault: { code: 'CONNECTOR_DUPLICATE', path: folder, message } }];
  });
}
