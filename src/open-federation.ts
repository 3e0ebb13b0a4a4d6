/** The graph that is served where subgraphs of others are configured: planned over them and what is in this process. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Configuration } from './configuration.ts';
import { DefinitionError, formatFault, type Fault } from './errors.ts';
import { createFederatedGraph } from './federation/federated-graph.ts';
import { createLocalSubgraph } from './federation/local-subgraph.ts';
import { createReach, type RemoteReach } from './federation/create-reach.ts';
import type { ReachSubgraph } from './federation/reach-subgraph.ts';
import { askSubgraphSdl, askSupergraph, readSdlFile } from './federation/read-sdl.ts';
import { isRemoteSource, type SubgraphSettings, type SupergraphSettings } from './federation/settings.ts';
import { graphsOf, invalid } from './federation/supergraph-graphs.ts';
import { wholeName } from './graph/whole-subgraph.ts';
import { createSender, type Sender, type SenderOptions } from './http/send.ts';
import { createSocketGuard, type SocketGuard } from './http/socket-guard.ts';
import type { Logger } from './open-log.ts';
import type { ServedGraph } from './resolvers/served-graph.ts';
import type { GraphSource } from './server/graph-source.ts';
import { withoutAbsent } from './without-absent.ts';

export interface Federation {
  readonly graphs: GraphSource;
  readonly close: () => Promise<void>;
}

export interface FederationOptions {
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What this process serves alone. */
  readonly local: GraphSource;
  readonly logger: Logger;
  /** What the configuration does not say about the outbound client; for tests. */
  readonly sender?: SenderOptions | undefined;
}

/**
 * Opens the subgraphs and plans over them; `undefined` where none are configured.
 *
 * A subgraph or a supergraph's URL that is away at start is asked again until it answers; what is served meanwhile is the rest.
 *
 * @throws DefinitionError SUBGRAPH_INVALID, SUPERGRAPH_INVALID, COMPOSITION_FAILED with what somebody has to mend.
 */
export async function openFederation(options: FederationOptions): Promise<Federation | undefined> {
  const { subgraphs = [], supergraph } = options.configuration;
  if (supergraph === undefined && subgraphs.length === 0) return undefined;
  const settings = supergraphSettings(supergraph);
  const opened = openOutbound(options, subgraphs, settings);
  try {
    const sdl = settings ? supergraphFrom(settings, opened, options) : composedFrom(subgraphs, opened, options);
    return await serve(sdl, opened, options);
  } catch (error) {
    await opened.sender.close();
    throw error;
  }
}

/** Where the SDL of the supergraph comes from. */
interface SdlSource {
  /** The SDL now. @throws DefinitionError with why there is none */
  readonly read: () => Promise<string>;
  /** Looks for another one; `true` when there is one. Absent: it never changes by itself. */
  readonly look?: () => Promise<boolean>;
  /** Milliseconds until it is looked at again; `undefined`: no more. */
  readonly pauseMs: () => number | undefined;
  /** What is wrong with parts that are left out. */
  readonly faults: () => readonly Fault[];
}

interface Outbound {
  readonly sender: Sender;
  readonly guard: SocketGuard;
  readonly headersOf: (settings: Pick<SubgraphSettings, 'headers'>, path: string) => Readonly<Record<string, string>>;
  readonly settingsOf: ReadonlyMap<string, SubgraphSettings>;
}

function openOutbound(
  { configuration, environment, sender: forTests }: FederationOptions,
  subgraphs: readonly SubgraphSettings[],
  supergraph: SupergraphSettings | undefined,
): Outbound {
  const { allowHttp = false, maxAnswerBytes, allowedPrivateOrigins = [] } = configuration.http ?? {};
  const named = [
    ...subgraphs
      .filter(({ allowPrivateAddress }) => allowPrivateAddress)
      .flatMap(({ url, subscriptions }) => [url, subscriptions?.url]),
    ...(supergraph?.allowPrivateAddress ? [supergraph.source] : []),
  ];
  const origins = named.flatMap((url) => (url === undefined ? [] : [new URL(url.replace(/^ws/, 'http')).origin]));
  const allowed = [...allowedPrivateOrigins, ...origins];
  const faults: Fault[] = [];
  const headersOf: Outbound['headersOf'] = ({ headers = {} }, path) =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        textOf(value, `${path}.headers.${name}`, environment, faults),
      ]),
    );
  for (const each of subgraphs) headersOf(each, `subgraphs.${each.name}`);
  if (faults.length > 0) throw new DefinitionError(faults);
  return {
    sender: createSender({
      allowHttp,
      allowedPrivateOrigins: allowed,
      ...withoutAbsent({ maxAnswerBytes }),
      // Each subgraph has a limit of its own; a subscription by events is one long answer.
      firstByteTimeoutMs: 120_000,
      totalTimeoutMs: 120_000,
      transferTimeoutMs: 24 * 3_600_000,
      ...forTests,
    }),
    guard: createSocketGuard({ allowHttp, allowedPrivateOrigins: new Set(allowed) }),
    headersOf,
    settingsOf: new Map(subgraphs.map((each) => [each.name, each])),
  };
}

function textOf(
  value: string | { readonly env: string },
  path: string,
  environment: FederationOptions['environment'],
  faults: Fault[],
): string {
  if (typeof value === 'string') return value;
  const found = environment[value.env];
  const message = `expected the environment variable ${value.env} to be set; it is not.`;
  if (!found) faults.push({ code: 'CONFIGURATION_INVALID', path, message });
  return found ?? '';
}

function supergraphSettings(given: Configuration['supergraph']): SupergraphSettings | undefined {
  return typeof given === 'string' ? { source: given } : given;
}

const defaultPollMs = 10_000;

function supergraphFrom(settings: SupergraphSettings, outbound: Outbound, { logger }: FederationOptions): SdlSource {
  const { source, pollMs = defaultPollMs } = settings;
  if (!isRemoteSource(source)) {
    return { read: () => readSdlFile('supergraph', source), pauseMs: () => undefined, faults: () => [] };
  }
  const place = { path: 'supergraph', url: source, headers: outbound.headersOf(settings, 'supergraph') };
  let sdl: string | undefined;
  let etag: string | undefined;
  const look = async (): Promise<boolean> => {
    const found = await askSupergraph(place, outbound.sender, etag);
    if (!found) return false;
    ({ etag } = found);
    if (found.sdl === sdl) return false;
    ({ sdl } = found);
    logger.debug({ etag }, 'The supergraph changed');
    return true;
  };
  const read = async (): Promise<string> => {
    if (sdl === undefined) await look();
    return sdl!;
  };
  return { read, look, pauseMs: () => pollMs, faults: () => [] };
}

const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

/** Composed here of what this process serves and the SDL of each of the others. */
function composedFrom(
  subgraphs: readonly SubgraphSettings[],
  outbound: Outbound,
  { local }: FederationOptions,
): SdlSource {
  const known = new Map<string, string>();
  const away = new Map<string, readonly Fault[]>();
  let pauseMs = firstPauseMs;
  const askAll = async (): Promise<boolean> => {
    const before = known.size;
    const faults: Fault[] = [];
    await Promise.all(
      subgraphs.map(async (each) => {
        if (known.has(each.name)) return;
        try {
          known.set(each.name, await sdlOf(each, outbound));
          away.delete(each.name);
        } catch (error) {
          if (!(error instanceof DefinitionError)) throw error;
          if (error.faults.every(({ code }) => code === 'SUBGRAPH_UNAVAILABLE')) away.set(each.name, error.faults);
          else faults.push(...error.faults);
        }
      }),
    );
    if (faults.length > 0) throw new DefinitionError(faults);
    return known.size > before;
  };
  return {
    read: async () => {
      if (known.size + away.size === 0) await askAll();
      // Loaded here, because it takes longer to load than all that a start without it needs.
      const { composeSupergraph } = await import('./graph/compose.ts');
      const whole = local.current().whole?.();
      const services = [
        ...(whole ? [{ name: wholeName, sdl: whole.supergraphSdl }] : []),
        ...[...known].map(([name, sdl]) => ({ name, sdl: () => sdl })),
      ];
      return composeSupergraph(services);
    },
    look: async () => {
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      return askAll();
    },
    pauseMs: () => (away.size > 0 ? pauseMs : undefined),
    faults: () => [...away.values()].flat(),
  };
}

function sdlOf(settings: SubgraphSettings, { sender, headersOf }: Outbound): Promise<string> {
  const { name, url, sdl } = settings;
  const path = `subgraphs.${name}`;
  if (sdl !== undefined) return readSdlFile(`${path}.sdl`, sdl);
  if (url !== undefined) return askSubgraphSdl({ path, url, headers: headersOf(settings, path) }, sender);
  throw new DefinitionError([
    { code: 'CONFIGURATION_INVALID', path: `${path}.url`, message: 'expected where it is asked; got nothing.' },
  ]);
}

/** Serves what the source gives, and again whenever it, or what is in this process, changes. */
async function serve(source: SdlSource, outbound: Outbound, options: FederationOptions): Promise<Federation> {
  const { local, logger } = options;
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  let current: ServedGraph | undefined;
  let loadedAt = new Date();
  let faults: readonly Fault[] = [];
  const build = async (): Promise<void> => {
    const supergraphSdl = await source.read();
    const reach = reachAll(supergraphSdl, outbound, options);
    const { subgraph } = local.current();
    current = await createFederatedGraph({ supergraphSdl, reach, ...(subgraph && { subgraph }) }).catch(
      (error: unknown) => {
        if (error instanceof DefinitionError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw invalid('supergraph', `expected a supergraph that can be planned; ${reason}`);
      },
    );
    loadedAt = new Date();
    faults = [];
    for (const listener of listeners) listener();
  };
  /** Keeps what is served, and says why; what is said already is not said again. */
  const tryTo = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const found = error instanceof DefinitionError ? error.faults : [unforeseen(error)];
      const isNew = JSON.stringify(found) !== JSON.stringify(faults);
      faults = found;
      if (!isNew) return;
      const served = current ? 'the one before stays' : 'nothing is served yet';
      logger.error({ faults: found.map(formatFault) }, `The new supergraph cannot be served; ${served}`);
    }
  };
  let turn = Promise.resolve();
  const again = (work: () => Promise<void>): Promise<void> => (turn = turn.then(() => tryTo(work)));
  const isPassing = isRemoteSource(supergraphSettings(options.configuration.supergraph)?.source ?? '');
  await (isPassing ? tryTo(build) : build());
  const stopListening = local.onChange(() => void again(build));
  const looking = lookAgain(source, ending.signal, (changed) =>
    again(async () => {
      const hadFaults = faults.length > 0;
      if ((await source.look!()) || (hadFaults && !changed)) await build();
      if (hadFaults && faults.length === 0) logger.info('The supergraph can be served again');
    }),
  );
  return {
    graphs: {
      current() {
        if (!current) throw new TypeError('No supergraph has been loaded yet.');
        return current;
      },
      status() {
        const below = local.status();
        return {
          ready: current !== undefined && below.ready,
          faults: [...below.faults, ...source.faults(), ...faults],
          loadedAt,
        };
      },
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    async close() {
      stopListening();
      ending.abort();
      await looking;
      await turn;
      await outbound.sender.close();
    },
  };
}

async function lookAgain(
  source: SdlSource,
  signal: AbortSignal,
  look: (changed: boolean) => Promise<void>,
): Promise<void> {
  for (;;) {
    const pauseMs = source.pauseMs();
    if (!source.look || pauseMs === undefined) return;
    // Replicas that began together do not ask together.
    const isOver = await wait(pauseMs * (0.75 + Math.random() / 4), false, { signal, ref: false }).catch(() => true);
    if (isOver) return;
    await look(false);
  }
}

/** How each subgraph of a supergraph is reached: in this process where it is, else where it is said to be. */
function reachAll(
  supergraphSdl: string,
  outbound: Outbound,
  { local }: FederationOptions,
): (name: string) => ReachSubgraph {
  const places = graphsOf(supergraphSdl, 'supergraph');
  const reached = new Map<string, ReachSubgraph>();
  const faults: Fault[] = [];
  for (const [name, placed] of places) {
    const own = name === wholeName ? local.current().whole?.() : local.current().subgraph?.(name);
    const settings = outbound.settingsOf.get(name);
    const url = settings?.url ?? (placed === '' ? undefined : placed);
    if (own && settings?.url === undefined) {
      reached.set(name, { ask: createLocalSubgraph(own), subscribe: own.subscribe });
    } else if (url !== undefined && URL.canParse(url)) {
      const headers = outbound.headersOf(settings ?? {}, `subgraphs.${name}`);
      const remote: RemoteReach = { ...settings, name, url, headers };
      reached.set(name, createReach(remote, outbound));
    } else {
      const message = `expected a URL of subgraph "${name}", in the supergraph or in \`subgraphs\`; got ${JSON.stringify(placed)}.`;
      faults.push({ code: 'SUPERGRAPH_INVALID', path: 'supergraph', message });
    }
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  return (name) => {
    const found = reached.get(name);
    if (found) return found;
    throw new TypeError(`A plan names the subgraph ${name}, which its supergraph does not have.`);
  };
}

function unforeseen(error: unknown): Fault {
  const message = `it cannot be built: ${error instanceof Error ? error.message : String(error)}`;
  return { code: 'SUPERGRAPH_INVALID', path: 'supergraph', message };
}
