/** Tokens that nobody uses any more: taken back at the provider, unless what lives on could end with them. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionRecord } from '../../src/connection/connection-record.ts';
import { mayTakeBack, type Grant } from '../../src/connection/discarding.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import { Secret } from '../../src/http/secret.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import {
  alice,
  openConnectingDesk,
  works,
  type ConnectingDesk,
  type ConnectingDeskOptions,
} from '../support/connecting-desk.ts';
import { redirectUri } from '../support/oauth-connection.ts';

let server: AuthorizationServer;
let desk: ConnectingDesk;
let before: number;
/** Ways into the middle of what happens, by name of the method. */
let meanwhile: ((method: keyof Records, kinds: readonly string[]) => unknown) | undefined;
/** What `identity` and `test` of the connector do. */
let trial: { identity: () => string | null; fails: boolean };

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
});
afterAll(() => server.close());
afterEach(async () => {
  await server.setFault('revocation', 'none');
  await desk.close();
});

async function open(options: ConnectingDeskOptions = {}): Promise<void> {
  meanwhile = undefined;
  trial = { identity: () => null, fails: false };
  const test: Connector['test'] = (connection) => {
    if (trial.fails) throw new Error('no');
    return connection.get('me');
  };
  desk = await openConnectingDesk(server, {
    connector: { test },
    records: interrupted,
    ...options,
    authorization: { identity: () => trial.identity(), ...options.authorization },
  });
  before = (await server.counters()).revocations;
}

function interrupted(records: Records): Records {
  return {
    ...records,
    get: async (kind, id) => {
      await meanwhile?.('get', [kind]);
      return records.get(kind, id);
    },
    commit: async (changes) => {
      await meanwhile?.(
        'commit',
        changes.map(({ kind }) => kind),
      );
      return records.commit(changes);
    },
  };
}

const revoked = async () => (await server.counters()).revocations - before;
/** Until they are, which nobody is made to wait for. */
const untilRevoked = (count: number) => server.until(({ revocations }) => revocations - before >= count);
const named = (name: string) => (trial.identity = () => name);
const kept = async (id: string) => (await desk.stored.find(alice, id))!;
const isAccepted = async (token: string) =>
  (await fetch(`${server.apiUrl}/me`, { headers: { authorization: `Bearer ${token}` } })).status === 200;
const accessToken = (record: ConnectionRecord) => desk.tokensOf(record)!.access_token;

describe('tokens that others replace', () => {
  it('are taken back when they are another account’s', async () => {
    await open();
    named('ada');
    const first = await desk.connectAs({ subject: 'ada' });
    named('bea');
    const second = await desk.reconnectAs(first.id, { subject: 'bea' });
    await untilRevoked(1);
    expect(await isAccepted(accessToken(first))).toBe(false);
    expect(await works(desk, second)).toBe(true);
  });

  it.each([
    ['the same account’s', 'ada'],
    ['of nobody knows whom', null],
  ])('stay when they are %s, whose grant could end with them', async (_whose, name) => {
    await open();
    trial.identity = () => name;
    const first = await desk.connectAs({ subject: 'ada' });
    await desk.reconnectAs(first.id, { subject: 'ada' });
    await desk.revocations.sweep();
    expect(await isAccepted(accessToken(first))).toBe(true);
    expect(await revoked()).toBe(0);
  });

  it('are judged by the sub of their ID tokens before the names of the accounts', async () => {
    await open({ authorization: { scopes: ['openid', 'items:read'] } });
    const names = ['ada', 'ada (new name)'];
    trial.identity = () => names.shift() ?? null;
    const first = await desk.connectAs({ subject: 'ada' });
    await desk.reconnectAs(first.id, { subject: 'ada' });
    await desk.revocations.sweep();
    expect(await revoked()).toBe(0);
  });

  it('are taken back always or never where the connector says so', async () => {
    await open({ authorization: { revokeReplaced: 'always' } });
    const first = await desk.connectAs({ subject: 'ada' });
    await desk.reconnectAs(first.id, { subject: 'ada' });
    await untilRevoked(1);
    expect(await isAccepted(accessToken(first))).toBe(false);
    await desk.close();
    await open({ authorization: { revokeReplaced: 'never' } });
    named('ada');
    const other = await desk.connectAs({ subject: 'ada' });
    named('bea');
    await desk.reconnectAs(other.id, { subject: 'bea' });
    await desk.revocations.sweep();
    expect(await revoked()).toBe(0);
  });
});

describe('new tokens that nobody keeps', () => {
  it('are taken back when their code is brought too late, and the code is refused', async () => {
    await open();
    const begun = await desk.begin();
    const code = desk.answerOf(await desk.browse(begun)).get('code')!;
    desk.clock.now += 10 * 60_000 - 1;
    await desk.discarding.sweep();
    expect(await revoked()).toBe(0);
    desk.clock.now += 1;
    await expect(desk.connecting.finish(alice, code)).rejects.toMatchObject({ code: 'FINISH_CODE_INVALID' });
    await desk.discarding.sweep();
    expect(await revoked()).toBe(1);
    expect(await desk.store.records.list('finish_code', {})).toEqual([]);
    await desk.discarding.sweep();
    expect(await revoked()).toBe(1);
  });

  it('stay when the code of the same account was brought too late and the connection works', async () => {
    await open();
    named('ada');
    const first = await desk.connectAs({ subject: 'ada' });
    const again = await desk.connecting.beginAgain(alice, first.id, {
      returnUrl: 'https://app.example.test/connected',
    });
    await desk.browse(again, { subject: 'ada' });
    desk.clock.now += 10 * 60_000;
    await desk.discarding.sweep();
    expect(await revoked()).toBe(0);
    expect(await works(desk, await kept(first.id))).toBe(true);
  });

  it('are taken back when they do not pass the test, unless the connection may live by the same grant', async () => {
    await open();
    trial.fails = true;
    const step = await desk.browse(await desk.begin());
    expect(desk.answerOf(step).get('error')).toBe('CONNECTION_TEST_FAILED');
    expect(await revoked()).toBe(1);
    trial.fails = false;
    const record = await desk.connectAs({ subject: 'ada' });
    trial.fails = true;
    const again = await desk.connecting.beginAgain(alice, record.id, {
      returnUrl: 'https://app.example.test/connected',
    });
    await desk.browse(again, { subject: 'ada' });
    expect(await revoked()).toBe(1);
    trial.fails = false;
    expect(await works(desk, await kept(record.id))).toBe(true);
  });

  it('are taken back when another answer of the session was first', async () => {
    await open({ authorization: { revokeReplaced: 'always' } });
    const { authorizationUrl } = await desk.begin();
    const token = new URL(authorizationUrl!).searchParams.get('session')!;
    const browser = randomUUID();
    const callbacks = [];
    for (const _tab of [1, 2]) {
      const step = await desk.connecting.openSession('shop', token, browser);
      if (step.step !== 'provider') throw new Error(step.step);
      callbacks.push(await server.authorize(step.url, { subject: 'ada' }));
    }
    // Both have read the session before either ends it.
    let tested = 0;
    let release = (): void => {};
    const both = new Promise<void>((resolve) => (release = resolve));
    meanwhile = async (method, kinds) => {
      if (method !== 'commit' || !kinds.includes('finish_code')) return;
      tested += 1;
      if (tested === 2) release();
      await both;
    };
    const context = callbacks[0]!.pathname.split('/').at(-1)!;
    const ends = await Promise.allSettled(
      callbacks.map(({ searchParams }) => desk.connecting.returnFromProvider(context, searchParams, browser)),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await revoked()).toBe(1);
    const won = ends.find((end) => end.status === 'fulfilled')!;
    const record = await desk.connecting.finish(alice, desk.answerOf(won.value).get('code')!);
    expect(await works(desk, record)).toBe(true);
  });

  it('are taken back when the connection was removed during the exchange', async () => {
    await open();
    const begun = await desk.begin();
    meanwhile = async (method, kinds) => {
      if (method !== 'commit' || !kinds.includes('finish_code')) return;
      meanwhile = undefined;
      await desk.connecting.disconnect(alice, begun.connection.id);
    };
    await expect(desk.browse(begun)).rejects.toMatchObject({ code: 'SESSION_INVALID' });
    expect(await revoked()).toBe(1);
    expect(await desk.store.records.list('finish_code', {})).toEqual([]);
  });

  it('are taken back at once when the store fails after the exchange, and the link is good again', async () => {
    await open();
    const begun = await desk.begin();
    meanwhile = (method) => {
      if (method === 'commit' && desk.changes.length > 0 && isDown) throw new GatewayError('STORE_FULL', 'Full.');
    };
    let isDown = false;
    const token = new URL(begun.authorizationUrl!).searchParams.get('session')!;
    const browser = randomUUID();
    const visit = async () => {
      isDown = false;
      const step = await desk.connecting.openSession('shop', token, browser);
      if (step.step !== 'provider') throw new Error(step.step);
      return server.authorize(step.url, { subject: 'ada' });
    };
    const callback = await visit();
    isDown = true;
    const context = callback.pathname.split('/').at(-1)!;
    const failing = desk.connecting.returnFromProvider(context, callback.searchParams, browser);
    await expect(failing).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(await revoked()).toBe(1);
    const again = await visit();
    const step = await desk.connecting.returnFromProvider(context, again.searchParams, browser);
    const record = await desk.connecting.finish(alice, desk.answerOf(step).get('code')!);
    expect(await works(desk, record)).toBe(true);
  });
});

describe('whether tokens may be taken back', () => {
  const grant = (token: string, identity: string | null = null, refresh?: string): Grant => ({
    tokens: {
      access_token: new Secret(token),
      token_type: 'Bearer',
      ...(refresh !== undefined && { refresh_token: new Secret(refresh) }),
    },
    identity,
  });

  it.each(['always', 'other-account', 'never'] as const)('is clear where nothing lives on: %s', (rule) => {
    expect(mayTakeBack(grant('a'), [], rule)).toBe(true);
  });

  it.each(['always', 'other-account', 'never'] as const)('is never so while the same token lives on: %s', (rule) => {
    expect(mayTakeBack(grant('a', 'ada', 'r'), [grant('b', 'bea', 'r')], rule)).toBe(false);
    expect(mayTakeBack(grant('a', 'ada'), [grant('a', 'bea')], rule)).toBe(false);
  });

  it('is judged against everything that lives on', () => {
    const living = [grant('b', 'bea'), grant('c', 'ada')];
    expect(mayTakeBack(grant('a', 'ada'), living, 'other-account')).toBe(false);
    expect(mayTakeBack(grant('a', 'eve'), living, 'other-account')).toBe(true);
    expect(mayTakeBack(grant('a', 'ada'), living, 'always')).toBe(true);
    expect(mayTakeBack(grant('a', 'eve'), living, 'never')).toBe(false);
  });
});
