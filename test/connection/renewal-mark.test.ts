/** A process renews tokens and cannot save what it was given; another one takes over when the lease has run out. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionCredentials } from '../../src/connection/access-token.ts';
import type { ConnectionRecord } from '../../src/connection/connection-record.ts';
import { TokenFailure } from '../../src/connection/token-failure.ts';
import { GatewayError } from '../../src/errors.ts';
import { Secret } from '../../src/http/secret.ts';
import type { Records } from '../../src/storage/records.ts';
import { openOAuthDesk, tokenOf, type OAuthDesk } from '../support/oauth-connection.ts';
import { until } from '../support/until.ts';

let desk: OAuthDesk;
/** Refresh tokens that were spent, in their order. */
let spent: string[];
let failWith: TokenFailure | undefined;
let changes: string[];
/** Leases that were got, by all. */
let leased: number;
const running: ConnectionCredentials[] = [];

beforeEach(async () => {
  const nobody = () => Promise.reject(new Error('Nobody signs in here.'));
  desk = await openOAuthDesk({ issuer: 'https://auth.example.test', authorize: nobody });
  spent = [];
  failWith = undefined;
  changes = [];
  leased = 0;
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  await desk.close();
});

const client = {
  tokenUrl: 'https://auth.example.test/token',
  scopes: [],
  canRevoke: false,
  refresh: async (token: Secret) => {
    spent.push(token.reveal());
    if (failWith) throw failWith;
    return {
      access_token: new Secret(`token ${spent.length}`),
      token_type: 'Bearer',
      refresh_token: new Secret(`${token.reveal()}+`),
      expires_in: 3600,
    };
  },
};

/** One process. @param isAway - whether the store takes nothing of it, but what says that a token is being spent. */
function replica(isAway: () => boolean = () => false, limits: object = {}) {
  const away = () => new GatewayError('STORE_READ_ONLY', 'The store can be read and not written.');
  const { records, leases } = desk.store;
  const guarded: Records = {
    ...records,
    get: (...given) => records.get(...given),
    list: (...given) => records.list(...given),
    compareAndSet: async (...given) => {
      if (isAway() && typeof given[3]['renewing'] !== 'number') throw away();
      return records.compareAndSet(...given);
    },
  };
  const credentials = desk.credentials({
    records: guarded,
    leases: {
      async acquire(...given) {
        const lease = await leases.acquire(...given);
        if (lease) leased += 1;
        return lease;
      },
      renew: async (...given) => !isAway() && leases.renew(...given),
      release: (...given) => leases.release(...given),
    },
    clients: (async () => client) as never,
    onConnectionChange: ({ from, to }) => void changes.push(`${from} → ${to}`),
    pause: (ms) => new Promise((resolve) => void setTimeout(resolve, Math.min(ms, 20))),
    limits: { leaseMs: 1_000, renewLeaseEveryMs: 250, saveAgainMs: 10, keeperWaitMs: 10_000, ...limits },
  });
  running.push(credentials);
  return (record: ConnectionRecord) => {
    const { connector, registration } = desk;
    return credentials.of({ record, connector, registration });
  };
}

function connected(rotates?: boolean): Promise<ConnectionRecord> {
  const tokens = {
    access_token: new Secret('old'),
    token_type: 'Bearer',
    refresh_token: new Secret('r'),
    obtained_at: 0,
    ...(rotates !== undefined && { rotates }),
  };
  return desk.connect({ tokens, scopes: [], expiresAt: 1 });
}

const codeOf = (token: unknown) =>
  Promise.resolve(token).then(
    () => 'nothing failed',
    (error: GatewayError) => error.code,
  );
const stateOf = async ({ id }: ConnectionRecord) => {
  const { value } = await desk.read(id);
  return { state: value.state, reason: value.reason, renewing: typeof value.renewing };
};
const lostReason =
  'The gateway that renewed the tokens of Shop stopped before it could save them. Connect it again; if that gateway comes back, it works again by itself.';

describe('tokens that a process was given and cannot save', () => {
  it('are waited for by the one that takes over, which spends no refresh token', async () => {
    const record = await connected(true);
    let isAway = true;
    const holder = replica(() => isAway);
    expect(await codeOf(tokenOf(holder(record)))).toBe('STORE_READ_ONLY');
    const taken = tokenOf(replica()(record)) as Promise<string>;
    await until(() => leased === 2);
    isAway = false;
    expect(await taken).toBe('token 1');
    expect(await tokenOf(holder(record))).toBe('token 1');
    expect([spent, await stateOf(record)]).toEqual([['r'], { state: 'STARTED', reason: null, renewing: 'object' }]);
  });

  it.each([true, undefined])(
    'and do not come are lost, without spending the refresh token again, until they come after all (rotates: %s)',
    async (rotates) => {
      const record = await connected(rotates);
      let isAway = true;
      const holder = replica(() => isAway);
      expect(await codeOf(tokenOf(holder(record)))).toBe('STORE_READ_ONLY');
      const other = replica(undefined, { keeperWaitMs: 50 });
      await expect(tokenOf(other(record))).rejects.toMatchObject({
        code: 'REAUTH_REQUIRED',
        message: lostReason,
        details: { connector: 'shop', connection: record.id, connect: { connector: 'shop' } },
      });
      expect(await stateOf(record)).toEqual({ state: 'REAUTH_REQUIRED', reason: lostReason, renewing: 'number' });
      isAway = false;
      await until(async () => (await stateOf(record)).state === 'STARTED');
      expect(await stateOf(record)).toEqual({ state: 'STARTED', reason: null, renewing: 'object' });
      expect(await tokenOf(other(await desk.read(record.id)))).toBe('token 1');
      expect(spent).toEqual(['r']);
      expect(changes).toEqual(['STARTED → REAUTH_REQUIRED', 'REAUTH_REQUIRED → STARTED']);
    },
  );

  it('are asked for again at a provider that keeps refresh tokens valid', async () => {
    const record = await connected(false);
    let isAway = true;
    const holder = replica(() => isAway);
    expect(await codeOf(tokenOf(holder(record)))).toBe('STORE_READ_ONLY');
    expect(await tokenOf(replica(undefined, { keeperWaitMs: 50 })(record))).toBe('token 2');
    isAway = false;
    expect(spent).toEqual(['r', 'r']);
  });
});

describe('a token request that failed', () => {
  it('leaves nothing to be waited for', async () => {
    const record = await connected(true);
    failWith = new TokenFailure('client', 'it refused', { error: 'invalid_client', status: 401 });
    expect(await codeOf(tokenOf(replica()(record)))).toBe('REGISTRATION_REFUSED');
    expect((await stateOf(record)).renewing).toBe('object');
  });

  it('is told at once when the store cannot be told, which hears of it as soon as it can', async () => {
    const record = await connected(true);
    let isAway = true;
    failWith = new TokenFailure('passing', 'it answered 503', { status: 503 });
    expect(await codeOf(tokenOf(replica(() => isAway, { leaseMs: 60_000 })(record)))).toBe('PROVIDER_UNAVAILABLE');
    expect((await stateOf(record)).renewing).toBe('number');
    isAway = false;
    await until(async () => (await stateOf(record)).renewing === 'object');
    expect((await desk.read(record.id)).value.failures).toBe(1);
  });
});
