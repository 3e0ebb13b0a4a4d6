/** `plugboard dev`: serves the gateway and loads connectors anew when a file changes. */
import { basename, dirname, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { DefinitionError, formatFault, type Fault } from '../errors.ts';
import { operationsOf } from '../server/operations/operation-settings.ts';
import { counted } from './counted.ts';
import { examples } from './examples.ts';
import { supergraphFile } from './generated-files.ts';
import type { Project } from './load-project.ts';
import type { Serving } from './serving.ts';
import { addServeOptions, serve, type ServeFlags } from './start.ts';
import type { Terminal } from './terminal.ts';
import { untilStopped } from './until-stopped.ts';

export function addDevCommand(program: Command, terminal: Terminal): void {
  addServeOptions(program.command('dev'))
    .summary('serve, and reload when a file changes')
    .description(
      'Serves the gateway and loads the connectors anew when a file changes. On a fault the last good graph stays served and the fault is shown.',
    )
    .addHelpText('after', examples(['plugboard dev', 'plugboard dev --port 4100']))
    .action(async (flags: ServeFlags) => {
      // They are shown as text here: once is enough.
      const serving = await serve(flags, terminal, { logFaults: false });
      const stopWatching = await watchProject(serving, terminal);
      await untilStopped(async () => {
        await stopWatching();
        await serving.close();
      }, terminal);
    });
}

/** Editors write a file in several steps; a reload waits until there was quiet for so long. */
const quietMs = 80;

/**
 * Reloads the gateway whenever a file of a connector or of the schema changes, one reload at a time; a changed
 * configuration asks for a restart.
 *
 * @returns the function that ends the watching.
 */
export async function watchProject(serving: Serving, terminal: Terminal): Promise<() => Promise<void>> {
  const { project } = serving;
  if (!project) {
    terminal.warn('The demo has no files to watch.');
    return async () => {};
  }
  const files = watchedFiles(project);
  const reloads = createReloads(() => reload(serving, terminal));
  const restarts = createReloads(async () =>
    terminal.warn(`${basename(files.configuration)} has changed. Restart to use what it says now.`),
  );
  // Loaded here, because `start` needs none.
  const { watch } = await import('chokidar');
  const watcher = watch(files.parents, { ignoreInitial: true, ignored: (path) => !files.includes(path) });
  watcher.on('all', (_event, path) => {
    if (path === files.configuration) restarts.request();
    else if (files.counts(path)) reloads.request();
  });
  await new Promise<void>((ready) => watcher.once('ready', ready));
  terminal.line(`Watching ${project.connectorFolders.join(', ')}`);
  return async () => {
    await watcher.close();
    await Promise.all([reloads.end(), restarts.end()]);
  };
}

/** What is watched: the parents of what counts, since a folder that is moved away and back is another one. */
function watchedFiles({ root, connectorFolders, configurationFile, configuration: configured }: Project) {
  const folders = connectorFolders.map((folder) => resolve(folder));
  const { list } = operationsOf(configured);
  const parents = [
    ...new Set([resolve(root), ...folders.map((folder) => dirname(folder)), ...(list ? [dirname(list)] : [])]),
  ];
  const configuration = configurationFile ?? resolve(root, 'plugboard.config.ts');
  const schema = resolve(root, 'schema');
  const isWritten = (path: string) =>
    dirname(path) === schema && path.endsWith('.graphql') && basename(path) !== supergraphFile;
  const isListed = (path: string) => list !== undefined && (path === list || path.startsWith(`${list}${sep}`));
  const isOfConnector = (path: string) =>
    folders.some((folder) => {
      const below = relative(folder, path);
      return !/^\.\.(?:[/\\]|$)/.test(below) && !/(?:^|[/\\])(?:node_modules|\.git)(?:[/\\]|$)/.test(below);
    });
  const counts = (path: string) => isWritten(path) || isListed(path) || isOfConnector(path);
  const includes = (path: string) =>
    parents.includes(path) || path === configuration || path === schema || counts(path);
  return { parents, configuration, counts, includes };
}

async function reload({ project, gateway }: Serving, terminal: Terminal): Promise<void> {
  if (!project) return;
  try {
    const { loaded, warnings } = await project.loadConnectors({ fresh: true });
    for (const warning of warnings) terminal.warn(`warning: ${warning.path}: ${warning.message}`);
    const faults = await gateway.reload(loaded.map(({ connector }) => connector));
    if (faults.length > 0) show(faults, terminal);
    else terminal.line(`Reloaded: ${counted(loaded.length, 'connector')}`);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    gateway.reportFaults(error.faults);
    show(error.faults, terminal);
  }
}

function show(faults: readonly Fault[], terminal: Terminal): void {
  for (const fault of faults) terminal.warn(formatFault(fault));
  terminal.warn('The last good graph is still served.');
}

/** Runs `work` after a request, once however many come meanwhile, and never twice at the same time. */
function createReloads(work: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  return {
    request: () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        running = running.then(work);
      }, quietMs);
    },
    end: async () => {
      clearTimeout(timer);
      await running;
    },
  };
}
