/**
 * Token resolution: the CPU of one call to a provider with a token that is kept, beside one with a configured key. Rounds are
 * short and take turns in an order that rotates, so that whatever else the machine does falls on all alike; a second server
 * with a configured key tells how far equal servers are apart.
 */
import { cpus } from 'node:os';
import { canPin, startChild, type Child, type Usage } from '../child.ts';
import type { Load, LoadResult } from '../load.ts';
import { describeMachine } from '../report.ts';
import { bodyOf, scenarios } from '../scenarios.ts';

/** Name of the scenario on the command line. */
export const tokenResolution = 'token resolution';

const clients = 32;
/** At most so much of the CPU of a call with a configured key. */
const target = 1.05;

const kinds = ['configured', 'control', 'kept'] as const;
type Costs = Readonly<Record<(typeof kinds)[number], number>>;

export async function measureTokenResolution({ quick }: { readonly quick: boolean }): Promise<void> {
  const pace = quick ? { warmUp: 3_000, requests: 400, rounds: 30 } : { warmUp: 6_000, requests: 1_000, rounds: 60 };
  const core = canPin(cpus().length) ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const upstream = await startChild('./upstream.js', { core: core.others });
  const load = await startChild('./load.js', { core: core.others });
  const start = (kind: 'static' | 'stored') =>
    startChild('./token-resolution/plugboard.js', { core: core.measured, args: [String(upstream.ready.origin), kind] });
  const servers = { configured: await start('static'), control: await start('static'), kept: await start('stored') };
  const body = bodyOf(scenarios.find(({ name }) => name === 'one object')!);

  const run = async (server: Child, minRequests: number): Promise<number> => {
    const details: Load = { port: Number(server.ready.port), body, clients, milliseconds: 0, minRequests };
    const asked = await upstream.ask<number>('asked');
    const before = await server.ask<Usage>('usage');
    const { requests } = await load.ask<LoadResult>('run', details);
    const after = await server.ask<Usage>('usage');
    const sent = (await upstream.ask<number>('asked')) - asked;
    if (sent !== requests) throw new Error(`${requests} operations sent ${sent} requests upstream.`);
    return (after.cpuMicroseconds - before.cpuMicroseconds) / requests;
  };
  for (const kind of kinds) await run(servers[kind], pace.warmUp);
  const rounds: Costs[] = [];
  for (let round = 0; round < pace.rounds; round++) {
    if (round % 10 === 0) process.stderr.write(`${tokenResolution}: round ${round + 1} of ${pace.rounds}\n`);
    const costs = { configured: 0, control: 0, kept: 0 };
    const first = round % kinds.length;
    for (const kind of [...kinds.slice(first), ...kinds.slice(0, first)]) {
      costs[kind] = await run(servers[kind], pace.requests);
    }
    rounds.push(costs);
  }
  await Promise.all([...Object.values(servers), upstream, load].map((child) => child.stop()));
  report(rounds);
}

/** Medians, and of the ratios of each round the quartiles too. */
function report(rounds: readonly Costs[]): void {
  console.log(describeMachine(clients));
  const names = { configured: 'configured key', control: 'the same again', kept: 'kept token' };
  for (const kind of kinds) {
    const costs = rounds.map((each) => each[kind]);
    const ratios = rounds.map((each) => each[kind] / ((each.configured + each.control) / 2));
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(3));
    const cost = quantile(costs, 0.5).toFixed(0).padStart(6);
    console.log(`${names[kind].padEnd(15)}${cost} CPU µs/request   × ${middle} (quartiles ${low} and ${high})`);
  }
  const ratio = quantile(
    rounds.map(({ kept, configured, control }) => kept / ((configured + control) / 2)),
    0.5,
  );
  console.log(`kept of configured: ${ratio.toFixed(3)}, aim ≤ ${target}: ${ratio <= target ? 'met' : 'MISSED'}`);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.round((values.length - 1) * share)]!;
}
