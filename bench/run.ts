/**
 * `npm run bench`: Plugboard beside a bare server and beside Apollo Server with resolvers written by hand, over one stub
 * upstream, in turns. `--quick` takes less time and is less sure; `--cpu-prof` leaves a profile of Plugboard behind;
 * `--scenario <part of its name>` measures that one alone; `--scenario "token resolution"` measures what a kept token costs
 * beside a configured key. `npm run bench -- fan-out` measures subscriptions instead, `-- stalled` subscribers that do not
 * read, `-- operations` sockets that run a hundred different operations each and do not read, `-- storm` ten thousand that
 * come back at once, `-- feeds` a thousand feeds that are polled, `-- replicas` ten thousand of two replicas on PostgreSQL,
 * `-- soak` one gateway for a quarter of an hour while everything around it fails in turn (`--minutes 3` for less),
 * `-- feed-log` what the logs of feeds take, `-- facades` what a call of a facade costs beside the same operation in GraphQL, `-- transfers` one GiB sent and one fetched.
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { canPin, startChild, type Child, type Usage } from './child.ts';
import { measureFacades } from './facades/measure.ts';
import { measureFanOut } from './fan-out/measure.ts';
import { measureManyOperations } from './fan-out/many-operations.ts';
import { measureStalled } from './fan-out/stalled.ts';
import { measureStorm } from './fan-out/storm.ts';
import { measureFeedLog } from './feed-log/measure.ts';
import { measureFeeds } from './feeds/measure.ts';
import { measureLocal } from './local/measure.ts';
import { measureReplicas } from './replicas/measure.ts';
import { measureSoak } from './soak/measure.ts';
import type { Load, LoadResult } from './load.ts';
import { describeMachine, formatReport, judge, type Measured, type Results, type ServerName } from './report.ts';
import { bodyOf, scenarios, type Scenario } from './scenarios.ts';
import { demoStart, manyConnectorsStart } from './start-time.ts';
import { measureTransfers } from './transfers/measure.ts';
import { measureTokenResolution, tokenResolution } from './token-resolution/measure.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    'cpu-prof': { type: 'boolean' },
    scenario: { type: 'string' },
    minutes: { type: 'string' },
  },
});
const subscriptions = {
  'fan-out': measureFanOut,
  stalled: measureStalled,
  operations: measureManyOperations,
  storm: measureStorm,
  feeds: measureFeeds,
  replicas: measureReplicas,
  soak: measureSoak,
  'feed-log': measureFeedLog,
  local: measureLocal,
  facades: measureFacades,
  transfers: measureTransfers,
};
for (const [name, measureIt] of Object.entries(subscriptions)) {
  if (!positionals.includes(name)) continue;
  await measureIt({
    quick: flags.quick === true,
    ...(flags.minutes !== undefined && { minutes: Number(flags.minutes) }),
  });
  process.exit();
}
if (flags.scenario === tokenResolution) {
  await measureTokenResolution({ quick: flags.quick === true });
  process.exit();
}
const clients = 32;
const pace = flags.quick
  ? { warmUpRequests: 1_500, roundMs: 800, rounds: 3, starts: 1 }
  : { warmUpRequests: 6_000, roundMs: 2_000, rounds: 7, starts: 5 };

const isPinned = canPin(cpus().length);
/** The servers take turns on one core; everything else shares the other. */
const core = isPinned ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };

const upstream = await startChild('./upstream.js', { core: core.others });
const load = await startChild('./load.js', { core: core.others });
const args = [String(upstream.ready.origin)];
const servers: ReadonlyMap<ServerName, Child> = new Map([
  ['a raw node', await startChild('./raw-node.js', { core: core.measured, args })],
  [
    'b plugboard',
    await startChild('./plugboard.js', {
      core: core.measured,
      args,
      nodeFlags: flags['cpu-prof'] ? ['--cpu-prof', '--cpu-prof-dir=dist/bench/profiles'] : [],
    }),
  ],
  ['c apollo server', await startChild('./apollo-server.js', { core: core.measured, args })],
]);

const chosen = scenarios.filter(({ name }) => name.includes(flags.scenario ?? ''));
const measured: Measured[] = [];
for (const scenario of chosen) {
  await compareAnswers(scenario);
  measured.push(...(await measure(scenario)));
}
const peakRssBytes = await peaks();
await Promise.all([...servers.values(), upstream, load].map((child) => child.stop()));

progress('start to first answer');
const results: Results = {
  machine: `${describeMachine(clients)}${isPinned ? ', the server on a core of its own' : ''}`,
  takenAt: new Date().toISOString(),
  measured,
  peakRssBytes,
  demoStartMs: await demoStart(pace.starts),
  manyConnectorsStartMs: await manyConnectorsStart(pace.starts),
};
const verdicts = judge(results, chosen);
await writeFile('bench/results.json', `${JSON.stringify({ ...results, verdicts }, null, 2)}\n`);
console.log(`\n${formatReport(results, verdicts)}`);

/** All three must do the same work: the same answer, by no more requests upstream than the scenario allows. */
async function compareAnswers(scenario: Scenario): Promise<void> {
  let first: unknown;
  for (const [name, { ready }] of servers) {
    const before = await upstream.ask<number>('asked');
    const answer = await fetch(`http://127.0.0.1:${String(ready.port)}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bodyOf(scenario),
    });
    const json: unknown = await answer.json();
    const sent = (await upstream.ask<number>('asked')) - before;
    first ??= json;
    if (answer.status !== 200 || !isDeepStrictEqual(json, first)) {
      throw new Error(`${scenario.name}: ${name} answers otherwise: ${JSON.stringify(json).slice(0, 600)}`);
    }
    if (sent !== scenario.upstreamRequests) {
      throw new Error(`${scenario.name}: ${name} sent ${sent} requests upstream, not ${scenario.upstreamRequests}.`);
    }
  }
}

interface Round extends LoadResult {
  readonly cpuMicrosecondsPerRequest: number;
}

/** The servers take turns, so that whatever else this machine does falls on all of them alike. */
async function measure(scenario: Scenario): Promise<Measured[]> {
  const rounds = new Map<ServerName, Round[]>([...servers.keys()].map((name) => [name, []]));
  for (let round = -1; round < pace.rounds; round++) {
    progress(`${scenario.name}: ${round < 0 ? 'warming up' : `round ${round + 1} of ${pace.rounds}`}`);
    for (const [name, server] of servers) {
      // Warm is who has been asked so often that the engine has compiled what is hot, however busy the machine is.
      if (round < 0) await runRound(server, scenario, { milliseconds: 0, minRequests: pace.warmUpRequests });
      else rounds.get(name)!.push(await runRound(server, scenario, { milliseconds: pace.roundMs, minRequests: 1 }));
    }
  }
  const cost = (name: ServerName) => rounds.get(name)!.map((round) => round.cpuMicrosecondsPerRequest);
  return [...rounds].map(([server, own]) => ({
    server,
    scenario: scenario.name,
    cpuMicrosecondsPerRequest: median(cost(server)),
    requestsPerSecond: median(own.map(({ requests, seconds }) => requests / seconds)),
    p50: median(own.map(({ p50 }) => p50)),
    p99: median(own.map(({ p99 }) => p99)),
    ofRaw: median(own.map((round, index) => cost('a raw node')[index]! / round.cpuMicrosecondsPerRequest)),
    ofApollo: median(own.map((round, index) => cost('c apollo server')[index]! / round.cpuMicrosecondsPerRequest)),
  }));
}

async function runRound(
  server: Child,
  scenario: Scenario,
  until: Pick<Load, 'milliseconds' | 'minRequests'>,
): Promise<Round> {
  const details: Load = { port: Number(server.ready.port), body: bodyOf(scenario), clients, ...until };
  const askedBefore = await upstream.ask<number>('asked');
  const before = await server.ask<Usage>('usage');
  const result = await load.ask<LoadResult>('run', details);
  const after = await server.ask<Usage>('usage');
  const sent = (await upstream.ask<number>('asked')) - askedBefore;
  if (sent !== result.requests * scenario.upstreamRequests) {
    throw new Error(`${scenario.name}: ${result.requests} operations sent ${sent} requests upstream.`);
  }
  return { ...result, cpuMicrosecondsPerRequest: (after.cpuMicroseconds - before.cpuMicroseconds) / result.requests };
}

async function peaks(): Promise<Record<ServerName, number>> {
  const entries = [...servers].map(async ([name, server]) => {
    return [name, (await server.ask<Usage>('usage')).peakRssBytes] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<ServerName, number>;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

/** One line that is written over on a terminal, plain lines elsewhere. */
function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
}
