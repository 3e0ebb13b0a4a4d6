/**
 * A compressed soak (F18): 5 000 operations a minute of every kind on one gateway with 256 MB of heap and a store on
 * PostgreSQL, while provider, token endpoint and store fail in turn. `--minutes 3` takes less than fifteen. What the process
 * holds is sampled after collection, and has to be flat.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child } from '../child.ts';
import { describeMachine } from '../report.ts';
import { startBenchPostgres } from '../replicas/postgres.ts';
import type { Sample } from './gateway.ts';
import { startLoad, type Load } from './load.ts';
import type { ProviderCounts, SoakFault } from './provider.ts';
import { openNetwork, type CuttableNetwork } from './proxy.ts';
import { describeSamples } from './report.ts';

type Fault = SoakFault | { readonly at: 'store'; readonly mode: 'cut' | 'swallow' };

const faults: readonly Fault[] = [
  { at: 'api', mode: 'status-500' },
  { at: 'token', mode: 'status-503' },
  { at: 'store', mode: 'cut' },
  { at: 'api', mode: 'slow' },
  { at: 'api', mode: 'reset' },
  { at: 'store', mode: 'swallow' },
  { at: 'token', mode: 'slow' },
  { at: 'api', mode: 'garbage' },
  { at: 'api', mode: 'status-429' },
  { at: 'token', mode: 'reset' },
];
const accounts = 100;
const perMinute = 5_000;
const faultMs = 5_000;
const calmMs = 5_000;
const sampleEveryMs = 10_000;

export async function measureSoak({ minutes = 15 }: { readonly minutes?: number | undefined }): Promise<void> {
  const postgres = await startBenchPostgres();
  const network = await openNetwork(Number(new URL(postgres.url).port));
  const through = new URL(postgres.url);
  through.port = String(network.port);
  const provider = await startChild('./soak/provider.js');
  const gateway = await startChild('./soak/gateway.js', {
    args: [String(provider.ready.origin), through.href, randomBytes(32).toString('base64'), String(accounts)],
    nodeFlags: ['--max-old-space-size=256', '--expose-gc'],
  });
  try {
    const url = String(gateway.ready.url);
    await startWebhooks(url);
    const load = startLoad({ url, accounts, perMinute, happen: () => provider.ask('happen') });
    const samples = await soak({ gateway, provider, network }, minutes * 60_000);
    await load.stop();
    // What waits for a while, as feeds that nobody listens to any more, is over.
    await sleep(45_000);
    const rest = await gateway.ask<Sample>('sample');
    console.log(`${describeMachine(0)}; heap limited to 256 MB, ${accounts} accounts, ${minutes} min`);
    console.log(describeSamples(samples, rest, sampleEveryMs));
    console.log(describeLoad(load, await provider.ask<ProviderCounts>('counts')));
  } finally {
    network.close();
    await Promise.all([gateway.stop(), provider.stop()]);
    await postgres.stop();
  }
}

interface Party {
  readonly gateway: Child;
  readonly provider: Child;
  readonly network: CuttableNetwork;
}

/** Faults in turn, and samples between them: what is under way while something fails is no leak. */
async function soak({ gateway, provider, network }: Party, ms: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const from = performance.now();
  for (let turn = 0; performance.now() - from < ms; turn += 1) {
    const fault = faults[turn % faults.length]!;
    if (fault.at === 'store') network[fault.mode]();
    else await provider.ask('fault', fault);
    await sleep(faultMs);
    if (fault.at === 'store') network.heal();
    else await provider.ask('fault', { at: 'api', mode: 'none' });
    await sleep(calmMs);
    samples.push(await gateway.ask<Sample>('sample'));
    process.stderr.write(`soak: ${fault.at} ${fault.mode}, ${Math.round((performance.now() - from) / 1_000)} s\n`);
  }
  return samples;
}

/** Feeds that providers call, for ever. */
async function startWebhooks(url: string): Promise<void> {
  for (let account = 0; account < 5; account += 1) {
    const headers = { 'content-type': 'application/json', 'x-external-subject-id': `subject${account}` };
    const query = 'mutation { startFeed(connector: "soak", trigger: "toldEvent", input: {}) { id } }';
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    const answer: any = await response.json();
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  }
}

function describeLoad({ outcomes }: Load, counts: ProviderCounts): string {
  const all = [...outcomes].sort(([one], [other]) => (one < other ? -1 : 1));
  const total = all.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${total} operations`,
    ...all.map(([outcome, count]) => `  ${outcome}: ${count}`),
    `token endpoint: ${counts.refreshes} refreshes, ${counts.reuses} refresh tokens sent twice; webhooks: ${counts.delivered} taken, ${counts.refused} not`,
  ].join('\n');
}
