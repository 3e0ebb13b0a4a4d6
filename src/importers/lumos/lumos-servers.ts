/** The servers of Lumos that are mounted: those that have answered, and those that are asked until they do. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Capability } from '../../connector/capability.ts';
import type { Connector } from '../../connector/definition.ts';
import { DefinitionError, ProviderError, type Fault } from '../../errors.ts';
import type { Sender } from '../../http/send.ts';
import type { LumosServer } from './lumos-connector.ts';
import { isAway, readLumosServer } from './read-lumos-server.ts';

export interface LumosServers {
  /** Of those that have answered, in the order in which they were given. */
  readonly connectors: () => readonly Connector[];
  /** Why the others have not, by their names. */
  readonly away: ReadonlyMap<string, readonly Fault[]>;
  /** Ends the asking. */
  readonly close: () => Promise<void>;
}

export interface LumosServersOptions {
  readonly sender: Sender;
  readonly capabilities: readonly Capability[];
  /** Told why one does not answer, once for each reason. */
  readonly onAway: (name: string, faults: readonly Fault[]) => void;
  /** Told when one that was away has answered. */
  readonly onArrival: (name: string) => void;
  /** Told when one cannot be read for a reason that is nobody's but ours; it is not asked any more. */
  readonly onFailure: (name: string, error: unknown) => void;
}

/** Longer than this no start waits for anybody. */
const startLimitMs = 5_000;
const laterLimitMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

/**
 * Asks each of them for its `info`, all together. One that is away is asked again, after a second at first and then less and
 * less often, at least every five minutes.
 *
 * @throws DefinitionError IMPORT_FAILED, IMPORT_INVALID with the faults of all that somebody has to mend.
 */
export async function openLumosServers(
  servers: readonly LumosServer[],
  options: LumosServersOptions,
): Promise<LumosServers> {
  const ending = new AbortController();
  const there = new Map<string, Connector>();
  const away = new Map<string, readonly Fault[]>();
  const ask = async (server: LumosServer, limitMs: number): Promise<void> => {
    there.set(server.name, await askWithin(limitMs, server, options, ending.signal));
    away.delete(server.name);
  };
  const asked = await Promise.allSettled(servers.map((server) => ask(server, startLimitMs)));
  const faults: Fault[] = [];
  for (const [index, outcome] of asked.entries()) {
    if (outcome.status === 'fulfilled') continue;
    if (!(outcome.reason instanceof DefinitionError)) throw outcome.reason;
    if (isAway(outcome.reason)) away.set(servers[index]!.name, outcome.reason.faults);
    else faults.push(...outcome.reason.faults);
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  const absent = servers.filter(({ name }) => away.has(name));
  const asking = absent.map((server) => keepAsking(server, { ask, away, signal: ending.signal }, options));
  return {
    connectors: () => servers.flatMap(({ name }) => there.get(name) ?? []),
    away,
    async close() {
      ending.abort();
      await Promise.all(asking);
    },
  };
}

interface Asking {
  readonly ask: (server: LumosServer, limitMs: number) => Promise<void>;
  readonly away: Map<string, readonly Fault[]>;
  readonly signal: AbortSignal;
}

async function keepAsking(server: LumosServer, { ask, away, signal }: Asking, options: LumosServersOptions) {
  const { name } = server;
  let told: string | undefined;
  const tell = (faults: readonly Fault[]): void => {
    away.set(name, faults);
    const reason = JSON.stringify(faults);
    if (reason !== told) options.onAway(name, faults);
    told = reason;
  };
  tell(away.get(name)!);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      // Replicas that began together do not ask together.
      await wait(pauseMs * (0.75 + Math.random() / 4), undefined, { signal, ref: false });
      await ask(server, laterLimitMs);
      return options.onArrival(name);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof DefinitionError)) return options.onFailure(name, error);
      tell(error.faults);
    }
  }
}

async function askWithin(
  limitMs: number,
  server: LumosServer,
  { sender, capabilities }: LumosServersOptions,
  ending: AbortSignal,
): Promise<Connector> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await readLumosServer(server, sender, capabilities, AbortSignal.any([ending, limit]));
  } catch (error) {
    if (!limit.aborted) throw error;
    const message = `expected its \`info\` within ${limitMs / 1000} s; it did not answer.`;
    const cause = new ProviderError('PROVIDER_TIMEOUT', message);
    throw new DefinitionError([{ code: 'IMPORT_FAILED', path: `imports.lumos.${server.name}`, message }], { cause });
  }
}
