/** Connections that nobody uses: their refresh tokens are kept alive. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { refreshIdle, type IdleRefreshOptions } from '../../src/connection/idle-refresh.ts';
import { withLease } from '../../src/storage/hold-lease.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { openOAuthDesk, redirectUri, type OAuthDesk } from '../support/oauth-connection.ts';

const day = 24 * 60 * 60_000;
let server: AuthorizationServer;
let desk: OAuthDesk;
let now: number;
let asked: number;

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
});
afterAll(() => server.close());
beforeEach(async () => {
  now = Date.now();
  desk = await openOAuthDesk(server);
  asked = (await server.counters()).refreshes;
});
afterEach(async () => {
  await server.setFault('token', 'none');
  await desk.close();
});

const options = (part: Partial<IdleRefreshOptions> = {}): IdleRefreshOptions => ({
  records: desk.store.records,
  leases: desk.store.leases,
  credentials: desk.credentials({ now: () => now, random: () => 1 }),
  resolve: async () => ({ connector: desk.connector, registration: desk.registration }),
  ...part,
});
const refreshes = async () => (await server.counters()).refreshes - asked;

describe('a connection that nobody uses', () => {
  it('is renewed once a day, by one of many replicas', async () => {
    const record = await desk.connect(await desk.signIn());
    expect(await refreshIdle(options(), now)).toEqual({ renewed: 0, failed: 0 });
    now += day + 60_000;
    const results = await Promise.all(Array.from({ length: 4 }, () => refreshIdle(options(), now)));
    expect(results.reduce((sum, { renewed }) => sum + renewed, 0)).toBe(1);
    expect(await refreshes()).toBe(1);
    expect((await desk.read(record.id)).value.idleRefreshAt).toBeGreaterThan(now);
    expect(await refreshIdle(options(), now)).toEqual({ renewed: 0, failed: 0 });
  });

  it('is left alone when it has to be connected again, was never finished, or has no refresh token', async () => {
    const tokens = await desk.signIn();
    const { refresh_token: _, ...without } = tokens.tokens;
    await desk.connect(tokens, { state: 'REAUTH_REQUIRED' });
    await desk.connect(tokens, { state: 'PENDING' });
    await desk.connect({ ...tokens, tokens: without });
    await desk.connect(undefined);
    expect(await refreshIdle(options(), now + 2 * day)).toEqual({ renewed: 0, failed: 0 });
    expect(await refreshes()).toBe(0);
  });

  it('is left alone when its connector is not loaded', async () => {
    await desk.connect(await desk.signIn());
    now += day + 60_000;
    expect(await refreshIdle(options({ resolve: async () => undefined }), now)).toEqual({ renewed: 0, failed: 0 });
  });

  it('that fails keeps no other one from being renewed, and is tried again after its pause', async () => {
    const records = [
      await desk.connect(await desk.signIn()),
      await desk.connect(await desk.signIn({ subject: 'bob' })),
    ];
    now += day + 60_000;
    await server.setFault('token', { mode: 'status-500', grantType: 'refresh_token' }, 1);
    expect(await refreshIdle(options(), now)).toEqual({ renewed: 1, failed: 1 });
    const kept = await Promise.all(records.map(({ id }) => desk.read(id)));
    const failed = kept.find(({ value }) => value.failures === 1)!;
    expect(failed.value.state).toBe('STARTED');
    expect(failed.value.retryAt).toBeGreaterThan(now);
    expect(await refreshIdle(options(), now)).toEqual({ renewed: 0, failed: 0 });
    now = failed.value.retryAt!;
    expect(await refreshIdle(options(), now)).toEqual({ renewed: 1, failed: 0 });
  });

  it('is renewed by nobody while another replica is at it', async () => {
    await desk.connect(await desk.signIn());
    now += day + 60_000;
    const holding = { ttlMs: 60_000, renewEveryMs: 20_000, waitMs: 0 };
    await withLease(desk.store.leases, 'refresh idle connections', holding, async () => {
      expect(await refreshIdle(options(), now)).toEqual({ renewed: 0, failed: 0 });
    });
    expect(await refreshes()).toBe(0);
  });
});
