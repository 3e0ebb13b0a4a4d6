/**
 * A reconnect storm (F14): subscribers of one feed lose their sockets at one moment and come back at once. How long until
 * all of them listen again, whether an event reaches each, and whether the provider notices anything.
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { canPin, startChild, type Child, type Usage } from '../child.ts';
import { requireDescriptors } from '../descriptors.ts';
import { describeMachine } from '../report.ts';
import type { Emission } from './emit.ts';
import { orderSelection } from './order-selection.ts';
import type { Subscribing } from './subscribers.ts';

const query = `subscription { shopOrderPlaced ${orderSelection} }`;
const one: Emission = { events: 1, perSecond: 5 };
/** Safety F14. */
const targetSeconds = 30;
const watchedMs = 5_000;

export async function measureStorm({ quick }: { readonly quick: boolean }): Promise<void> {
  const count = quick ? 1_000 : 10_000;
  requireDescriptors(count);
  const isPinned = canPin(cpus().length);
  const core = isPinned ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const upstream = await startChild('./upstream.js', { core: core.others });
  const server = await startChild('./plugboard.js', { core: core.measured, args: [String(upstream.ready.origin)] });
  const subscribers = await startChild('./fan-out/subscribers.js', { core: core.others });
  const port = Number(server.ready.port);
  process.stderr.write(`storm: ${count} sockets\n`);
  await subscribers.ask('subscribe', { port, count, query } satisfies Subscribing);
  await allListen(server, count);
  const calm = await pollsPerSecond(upstream, () => sleep(watchedMs));

  process.stderr.write('storm: all are cut, and come back\n');
  const before = await server.ask<Usage>('usage');
  await subscribers.ask('cut');
  const beganAt = performance.now();
  const storming = await pollsPerSecond(upstream, async () => {
    await subscribers.ask('subscribe', { port, count, query, atOnce: count } satisfies Subscribing);
    await allListen(server, count);
  });
  const seconds = (performance.now() - beganAt) / 1_000;
  const { cpuMicroseconds } = await server.ask<Usage>('usage');
  const told = subscribers.ask('expectEvents', one.events);
  await upstream.ask('emit', one);
  await told;

  console.log(`${describeMachine(count)}${isPinned ? ', the server on a core of its own' : ''}`);
  const verdict = seconds <= targetSeconds ? 'met' : 'MISSED';
  const cpuSeconds = ((cpuMicroseconds - before.cpuMicroseconds) / 1e6).toFixed(1);
  console.log(
    `${count} came back in ${seconds.toFixed(1)} s (target ≤ ${targetSeconds} s: ${verdict}), ${cpuSeconds} s of CPU, ${await subscribers.ask<number>('retries')} connections tried again`,
  );
  console.log(`polls a second: ${calm.toFixed(2)} before, ${storming.toFixed(2)} meanwhile; an event then reached all`);
  await Promise.all([upstream, server, subscribers].map((child) => child.stop()));
}

/** Those whose sockets were cut may be counted until that is noticed. */
async function allListen(server: Child, count: number): Promise<void> {
  while ((await server.ask('subscribers')) !== count) await sleep(50);
}

async function pollsPerSecond(upstream: Child, meanwhile: () => Promise<unknown>): Promise<number> {
  const [asked, at] = [await upstream.ask<number>('asked'), performance.now()];
  await meanwhile();
  return ((await upstream.ask<number>('asked')) - asked) / ((performance.now() - at) / 1_000);
}
