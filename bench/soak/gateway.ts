/** The gateway of the soak, on PostgreSQL: accounts by OAuth 2.0 whose tokens live a minute, and what it holds, sampled. */
import { readdirSync } from 'node:fs';
import type { Configuration } from '../../src/configuration.ts';
import { insecureCaller } from '../../src/connection/caller.ts';
import { begunConnection, sealIdentity, sealingTarget } from '../../src/connection/connection-record.ts';
import { acquiredTokens, tokenPart } from '../../src/connection/connection-tokens.ts';
import { createStoredConnections } from '../../src/connection/stored-connections.ts';
import { defineAction, defineConnector, defineTrigger, verifyHmac } from '../../src/connector/define.ts';
import { createGateway } from '../../src/gateway.ts';
import { Secret } from '../../src/http/secret.ts';
import { openVault, type Vault } from '../../src/open-vault.ts';
import { answerParent } from '../child.ts';

export interface Sample {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  /** How many of each kind keep the process up (`process.getActiveResourcesInfo`). */
  readonly resources: Readonly<Record<string, number>>;
  readonly unhandled: number;
}

const [origin, store, key, accounts] = process.argv.slice(2) as [string, string, string, string];
const output = [{ name: 'id', type: 'integer', optional: false }, { name: 'note' }] as const;
const soak = defineConnector({
  name: 'soak',
  connection: {
    baseUri: `${origin}/`,
    authorization: { type: 'oauth2', authorizationUrl: `${origin}/authorize`, tokenUrl: `${origin}/token` },
  },
  test: (connection) => connection.get('items'),
  objects: { item: { key: 'id', fields: output } },
  actions: {
    list_items: defineAction({
      title: 'Items',
      readOnly: true,
      input: [],
      list: true,
      output,
      execute: async (connection) => (await connection.get('items')).items,
    }),
    make_item: defineAction({
      title: 'Make an item',
      input: [{ name: 'note' }],
      output,
      execute: (connection, input) => connection.post('items', input),
    }),
  },
  triggers: {
    newEvent: defineTrigger({
      title: 'New event',
      intervalMs: 1_000,
      input: [],
      output,
      async poll(connection, _input, after: number | undefined) {
        const { events } = await connection.get('events').params({ after: after ?? 0 });
        return { events, nextPoll: (after ?? 0) + events.length };
      },
      dedup: (event) => event.id,
    }),
    toldEvent: defineTrigger({
      title: 'Told event',
      input: [],
      output,
      webhook: {
        async subscribe(url, connection) {
          const secret = crypto.randomUUID();
          await connection.post('hooks', { url, secret });
          return { secret };
        },
        verify: ({ body, headers, subscription }) =>
          verifyHmac({ secret: subscription.secret, body, signature: headers['x-signature'] }),
        notification: ({ payload }) => payload,
      },
      dedup: (event) => event.id,
    }),
  },
});
const configuration: Configuration = {
  host: '127.0.0.1',
  port: 0,
  logLevel: 'silent',
  insecureDev: true,
  key,
  store,
  registrations: [{ connector: 'soak', fields: { client_id: 'soak', client_secret: 'soak' } }],
  http: { allowedPrivateOrigins: [origin] },
  feeds: { minIntervalMs: 500, keepEvents: 1_000 },
  // Kept for a minute, so that what is kept of mutations comes to a rest too.
  idempotency: { keepMs: 60_000 },
};
let unhandled = 0;
process.on('unhandledRejection', () => (unhandled += 1));
const vault = await openVault(configuration);
for (let account = 0; account < Number(accounts); account += 1) await connect(vault, account);
await vault.close();
const gateway = await createGateway({ connectors: [soak], configuration });
const { url } = await gateway.listen();
answerParent({ url }, { sample });

async function connect({ records, keyRing }: Vault, account: number): Promise<void> {
  const subject = `subject${account}`;
  const begun = begunConnection({ tenant: insecureCaller.tenant, subject, connector: 'soak', label: null });
  const id = `account${account}`;
  const target = sealingTarget({ id, value: begun });
  const answer = {
    access_token: new Secret(`a${account}.0`),
    token_type: 'Bearer',
    refresh_token: new Secret(`r${account}.0`),
    expires_in: 60,
  };
  const empty = (part: 'fields' | 'acquired') => keyRing.seal('{}', sealIdentity(target, part));
  await createStoredConnections({ records }).create(id, {
    ...begun,
    state: 'STARTED',
    fields: empty('fields'),
    acquired: empty('acquired'),
    ...tokenPart(target, acquiredTokens(answer, Date.now(), []), keyRing),
  });
}

/** After what is not in use was collected. */
function sample(): Sample {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    descriptors: readdirSync('/proc/self/fd').length,
    resources,
    unhandled,
  };
}
