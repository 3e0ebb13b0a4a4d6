/**
 * Sockets that each run as many different operations as they may and stop reading: no two of the operations can share what
 * is serialized, so all that waits is kept once for each. What that costs in memory (safety F13).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canPin, startChild } from '../child.ts';
import { describeMachine } from '../report.ts';
import type { Emission } from './emit.ts';
import type { ManyOperations } from './many-operations-sockets.ts';

const count = { sockets: 4, operations: 100 };
/** So large that an event for each operation of a socket stays below what closes it. */
const noteLength = 8 * 1024;
/** 400 different operations are executed for each. */
const perSecond = 10;
/** What the growth is held to, in MiB. */
const targetMiB = 64;
const mebibyte = 2 ** 20;

export async function measureManyOperations({ quick }: { readonly quick: boolean }): Promise<void> {
  const seconds = quick ? { reading: 3, stalled: 25 } : { reading: 15, stalled: 40 };
  const isPinned = canPin(cpus().length);
  const core = isPinned ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-operations-'));
  const upstream = await startChild('./upstream.js', { core: core.others });
  const args = [String(upstream.ready.origin), folder];
  const server = await startChild('./plugboard.js', { core: core.measured, args });
  const sockets = await startChild('./fan-out/many-operations-sockets.js', { core: core.others });
  const run = async (length: number): Promise<Memory> => {
    const emission: Emission = { events: length * perSecond, perSecond, noteLength };
    const before = await server.ask<number>('beginPeak');
    await upstream.ask('emit', emission);
    return { before, peak: await server.ask<number>('peak') };
  };
  try {
    await sockets.ask('subscribe', { port: Number(server.ready.port), ...count } satisfies ManyOperations);
    const all = count.sockets * count.operations;
    while ((await server.ask('subscribers')) !== all) await sleep(50);
    process.stderr.write(`operations: ${all} are read\n`);
    // What executing and serializing itself takes is no cost of those who do not read.
    await run(seconds.reading);
    const reading = await run(seconds.reading);
    process.stderr.write('operations: nobody reads\n');
    await sockets.ask('stall');
    const stalled = await run(seconds.stalled);
    console.log(`${describeMachine(count.sockets)}${isPinned ? ', the server on a core of its own' : ''}`);
    console.log(`${noteLength / 1024} KiB an event, ${perSecond} a second, ${all} different operations`);
    console.log(`all read    ${inMebibytes(reading)}\nnobody reads ${inMebibytes(stalled)}`);
    const growth = (stalled.peak - stalled.before) / mebibyte;
    const verdict = growth <= targetMiB ? 'met' : 'MISSED';
    console.log(`memory: ${growth.toFixed(0)} MiB more (target ≤ ${targetMiB}: ${verdict})`);
    console.log(`operations left: ${await server.ask<number>('subscribers')}`);
  } finally {
    await sockets.ask('leave');
    await Promise.all([upstream, server, sockets].map((child) => child.stop()));
    await rm(folder, { recursive: true });
  }
}

/** Resident bytes. */
interface Memory {
  readonly before: number;
  readonly peak: number;
}

function inMebibytes({ before, peak }: Memory): string {
  return `RSS ${[before, peak].map((bytes) => (bytes / mebibyte).toFixed(0)).join(' → ')} MiB`;
}
