/**
 * Fan-out: 1 000 subscribers of one feed, each on a socket of its own. Plugboard beside a bare broadcast of the same bytes
 * and beside graphql-ws with graphql-js executing for every subscriber, in turns; then 10 000 sockets that hear nothing.
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

/** Events that one second of CPU delivers, and what they are held to. */
const targets = { ofRaw: 0.8, ofGraphqlWs: 3 };

export async function measureFanOut({ quick }: { readonly quick: boolean }): Promise<void> {
  // So few a second that none of the servers is ever behind.
  const pace = quick
    ? { subscribers: 1_000, events: 20, perSecond: 5, rounds: 1, idle: 1_000 }
    : { subscribers: 1_000, events: 30, perSecond: 5, rounds: 5, idle: 10_000 };
  // Those who are told and those who hear nothing are of one server.
  requireDescriptors(pace.subscribers + pace.idle);
  const isPinned = canPin(cpus().length);
  const core = isPinned ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const upstream = await startChild('./upstream.js', { core: core.others });
  const args = [String(upstream.ready.origin)];
  const subscribe = async (file: string): Promise<Party> => {
    const server = await startChild(file, { core: core.measured, args, nodeFlags: ['--expose-gc'] });
    const subscribers = await startChild('./fan-out/subscribers.js', { core: core.others });
    const asked: Subscribing = { port: Number(server.ready.port), count: pace.subscribers, query };
    await subscribers.ask('subscribe', asked);
    // An event before the last subscription would be missed by some.
    while ((await server.ask('subscribers')) !== pace.subscribers) await sleep(50);
    return { server, subscribers };
  };
  const plugboard = await subscribe('./plugboard.js');
  const graphqlWs = await subscribe('./fan-out/graphql-ws.js');
  const raw = await subscribe('./fan-out/raw-ws.js');

  const emission: Emission = { events: pace.events, perSecond: pace.perSecond };
  const first = await run(plugboard, emission, () => upstream.ask('emit', emission));
  const frame = await plugboard.subscribers.ask<string>('lastFrame');
  const cursor = /"cursor":"([^"]+)"/.exec(frame)?.[1] ?? '';
  const rounds: Record<'raw' | 'plugboard' | 'graphqlWs', number>[] = [];
  for (let round = -1; round < pace.rounds; round++) {
    process.stderr.write(`fan-out: ${round < 0 ? 'warming up' : `round ${round + 1} of ${pace.rounds}`}\n`);
    const figures = {
      raw: await run(raw, emission, () => raw.server.ask('emit', { ...emission, frame })),
      plugboard: await run(plugboard, emission, () => upstream.ask('emit', emission)),
      graphqlWs: await run(graphqlWs, emission, () => graphqlWs.server.ask('emit', { ...emission, cursor })),
    };
    if (round >= 0) rounds.push(figures);
  }
  const delivered = pace.events * pace.subscribers;
  const cost = (name: keyof (typeof rounds)[number]) => median(rounds.map((each) => each[name] / delivered));
  console.log(`${describeMachine(pace.subscribers)}${isPinned ? ', the server on a core of its own' : ''}`);
  console.log(`${frame.length} bytes an event, first round of Plugboard ${(first / delivered).toFixed(2)} µs\n`);
  for (const [name, key] of [
    ['a raw ws', 'raw'],
    ['b plugboard', 'plugboard'],
    ['c graphql-ws', 'graphqlWs'],
  ] as const) {
    console.log(`${name.padEnd(14)} ${cost(key).toFixed(2).padStart(8)} CPU µs/event and subscriber`);
  }
  const ofRaw = median(rounds.map((each) => each.raw / each.plugboard));
  const ofGraphqlWs = median(rounds.map((each) => each.graphqlWs / each.plugboard));
  console.log(
    `\nevents per CPU second: ${judged(ofRaw, targets.ofRaw)} of (a), ${judged(ofGraphqlWs, targets.ofGraphqlWs)} of (c)`,
  );
  console.log(await idleSockets(plugboard, core.others, pace.idle));
  const all = [plugboard, graphqlWs, raw].flatMap(({ server, subscribers }) => [server, subscribers]);
  await Promise.all([upstream, ...all].map((child) => child.stop()));
}

interface Party {
  readonly server: Child;
  readonly subscribers: Child;
}

/** CPU of the server, in microseconds, until every subscriber has had all events. */
async function run(
  { server, subscribers }: Party,
  { events }: Emission,
  emit: () => Promise<unknown>,
): Promise<number> {
  const before = await server.ask<Usage>('usage');
  const all = subscribers.ask('expectEvents', events);
  await emit();
  await all;
  const after = await server.ask<Usage>('usage');
  return after.cpuMicroseconds - before.cpuMicroseconds;
}

/** What a subscriber that hears nothing costs in memory. */
async function idleSockets(plugboard: Party, core: number | undefined, count: number): Promise<string> {
  const before = await plugboard.server.ask<number>('resident');
  const idle = await startChild('./fan-out/subscribers.js', core === undefined ? {} : { core });
  await idle.ask('subscribe', { port: Number(plugboard.server.ready.port), count, query } satisfies Subscribing);
  const after = await plugboard.server.ask<number>('resident');
  await idle.ask('leave');
  await idle.stop();
  return `${count} idle sockets: ${((after - before) / 1024 / count).toFixed(1)} KiB each`;
}

function judged(got: number, target: number): string {
  return `${got.toFixed(2)} × (target ≥ ${target}: ${got >= target ? 'met' : 'MISSED'})`;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
