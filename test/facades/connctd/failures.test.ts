/** The failure rows of connctd's interface that the other files leave out: scopes of things, a store that fails, races of removal. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connctdClient, createKey, type AskConnctd } from '../../support/connctd-client.ts';
import { openFailingVault, type FailingVault } from '../../support/failing-vault.ts';
import { startTenantGateway, type TenantGateway } from '../../support/tenant-gateway.ts';

let gateway: TenantGateway;
let store: FailingVault;
let ask: AskConnctd;
const scopes = ['connctd.connector', 'connctd.things.read', 'connctd.things.action'];

beforeAll(async () => {
  gateway = await startTenantGateway({
    connectors: [
      { name: 'open', test: () => undefined },
      {
        name: 'broken',
        test() {
          throw new TypeError('with a secret in it');
        },
      },
    ],
    openVault: async (configuration) => (store = await openFailingVault(configuration)).vault,
  });
  ask = connctdClient(gateway.url, await createKey(gateway.file, 'acme', scopes));
});
afterAll(() => gateway.close());

const failure = (status: number, error: string) => ({
  status,
  body: {
    status: String(status),
    error,
    description: expect.stringMatching(/^\w.*\.$/s),
    more_info: expect.stringMatching(/^request \S+$/),
  },
});

/** Every call of things, and the scope that it needs. */
const things: readonly (readonly [string, string])[] = [
  ['GET /things', 'connctd.things.read'],
  ['GET /things/x', 'connctd.things.read'],
  ['GET /things/x/components/c', 'connctd.things.read'],
  ['GET /things/x/components/c/properties/p', 'connctd.things.read'],
  ['POST /things/x/components/c/actions/a', 'connctd.things.action'],
  ['POST /things', 'connctd.connector'],
  ['PATCH /things/x', 'connctd.connector'],
  ['DELETE /things/x', 'connctd.connector'],
  ['PUT /things/x/components/c/properties/p', 'connctd.connector'],
];

describe('calls of things', () => {
  it('are refused without a token that can be verified: 401', async () => {
    for (const [call] of things) {
      for (const token of [null, 'plug_unknown']) {
        expect(await ask(call, { subject: 'ada', token })).toMatchObject(failure(401, 'UNAUTHENTICATED'));
      }
    }
  });

  it('are refused without their scope, which no other contains: 403', async () => {
    for (const needed of scopes) {
      const others = [...scopes.filter((scope) => scope !== needed), 'plugboard.admin', 'plugboard.subjects'];
      const token = await createKey(gateway.file, 'acme', others);
      for (const [call] of things.filter(([, scope]) => scope === needed)) {
        const answer = await ask(call, { subject: 'ada', token });
        expect({ call, ...answer }).toMatchObject({ call, ...failure(403, 'FORBIDDEN') });
        expect(answer.headers.get('www-authenticate')).toContain(`scope="${needed}"`);
      }
    }
  });

  it('are made for a subject that is named: 400', async () => {
    for (const [call] of things) expect(await ask(call)).toMatchObject(failure(400, 'SUBJECT_MISSING'));
  });

  it('find nothing that is not there: 404', async () => {
    for (const [call] of things.filter(([each]) => each.includes('/x'))) {
      const body = { value: 1, status: 'AVAILABLE' };
      const answer = await ask(call, { subject: 'ada', ...(!/^(?:GET|DELETE)/.test(call) && { body }) });
      expect({ call, ...answer }).toMatchObject({ call, ...failure(404, 'THING_DOESNT_EXIST') });
    }
  });
});

describe('a store that fails', () => {
  const calls = ['GET /connectors/instances', 'GET /connectors/clients', 'GET /things'];

  it('is told as 503, in the words of the interface, and is there again afterwards', async () => {
    for (const call of calls) {
      // Whoever calls is looked up in the store too; that is another test's.
      store.fail({ code: 'STORE_UNAVAILABLE', kinds: ['registration', 'connection', 'thing'] });
      try {
        expect({ call, ...(await ask(call, { subject: 'ada' })) }).toMatchObject({
          call,
          ...failure(503, 'STORE_UNAVAILABLE'),
        });
      } finally {
        store.heal();
      }
      expect((await ask(call, { subject: 'ada' })).status).toBe(200);
    }
  });

  it('makes no instance and no client, and both can be made afterwards', async () => {
    const body = { connector_type_id: 'open' };
    store.fail({ code: 'STORE_FULL', methods: ['create', 'commit'], kinds: ['registration'] });
    expect(await ask('POST /connectors/instances', { body })).toMatchObject(failure(500, 'STORE_FULL'));
    store.heal();
    const made = await ask('POST /connectors/instances', { body });
    expect(made.status).toBe(201);
    store.fail({ code: 'STORE_UNAVAILABLE', methods: ['create', 'commit'], kinds: ['connection'] });
    expect(await ask('POST /connectors/clients', { subject: 'ada', body })).toMatchObject(
      failure(503, 'STORE_UNAVAILABLE'),
    );
    store.heal();
    expect((await ask('GET /connectors/clients', { subject: 'ada' })).body).toEqual([]);
    const client = await ask('POST /connectors/clients', { subject: 'ada', body });
    expect(client.status).toBe(201);
    await ask(`DELETE /connectors/clients/${client.body.id}`, { subject: 'ada' });
    await ask(`DELETE /connectors/instances/${made.body.id}`);
  });
});

describe('what nobody foresaw', () => {
  it('keeps a client from being made, and none of its text is shown', async () => {
    const body = { connector_type_id: 'broken' };
    const { body: made } = await ask('POST /connectors/instances', { body });
    const answer = await ask('POST /connectors/clients', { subject: 'ada', body });
    expect(answer).toMatchObject(failure(400, 'CONNECTION_TEST_FAILED'));
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    await ask(`DELETE /connectors/instances/${made.id}`);
  });
});

describe('an instance with clients', () => {
  it('stays whatever is made at the same instant, and every client is attached to it', async () => {
    const body = { connector_type_id: 'open' };
    const { body: made } = await ask('POST /connectors/instances', { body });
    await ask('POST /connectors/clients', { subject: 'ada', body });
    for (let round = 0; round < 6; round += 1) {
      const subjects = [`bob-${round}`, `cyd-${round}`];
      const [removed, ...created] = await Promise.all([
        ask(`DELETE /connectors/instances/${made.id}`),
        ...subjects.map((subject) => ask('POST /connectors/clients', { subject, body })),
      ]);
      expect(removed).toMatchObject(failure(409, 'CONNECTOR_INSTANCE_IN_USE'));
      expect(created.map(({ status }) => status)).toEqual([201, 201]);
    }
    const { body: shown } = await ask(`GET /connectors/instances/${made.id}`);
    expect(shown.clients).toHaveLength(13);
  });
});
