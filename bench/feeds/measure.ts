/**
 * Feeds: 1 000 durable feeds of one connection, each polled by itself, on one process and a store on the disk. What that
 * costs while events come, and how long after they happened they are in the log.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { canPin, startChild, type Child, type Usage } from '../child.ts';
import { describeMachine } from '../report.ts';
import type { PollTimes } from './provider.ts';

interface Pace {
  readonly trigger: string;
  readonly intervalMs: number;
  /** How long it is measured, after one interval that is not. */
  readonly seconds: number;
}

const paces = {
  full: [
    { trigger: 'orderInBranchEachMinute', intervalMs: 60_000, seconds: 120 },
    { trigger: 'orderInBranchEach10Seconds', intervalMs: 10_000, seconds: 60 },
    { trigger: 'orderInBranchEach2Seconds', intervalMs: 2_000, seconds: 30 },
  ],
  quick: [{ trigger: 'orderInBranchEach10Seconds', intervalMs: 10_000, seconds: 20 }],
} satisfies Record<string, readonly Pace[]>;
const feedCount = 1_000;
const perSecond = 20;

export async function measureFeeds({ quick }: { readonly quick: boolean }): Promise<void> {
  const isPinned = canPin(cpus().length);
  const core = isPinned ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const rows: string[] = [];
  for (const pace of quick ? paces.quick : paces.full) {
    process.stderr.write(`feeds: a poll each ${pace.intervalMs / 1000} s\n`);
    rows.push(describe(pace, await measure(pace, core)));
  }
  console.log(`${describeMachine(0)}${isPinned ? ', the gateway on a core of its own' : ''}`);
  console.log(`${feedCount} feeds, ${perSecond} events a second\n`);
  console.log(rows.join('\n'));
}

interface Measured {
  readonly cpuOfCore: number;
  readonly pollsPerSecond: number;
  readonly gapsMs: readonly number[];
  /** From when an event happened to when it was logged. */
  readonly lagsMs: readonly number[];
  readonly residentMiB: number;
}

interface Cores {
  readonly measured: number | undefined;
  readonly others: number | undefined;
}

async function measure(pace: Pace, core: Cores): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-feeds-'));
  const children: Child[] = [];
  const start = async (...given: Parameters<typeof startChild>): Promise<Child> => {
    const child = await startChild(...given);
    children.push(child);
    return child;
  };
  try {
    const provider = await start('./feeds/provider.js', { ...optional(core.others) });
    const args = [String(provider.ready.origin), folder];
    const server = await start('./plugboard.js', { ...optional(core.measured), args, nodeFlags: ['--expose-gc'] });
    await startFeeds(Number(server.ready.port), pace.trigger);
    // Every feed has had its first poll, and a second where the jitter is least.
    await sleep(pace.intervalMs);
    const running = await run(pace, provider, server);
    const residentMiB = (await server.ask<number>('resident')) / 2 ** 20;
    // Until the last events were polled too.
    await sleep(pace.intervalMs * 1.1 + 2_000);
    const placed = await provider.ask<number>('placed');
    await Promise.all(children.splice(0).map((child) => child.stop()));
    const lagsMs = await readLags(join(folder, 'plugboard.sqlite'));
    if (lagsMs.length !== placed) throw new Error(`${placed} events happened, ${lagsMs.length} were logged.`);
    return { ...running, residentMiB, lagsMs };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await rm(folder, { recursive: true });
  }
}

async function run(
  { seconds }: Pace,
  provider: Child,
  server: Child,
): Promise<Pick<Measured, 'cpuOfCore' | 'pollsPerSecond' | 'gapsMs'>> {
  await provider.ask('pollTimes');
  const startedAt = performance.now();
  const before = await server.ask<Usage>('usage');
  await provider.ask('emit', { events: seconds * perSecond, perSecond, branchCount: feedCount });
  const after = await server.ask<Usage>('usage');
  const elapsedMs = performance.now() - startedAt;
  const { polls, gapsMs } = await provider.ask<PollTimes>('pollTimes');
  return {
    cpuOfCore: (after.cpuMicroseconds - before.cpuMicroseconds) / 1000 / elapsedMs,
    pollsPerSecond: (polls / elapsedMs) * 1000,
    gapsMs,
  };
}

/** A few at a time. */
async function startFeeds(port: number, trigger: string): Promise<void> {
  let next = 0;
  const starting = Array.from({ length: 16 }, async () => {
    while (next < feedCount) await startFeed(port, trigger, next++);
  });
  await Promise.all(starting);
}

export async function startFeed(port: number, trigger: string, branch: number): Promise<void> {
  const query = `mutation { startFeed(connector: "shop", trigger: "${trigger}", input: { branch: ${branch} }) { state } }`;
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  if (!text.includes('"RUNNING"')) throw new Error(`A feed did not start: ${text}`);
}

/** Of every event that was logged, in milliseconds. */
async function readLags(file: string): Promise<readonly number[]> {
  const store = await createSqliteStore({ file });
  const lags: number[] = [];
  try {
    for (let after: string | undefined; ;) {
      const records = await store.records.list('feed', {}, { limit: 1_000, ...(after !== undefined && { after }) });
      for (const { id } of records) {
        const { events } = await store.feedLog.read(id, 0);
        lags.push(...events.map(({ occurredAt, receivedAt }) => receivedAt - occurredAt!));
      }
      if (records.length < 1_000) return lags;
      after = records.at(-1)!.id;
    }
  } finally {
    await store.close();
  }
}

function describe({ intervalMs }: Pace, { cpuOfCore, pollsPerSecond, gapsMs, lagsMs, residentMiB }: Measured): string {
  const both = (values: readonly number[]) => [0.5, 0.99].map((part) => (quantile(values, part) / 1000).toFixed(2));
  return [
    `a poll each ${intervalMs / 1000} s`.padEnd(18),
    `${pollsPerSecond.toFixed(0).padStart(4)} polls/s`,
    `${(cpuOfCore * 100).toFixed(0)} % of a core`,
    `${((cpuOfCore * 1e6) / pollsPerSecond).toFixed(0)} CPU µs/poll`,
    `between polls p50 ${both(gapsMs).join(' p99 ')} s`,
    `lag p50 ${both(lagsMs).join(' p99 ')} s`,
    `RSS ${residentMiB.toFixed(0)} MiB`,
  ].join('  ');
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function optional(core: number | undefined): { core?: number } {
  return core === undefined ? {} : { core };
}
