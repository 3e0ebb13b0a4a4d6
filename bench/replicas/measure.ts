/**
 * Replicas: 10 000 durable feeds that are polled once a minute by two replicas on one PostgreSQL (`--quick`: 1 000, each 10
 * seconds). How much later than due polls come, and what they cost the replicas and the database. `BENCH_QUEUE=redis://…`
 * hands them out by Redis.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child, type Usage } from '../child.ts';
import { quantile, startFeed } from '../feeds/measure.ts';
import type { PollTimes } from '../feeds/provider.ts';
import { describeMachine } from '../report.ts';
import { startBenchPostgres, type BenchPostgres } from './postgres.ts';

const full = { feedCount: 10_000, trigger: 'orderInBranchEachMinute', intervalMs: 60_000, seconds: 120 };
const quick = { feedCount: 1_000, trigger: 'orderInBranchEach10Seconds', intervalMs: 10_000, seconds: 30 };

export async function measureReplicas(options: { readonly quick: boolean }): Promise<void> {
  const { feedCount, trigger, intervalMs, seconds } = options.quick ? quick : full;
  const postgres = await startBenchPostgres();
  const children: Child[] = [];
  const start = async (...given: Parameters<typeof startChild>): Promise<Child> => {
    const child = await startChild(...given);
    children.push(child);
    return child;
  };
  try {
    const provider = await start('./feeds/provider.js');
    const queue = process.env['BENCH_QUEUE'];
    const key = randomBytes(32).toString('base64');
    const args = [String(provider.ready.origin), postgres.url, key, ...(queue === undefined ? [] : [queue])];
    const replicas = [await start('./plugboard.js', { args }), await start('./plugboard.js', { args })];
    const startedAt = performance.now();
    await startFeeds(replicas, feedCount, trigger);
    process.stderr.write(`replicas: ${feedCount} feeds started in ${elapsed(startedAt).toFixed(0)} s\n`);
    await sleep(intervalMs * 1.2);
    const before = await usageOf(replicas, postgres);
    await provider.ask('pollTimes');
    const measuredAt = performance.now();
    await sleep(seconds * 1_000);
    const { polls, gapsMs } = await provider.ask<PollTimes>('pollTimes');
    const took = elapsed(measuredAt);
    const after = await usageOf(replicas, postgres);
    console.log(
      `${describeMachine(0)}, ${cpus().length} cores shared by all, polls handed out by ${queue ? 'Redis' : 'PostgreSQL'}`,
    );
    const cpu = after.map((used, index) => (used - before[index]!) / took);
    const [one = 0, other = 0, store = 0] = cpu;
    console.log(
      [
        `${feedCount} feeds, a poll each ${intervalMs / 1000} s`,
        `${(polls / took).toFixed(0)} polls/s`,
        `replicas ${(one * 100).toFixed(0)} % + ${(other * 100).toFixed(0)} % of a core (${(polls / took / (one + other)).toFixed(0)} polls/s per core)`,
        `PostgreSQL ${(store * 100).toFixed(0)} % of a core`,
        `between polls p50 ${seconds3(quantile(gapsMs, 0.5))} p99 ${seconds3(quantile(gapsMs, 0.99))} s`,
        `late p99 ${seconds3(Math.max(0, quantile(gapsMs, 0.99) - intervalMs * jittered(0.99)))} s`,
      ].join('  '),
    );
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await postgres.stop();
  }
}

/** Intervals are spread evenly by ±10 %: what a clock that is never late shows at that part. */
function jittered(part: number): number {
  return 0.9 + 0.2 * part;
}

/** A few at a time, at either replica. */
async function startFeeds(replicas: readonly Child[], count: number, trigger: string): Promise<void> {
  let next = 0;
  const starting = Array.from({ length: 16 }, async () => {
    while (next < count) {
      const branch = next++;
      await startFeed(Number(replicas[branch % replicas.length]!.ready['port']), trigger, branch);
    }
  });
  await Promise.all(starting);
}

/** Seconds of processors: of each replica, then of the database. */
async function usageOf(replicas: readonly Child[], postgres: BenchPostgres): Promise<readonly number[]> {
  const used = await Promise.all(replicas.map((replica) => replica.ask<Usage>('usage')));
  return [...used.map(({ cpuMicroseconds }) => cpuMicroseconds / 1e6), await treeSeconds(postgres.processId())];
}

const ticksPerSecond = 100;

/** Of a process with its children, those that have ended included. */
async function treeSeconds(id: number): Promise<number> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  const parts = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  // utime, stime, cutime and cstime.
  const own = parts.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
  const children = await readFile(`/proc/${id}/task/${id}/children`, 'utf8').catch(() => '');
  const each = await Promise.all(
    children
      .trim()
      .split(' ')
      .filter(Boolean)
      .map((child) => treeSeconds(Number(child))),
  );
  return each.reduce((sum, seconds) => sum + seconds, own);
}

function elapsed(since: number): number {
  return (performance.now() - since) / 1_000;
}

function seconds3(ms: number): string {
  return (ms / 1_000).toFixed(2);
}
