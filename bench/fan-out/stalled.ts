/**
 * Subscribers who do not read: 40 of one feed, each on a socket of its own, events of 16 KiB, 200 a second. First all of them
 * read, then half of them stop. What that costs in memory, what it costs the others, and how those who stopped go on.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canPin, startChild, type Child } from '../child.ts';
import { describeMachine } from '../report.ts';
import type { Emission } from './emit.ts';
import type { Endings } from './stalling-subscribers.ts';

const count = { subscribers: 40, stalled: 20 };
const perSecond = 200;
const noteLength = 16 * 1024;
/** What the figures are held to (safety F13). */
const targets = { growthMiB: 64, rate: 0.8 };
const mebibyte = 2 ** 20;

export async function measureStalled({ quick }: { readonly quick: boolean }): Promise<void> {
  const seconds = quick ? { reading: 5, stalled: 10 } : { reading: 20, stalled: 60 };
  const isPinned = canPin(cpus().length);
  const core = isPinned ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-stalled-'));
  const upstream = await startChild('./upstream.js', { core: core.others });
  // On the disk: a log in memory would grow by each event.
  const server = await startChild('./plugboard.js', {
    core: core.measured,
    args: [String(upstream.ready.origin), folder],
  });
  const subscribers = await startChild('./fan-out/stalling-subscribers.js', { core: core.others });
  const party: Party = { upstream, server, subscribers };
  try {
    await subscribers.ask('subscribe', { port: server.ready.port, count: count.subscribers });
    await subscribed(server, count.subscribers);
    progress(`all read, ${seconds.reading} s to warm up and ${seconds.reading} s`);
    await run(party, seconds.reading, 0);
    const reading = await run(party, seconds.reading, 0);
    progress(`${count.stalled} stop reading, ${seconds.stalled} s`);
    await subscribers.ask('stall', count.stalled);
    const stalledAt = performance.now();
    const allEnded = subscribed(server, count.subscribers - count.stalled).then(() => performance.now() - stalledAt);
    const stalled = await run(party, seconds.stalled, count.stalled);
    const endedAfterMs = await allEnded;
    const endings = await subscribers.ask<Endings>('wake');
    progress('they come back');
    await subscribers.ask('comeBack');
    await subscribers.ask('reached', await upstream.ask('placed'));
    console.log(`${describeMachine(count.subscribers)}${isPinned ? ', the server on a core of its own' : ''}`);
    console.log(report(reading, stalled, endings, endedAfterMs));
  } finally {
    await subscribers.ask('leave');
    await Promise.all([upstream, server, subscribers].map((child) => child.stop()));
    await rm(folder, { recursive: true });
  }
}

interface Party {
  readonly upstream: Child;
  readonly server: Child;
  readonly subscribers: Child;
}

interface Phase {
  /** Resident, before and at most. */
  readonly before: number;
  readonly peak: number;
  /** Part of the events that each reader had while they happened: the least of all readers'. */
  readonly rate: number;
}

/** @param stalled - so many, from the front, are not counted among the readers. */
async function run({ upstream, server, subscribers }: Party, seconds: number, stalled: number): Promise<Phase> {
  const emission: Emission = { events: seconds * perSecond, perSecond, noteLength };
  const received = async () => (await subscribers.ask<number[]>('received')).slice(stalled);
  const receivedBefore = await received();
  const before = await server.ask<number>('beginPeak');
  await upstream.ask('emit', emission);
  const had = (await received()).map((each, index) => each - receivedBefore[index]!);
  return { before, peak: await server.ask<number>('peak'), rate: Math.min(...had) / emission.events };
}

/** Ends when so many subscribers are left. */
async function subscribed(server: Child, left: number): Promise<void> {
  while ((await server.ask('subscribers')) !== left) await sleep(100);
}

function report(reading: Phase, stalled: Phase, { lagged, closed }: Endings, endedAfterMs: number): string {
  const growthMiB = (stalled.peak - stalled.before) / mebibyte;
  const rate = stalled.rate / reading.rate;
  // Who reads nothing for long is closed with 1013 and then cut, and may have read neither that nor LAGGED.
  const heard = [`${lagged} heard LAGGED`, ...Object.entries(closed).map(([code, times]) => `${times} closed ${code}`)];
  return [
    `${noteLength / 1024} KiB an event, ${perSecond} a second`,
    describe('all read', reading),
    describe(`${count.stalled} of ${count.subscribers} stalled`, stalled),
    '',
    `memory: ${growthMiB.toFixed(0)} MiB more (target ≤ ${targets.growthMiB}: ${growthMiB <= targets.growthMiB ? 'met' : 'MISSED'})`,
    `readers: ${rate.toFixed(2)} × of their rate (target ≥ ${targets.rate}: ${rate >= targets.rate ? 'met' : 'MISSED'})`,
    `stalled: all ended after ${(endedAfterMs / 1000).toFixed(1)} s (${heard.join(', ')}); all came back by cursor, 0 events lost, 0 twice`,
  ].join('\n');
}

function describe(name: string, { before, peak, rate }: Phase): string {
  const memory = [before, peak].map((bytes) => (bytes / mebibyte).toFixed(0)).join(' → ');
  return `${name.padEnd(22)} RSS ${memory} MiB, each reader had ${(rate * 100).toFixed(1)} % while they happened`;
}

function progress(text: string): void {
  process.stderr.write(`stalled: ${text}\n`);
}
