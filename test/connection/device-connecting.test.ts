/** Connecting by a device code when something fails on the way: the grant of the subject is not lost. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionRecord } from '../../src/connection/connection-record.ts';
import type { OAuthClients } from '../../src/connection/oauth-client.ts';
import type { Registration } from '../../src/connection/registration.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { GatewayError, ProviderError } from '../../src/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { alice, openConnectingDesk, works, type ConnectingDesk } from '../support/connecting-desk.ts';
import { redirectUri } from '../support/oauth-connection.ts';

let server: AuthorizationServer;
let desk: ConnectingDesk;
/** What the store, and the look-up of the client, throw as often as there are some. */
let storeFaults: { readonly method: keyof Records; readonly kind: string; times: number }[] = [];
let clientFaults = 0;
/** What the tenant registers meanwhile, and how often its provider is tried. */
let registered: Partial<Registration> = {};
let tried = 0;

beforeAll(async () => {
  const clients = [{ clientId: 'app', redirectUris: [redirectUri] }];
  server = await startAuthorizationServer({ deviceInterval: 0.01, clients });
});
afterAll(() => server.close());
afterEach(async () => {
  storeFaults = [];
  clientFaults = 0;
  registered = {};
  await desk.close();
});

/** Fails the calls that `storeFaults` names. */
function failing(records: Records): Records {
  const check = (method: keyof Records, kinds: readonly string[]) => {
    const fault = storeFaults.find((each) => each.method === method && kinds.includes(each.kind) && each.times > 0);
    if (!fault) return;
    fault.times -= 1;
    throw new GatewayError('STORE_UNAVAILABLE', 'The store could not do it.');
  };
  return new Proxy(records, {
    get(target, method: keyof Records) {
      return async (...given: [never, never, never, never]) => {
        const [first] = given as readonly unknown[];
        check(method, typeof first === 'string' ? [first] : (first as { kind: string }[]).map(({ kind }) => kind));
        return (target[method] as (...all: typeof given) => Promise<never>).apply(target, given);
      };
    },
  });
}

async function open(
  connector: Partial<Connector> = {
    test: (connection) => {
      tried += 1;
      return connection.get('me');
    },
  },
): Promise<void> {
  let clients: OAuthClients | undefined;
  desk = await openConnectingDesk(server, {
    authorization: { grant: 'device_code' },
    connector,
    records: failing,
    findRegistration: async () => ({ ...desk.registration, ...registered }),
    connecting: {
      oauthClients: async (...given) => {
        if (clientFaults-- > 0) throw new ProviderError('PROVIDER_UNAVAILABLE', 'Discovery answered 503.');
        return (clients ??= desk.clients)(...given);
      },
    },
  });
}

/** A connection whose device has been allowed already. */
async function begin(): Promise<ConnectionRecord> {
  const { connection, device } = await desk.begin();
  await server.approveDevice(device!.userCode, { subject: 'alice' });
  return connection;
}
/** One look, late enough to be allowed to ask: the state after it, or the code of its error. */
async function look(record: ConnectionRecord): Promise<string> {
  desk.clock.now += 5 * 60_000;
  const read = (await desk.stored.find(alice, record.id))!;
  return desk.connecting.advance(read).then(
    ({ value }) => value.state,
    (error: GatewayError) => error.code,
  );
}
const find = async ({ id }: ConnectionRecord) => (await desk.stored.find(alice, id))!;

describe('connecting by a device code', () => {
  it.each([
    ['the flow is looked up', 'list', 'device_flow'],
    ['the flow is read', 'get', 'device_flow'],
    ['the poll is claimed', 'compareAndSet', 'device_flow'],
    ['granted tokens are parked', 'commit', 'finish_code'],
    ['parked tokens are read', 'get', 'finish_code'],
  ] as const)('survives a store that fails once when %s', async (_when, method, kind) => {
    await open();
    const before = await server.counters();
    const record = await begin();
    storeFaults = [{ method, kind, times: 1 }];
    expect(await look(record)).toBe('STORE_UNAVAILABLE');
    expect((await find(record)).value).toMatchObject({ state: 'PENDING', reason: null });
    expect(await look(record)).toBe('STARTED');
    expect(await works(desk, await find(record))).toBe(true);
    expect((await server.counters()).revocations).toBe(before.revocations);
    expect(await desk.store.records.list('device_flow', {})).toEqual([]);
    expect(await desk.store.records.list('finish_code', {})).toEqual([]);
  });

  it('survives a store that cannot write what works, in the hands of another replica', async () => {
    await open();
    const record = await begin();
    // The first commit parks what was granted; the second would keep it.
    const commit = desk.store.records.commit.bind(desk.store.records);
    let commits = 0;
    Object.assign(desk.store.records, {
      commit: (...given: Parameters<typeof commit>) => {
        commits += 1;
        if (commits === 2) throw new GatewayError('STORE_FULL', 'The disk is full.');
        return commit(...given);
      },
    });
    expect(await look(record)).toBe('STORE_FULL');
    const [parked] = await desk.store.records.list('finish_code', {});
    expect(JSON.stringify(parked?.value)).toContain('sealed1.');
    expect((await find(record)).value.state).toBe('PENDING');
    expect(await look(record)).toBe('STARTED');
    expect(await works(desk, await find(record))).toBe(true);
  });

  it('goes on when the authorization server cannot be asked for a moment', async () => {
    await open();
    const record = await begin();
    clientFaults = 1;
    expect(await look(record)).toBe('PENDING');
    expect((await find(record)).value.reason).toBe(null);
    expect(await look(record)).toBe('STARTED');
  });

  it.each(['granted', 'kept'] as const)(
    'ends where the tenant has registered another token endpoint before it is %s, and nothing is asked there',
    async (when) => {
      await open();
      const record = await begin();
      if (when === 'kept') {
        storeFaults = [{ method: 'get', kind: 'finish_code', times: 1 }];
        expect(await look(record)).toBe('STORE_UNAVAILABLE');
      }
      const requests = (await server.counters()).requests['token'];
      tried = 0;
      registered = { id: 'r1', endpoints: { tokenUrl: 'https://evil.example/token' } };
      expect(await look(record)).toBe('ERROR');
      expect((await find(record)).value.reason).toBe(
        'Shop was registered at other hosts while the account was being connected, and nothing was sent there. Begin again.',
      );
      expect((await server.counters()).requests['token']).toBe(requests);
      expect(tried).toBe(0);
      expect(await desk.store.records.list('device_flow', {})).toEqual([]);
      expect(await desk.store.records.list('finish_code', {})).toEqual([]);
    },
  );

  it('is kept once when many look at once', async () => {
    await open();
    const record = await begin();
    storeFaults = [{ method: 'get', kind: 'finish_code', times: 1 }];
    expect(await look(record)).toBe('STORE_UNAVAILABLE');
    expect(new Set(await Promise.all(Array.from({ length: 5 }, () => look(record))))).toEqual(new Set(['STARTED']));
    expect(desk.changes.map(({ to }) => to)).toEqual(['PENDING', 'STARTED']);
  });

  it('takes tokens back that wait while their connection is removed', async () => {
    await open();
    const record = await begin();
    storeFaults = [{ method: 'get', kind: 'finish_code', times: 1 }];
    expect(await look(record)).toBe('STORE_UNAVAILABLE');
    const before = await server.counters();
    expect(await desk.connecting.disconnect(alice, record.id)).toBe(true);
    expect((await server.counters()).revocations).toBeGreaterThan(before.revocations);
  });
});

describe('the test of a connection that was only begun', () => {
  it('does not make it work, though the provider answers strangers too', async () => {
    await open({ test: () => {} });
    const { connection } = await desk.begin();
    const tested = await desk.connecting.test(alice, connection.id);
    expect(tested).toMatchObject({ works: false, problem: expect.stringContaining('Shop is not connected yet') });
    expect((await find(connection)).value.state).toBe('PENDING');
    expect(desk.changes.map(({ to }) => to)).toEqual(['PENDING']);
  });
});
