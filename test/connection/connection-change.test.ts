/** What is told of a connection when it changes, by every way in which it can. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connectionChange, type ConnectionChange } from '../../src/connection/connection-change.ts';
import type { ConnectionRecord, ConnectionValue } from '../../src/connection/connection-record.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { alice, itemsConnector, openConnectingDesk, works, type ConnectingDesk } from '../support/connecting-desk.ts';
import type { ConnectingDeskOptions } from '../support/connecting-desk.ts';
import { redirectUri } from '../support/oauth-connection.ts';

let server: AuthorizationServer;
let desk: ConnectingDesk;

beforeAll(async () => {
  server = await startAuthorizationServer({
    deviceInterval: 0.1,
    clients: [{ clientId: 'app', redirectUris: [redirectUri] }],
  });
});
afterAll(() => server.close());
afterEach(async () => {
  await server.setFault('token', 'none');
  await desk?.close();
});

async function open(options: ConnectingDeskOptions = {}): Promise<ConnectingDesk> {
  desk = await openConnectingDesk(server, { connector: itemsConnector, ...options });
  return desk;
}

/** `from → to` of all that was told. */
const told = () => desk.changes.map(({ from, to }) => `${from} → ${to}`);

describe('a change of a connection', () => {
  const record = (value: Partial<ConnectionValue>): ConnectionRecord => ({
    kind: 'connection',
    id: 'c1',
    version: 1,
    indexes: {},
    createdAt: 0,
    updatedAt: 0,
    value: {
      tenant: 'acme',
      subject: 'alice',
      connector: 'shop',
      label: null,
      state: 'STARTED',
      reason: null,
      fields: 'sealed1',
      acquired: null,
      tokens: 'sealed1',
      scopes: ['a', 'b'],
      expiresAt: null,
      identity: null,
      failures: 0,
      retryAt: null,
      ...value,
    },
  });

  it('says whose it is, from what, to what and when', () => {
    const over = record({ state: 'REAUTH_REQUIRED', reason: 'Shop refuses it.' });
    expect(connectionChange(record({}), over, 7)).toEqual({
      tenant: 'acme',
      subject: 'alice',
      connector: 'shop',
      connection: 'c1',
      from: 'STARTED',
      to: 'REAUTH_REQUIRED',
      reason: 'Shop refuses it.',
      scopes: ['a', 'b'],
      at: 7,
    } satisfies ConnectionChange);
  });

  it('says nothing of a renewal, and of scopes in another order', () => {
    expect(connectionChange(record({}), record({ tokens: 'sealed2', failures: 1 }), 7)).toBeUndefined();
    expect(connectionChange(record({}), record({ scopes: ['b', 'a'] }), 7)).toBeUndefined();
  });

  it('is told when only the scopes are others, and when it was connected again', () => {
    expect(connectionChange(record({}), record({ scopes: ['a'] }), 7)).toMatchObject({ to: 'STARTED', scopes: ['a'] });
    expect(connectionChange(record({}), record({ fields: 'sealed2' }), 7)).toMatchObject({ from: 'STARTED' });
  });

  it('shows no reason and no scopes of one that is gone', () => {
    const gone = connectionChange(record({ state: 'ERROR', reason: 'It failed.' }), undefined, 7);
    expect(gone).toMatchObject({ from: 'ERROR', to: 'DELETED', reason: null, scopes: [] });
  });
});

describe('changes are told once', () => {
  it('when a subject connects, connects again and disconnects', async () => {
    await open();
    const { id } = await desk.connectAs({ subject: 'alice' });
    expect(told()).toEqual(['null → PENDING', 'PENDING → STARTED']);
    expect(desk.changes.at(-1)).toMatchObject({
      tenant: 'acme',
      subject: 'alice',
      connector: 'shop',
      connection: id,
    });
    await desk.reconnectAs(id, { subject: 'alice' });
    await desk.connecting.disconnect(alice, id);
    expect(told().slice(2)).toEqual(['STARTED → STARTED', 'STARTED → DELETED']);
  });

  it('when the subject says no, and when it says yes after that', async () => {
    await open();
    const step = await desk.browse(await desk.begin(), { subject: 'alice', deny: true });
    expect(desk.answerOf(step).get('error')).toBe('CONNECTION_DENIED');
    await desk.connectAs({ subject: 'alice' });
    expect(told()).toEqual(['null → PENDING', 'PENDING → ERROR', 'ERROR → STARTED']);
  });

  it('when a renewal finds that the grant is over, and nobody tells it again', async () => {
    await open();
    const record = await desk.connectAs({ subject: 'nina' });
    await server.revokeGrant('nina');
    await server.expireAccessTokens('nina');
    expect(await works(desk, record)).toBe(false);
    expect(await works(desk, record)).toBe(false);
    expect(told().slice(2)).toEqual(['STARTED → REAUTH_REQUIRED']);
    await desk.reconnectAs(record.id, { subject: 'nina' });
    expect(told().slice(3)).toEqual(['REAUTH_REQUIRED → STARTED']);
  });

  it('when the operator has to mend the client, and when it is mended', async () => {
    await open();
    const record = await desk.connectAs({ subject: 'alice' });
    await server.setFault('token', { mode: 'error', error: 'invalid_client', status: 401 }, 1);
    await server.expireAccessTokens('alice');
    expect(await works(desk, record)).toBe(false);
    expect(told().slice(2)).toEqual(['STARTED → ERROR']);
    const failed = (await desk.stored.find(alice, record.id))!;
    await desk.store.records.compareAndSet('connection', failed.id, failed.version, { ...failed.value, retryAt: 0 });
    expect(await works(desk, (await desk.stored.find(alice, record.id))!)).toBe(true);
    expect(told().slice(3)).toEqual(['ERROR → STARTED']);
  });

  it('when a test fails and when the next one passes', async () => {
    let isUp = false;
    const test = () => {
      if (!isUp) throw new Error('down');
    };
    await open({ connector: { test } });
    isUp = true;
    const { id } = await desk.connectAs({ subject: 'alice' });
    isUp = false;
    await desk.connecting.test(alice, id);
    await desk.connecting.test(alice, id);
    isUp = true;
    await desk.connecting.test(alice, id);
    expect(told().slice(2)).toEqual(['STARTED → ERROR', 'ERROR → STARTED']);
  });

  it('when a device is allowed, and when a client connects by itself', async () => {
    await open({ authorization: { grant: 'device_code' } });
    const begun = await desk.begin();
    await server.approveDevice(begun.device!.userCode, { subject: 'alice' });
    // From when the device may be asked about.
    desk.clock.now += 60_000;
    await desk.connecting.advance(begun.connection);
    expect(told()).toEqual(['null → PENDING', 'PENDING → STARTED']);
    await desk.close();
    await open({ authorization: { grant: 'client_credentials' } });
    await desk.begin({ fields: {} });
    expect(told()).toEqual(['null → STARTED']);
  });
});
