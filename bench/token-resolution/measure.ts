/** Token resolution: the CPU of one call to a provider with a token that is kept, beside one with a configured key, in turns. */
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

export async function measureTokenResolution({ quick }: { readonly quick: boolean }): Promise<void> {
  const pace = quick ? { warmUp: 3_000, roundMs: 1_000, rounds: 5 } : { warmUp: 6_000, roundMs: 2_000, rounds: 11 };
  const core = canPin(cpus().length) ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const upstream = await startChild('./upstream.js', { core: core.others });
  const load = await startChild('./load.js', { core: core.others });
  const start = (kind: 'static' | 'stored') =>
    startChild('./token-resolution/plugboard.js', { core: core.measured, args: [String(upstream.ready.origin), kind] });
  const servers = { static: await start('static'), stored: await start('stored') };
  const body = bodyOf(scenarios.find(({ name }) => name === 'one object')!);

  const run = async (server: Child, milliseconds: number, minRequests: number): Promise<number> => {
    const details: Load = { port: Number(server.ready.port), body, clients, milliseconds, minRequests };
    const asked = await upstream.ask<number>('asked');
    const before = await server.ask<Usage>('usage');
    const { requests } = await load.ask<LoadResult>('run', details);
    const after = await server.ask<Usage>('usage');
    const sent = (await upstream.ask<number>('asked')) - asked;
    if (sent !== requests) throw new Error(`${requests} operations sent ${sent} requests upstream.`);
    return (after.cpuMicroseconds - before.cpuMicroseconds) / requests;
  };
  for (const server of Object.values(servers)) await run(server, 0, pace.warmUp);
  const rounds: { readonly static: number; readonly stored: number }[] = [];
  for (let round = 0; round < pace.rounds; round++) {
    process.stderr.write(`${tokenResolution}: round ${round + 1} of ${pace.rounds}\n`);
    const configured = await run(servers.static, pace.roundMs, 1);
    rounds.push({ static: configured, stored: await run(servers.stored, pace.roundMs, 1) });
  }
  await Promise.all([...Object.values(servers), upstream, load].map((child) => child.stop()));

  const ratio = median(rounds.map((each) => each.stored / each.static));
  console.log(describeMachine(clients));
  console.log(
    `configured key ${median(rounds.map((each) => each.static))
      .toFixed(0)
      .padStart(8)} CPU µs/request`,
  );
  console.log(
    `kept token     ${median(rounds.map((each) => each.stored))
      .toFixed(0)
      .padStart(8)} CPU µs/request`,
  );
  console.log(
    `ratio          ${ratio.toFixed(3).padStart(8)}, target ≤ ${target}: ${ratio <= target ? 'met' : 'MISSED'}`,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
