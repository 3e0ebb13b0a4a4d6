/** Tokens of removed connections: taken back at the provider, now or within a day. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createRevocations,
  revocationKind,
  type RevocationValue,
  type Revocations,
} from '../../src/connection/revocation.ts';
import type { ConnectionRecord } from '../../src/connection/connection-record.ts';
import type { StoredRecord } from '../../src/storage/records.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import {
  keyRing,
  openOAuthDesk,
  redirectUri,
  type OAuthDesk,
  type OAuthDeskOptions,
} from '../support/oauth-connection.ts';

let server: AuthorizationServer;
let desk: OAuthDesk;
let now: number;

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
});
afterAll(() => server.close());
beforeEach(async () => {
  now = Date.now();
  desk = await openOAuthDesk(server);
});
afterEach(async () => {
  await server.setFault('revocation', 'none');
  await desk.close();
});

function revocations(isLoaded = true): Revocations {
  const { store, clients, connector, registration } = desk;
  return createRevocations({
    records: store.records,
    keyRing,
    clients,
    resolve: async () => (isLoaded ? { connector, registration } : undefined),
    now: () => now,
    random: () => 1,
  });
}

async function useDesk(options: OAuthDeskOptions): Promise<void> {
  await desk.close();
  desk = await openOAuthDesk(server, options);
}

/** Whether it is done, or there was nothing to do. */
async function revoke(record: ConnectionRecord, by = revocations()): Promise<boolean> {
  const planned = by.plan(record, desk.connector);
  return planned === undefined || by.carryOut(planned);
}

const left = async () =>
  (await desk.store.records.list(revocationKind, {})) as readonly StoredRecord<RevocationValue>[];
const counts = async () => {
  const { revocations: done, requests } = await server.counters();
  return { done, asked: requests['revocation'] ?? 0 };
};

describe('tokens of a connection that was removed', () => {
  it('are taken back, the refresh token first, and no more accepted', async () => {
    const record = await desk.connect(await desk.signIn());
    const before = await counts();
    expect(await revoke(record)).toBe(true);
    expect((await counts()).done).toBeGreaterThan(before.done);
    const { access_token } = desk.tokensOf(record)!;
    const answer = await fetch(`${server.apiUrl}/me`, { headers: { authorization: `Bearer ${access_token}` } });
    expect(answer.status).toBe(401);
    expect(await left()).toEqual([]);
  });

  it('are planned together with the removal, sealed, for a day', async () => {
    const record = await desk.connect(await desk.signIn());
    const plan = revocations().plan(record, desk.connector)!;
    expect(plan).toMatchObject({ change: 'create', kind: 'revocation', expiresAt: now + 24 * 60 * 60_000 });
    const { refresh_token, access_token } = desk.tokensOf(record)!;
    expect(JSON.stringify(plan)).not.toContain(refresh_token);
    expect(JSON.stringify(plan)).not.toContain(access_token);
    const remove = { change: 'remove', kind: 'connection', id: record.id } as const;
    await desk.store.records.commit([remove, plan]);
    expect(await revocations().sweep()).toEqual({ done: 1, left: 0 });
  });

  it.each(['status-500', 'status-503', 'reset', 'html'] as const)(
    'are tried again when the provider fails by %s, not before their pause is over',
    async (mode) => {
      const record = await desk.connect(await desk.signIn());
      await server.setFault('revocation', mode);
      expect(await revoke(record)).toBe(mode === 'html');
      if (mode === 'html') return;
      const [kept] = await left();
      expect(kept!.value.retryAt).toBe(now + 10_000);
      await server.setFault('revocation', 'none');
      const { asked } = await counts();
      expect(await revocations().sweep()).toEqual({ done: 0, left: 1 });
      expect((await counts()).asked).toBe(asked);
      now += 10_000;
      expect(await revocations().sweep()).toEqual({ done: 1, left: 0 });
      expect(await left()).toEqual([]);
    },
  );

  it('are tried by one replica at a time', async () => {
    const record = await desk.connect(await desk.signIn());
    const plan = revocations().plan(record, desk.connector)!;
    await desk.store.records.commit([plan]);
    const { done } = await counts();
    await Promise.all(Array.from({ length: 5 }, () => revocations().attempt(plan.id)));
    expect((await counts()).done - done).toBeLessThanOrEqual(2);
    expect(await left()).toEqual([]);
  });

  it('are kept while the connector is not loaded', async () => {
    const record = await desk.connect(await desk.signIn());
    expect(await revoke(record, revocations(false))).toBe(false);
    now += 60_000;
    expect(await revocations().sweep()).toEqual({ done: 1, left: 0 });
  });

  it('are nobody’s business where there are none, or no place to take them back', async () => {
    expect(await revoke(await desk.connect(undefined))).toBe(true);
    const tokens = await desk.signIn();
    await useDesk({
      authorization: {
        issuer: undefined as never,
        authorizationUrl: `${server.issuer}/auth`,
        tokenUrl: `${server.issuer}/token`,
      },
    });
    const { asked } = await counts();
    expect(await revoke(await desk.connect(tokens))).toBe(true);
    expect((await counts()).asked).toBe(asked);
    expect(await left()).toEqual([]);
  });
});
