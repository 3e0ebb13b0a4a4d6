/** (b) Plugboard as it is built, with the bench's connector; its store is in memory, in the folder that it is given, or at a URL, with the key that replicas share. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImportSource } from '../src/connector/import-source.ts';
import { loadConnectors } from '../src/connector/load-connectors.ts';
import { createGateway } from '../src/gateway.ts';
import { answerParent } from './child.ts';

const origin = process.argv[2]!;
const [storePlace, givenKey, queue] = process.argv.slice(3);
const folder = fileURLToPath(new URL('./connectors', import.meta.url));
const { loaded } = await loadConnectors([folder], createImportSource());
const gateway = await createGateway({
  connectors: loaded.map(({ connector }) => connector),
  configuration: {
    host: '127.0.0.1',
    port: 0,
    logLevel: 'error',
    insecureDev: true,
    ...(storePlace !== undefined && {
      store: storePlace.startsWith('postgres:') ? storePlace : join(storePlace, 'plugboard.sqlite'),
      key: givenKey ?? randomBytes(32).toString('base64'),
    }),
    ...(queue !== undefined && { queue }),
    connections: [{ connector: 'shop', fields: { api_token: 'bench' } }],
    registrations: [{ connector: 'shop', baseUri: `${origin}/` }],
    // Its clients ask the same at the same time, and what is compared with it sends every request.
    http: { allowedPrivateOrigins: [origin], shareReads: false },
    // All feeds of the bench are of one connection.
    feeds: { minIntervalMs: 100, concurrentPollsPerConnection: 64 },
    subscriptions: { maxSocketsPerSubject: 20_000 },
  },
});
const { url } = await gateway.listen();
let peakBytes = 0;
let watch: NodeJS.Timeout | undefined;
const watchMemory = () => void (peakBytes = Math.max(peakBytes, process.memoryUsage.rss()));
const subscribersQuery = JSON.stringify({ query: '{ feeds { subscriberCount } }' });
answerParent(
  { port: Number(new URL(url).port) },
  {
    /** Of all feeds. */
    subscribers: async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: subscribersQuery };
      const answer: any = await (await fetch(`${url}/graphql`, init)).json();
      return answer.data.feeds.reduce((sum: number, feed: any) => sum + feed.subscriberCount, 0);
    },
    /** Bytes that are in use, after what is not was collected. */
    resident: () => {
      globalThis.gc?.();
      return process.memoryUsage.rss();
    },
    /** Bytes that are resident now. From now on the most of them is noted. */
    beginPeak: () => {
      peakBytes = process.memoryUsage.rss();
      watch ??= setInterval(watchMemory, 50);
      return peakBytes;
    },
    peak: () => {
      watchMemory();
      return peakBytes;
    },
  },
);
