/**
 * Many callers in several processes meet an expired token. `REFRESH_RACE=full` runs it at the size that is reported:
 * 100 callers × 4 processes × 20 expiries, and a token endpoint that takes 12 s (about five minutes).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RefreshLimits } from '../../src/connection/refresh-desk.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { openOAuthDesk, redirectUri, type OAuthDesk } from '../support/oauth-connection.ts';
import type { CallersResult } from './refresh-worker.ts';

const isFull = process.env['REFRESH_RACE'] === 'full';
const size = isFull
  ? { processes: 4, callers: 100, expiries: 20, slowExpiries: 20, delayMs: 12_000 }
  : { processes: 4, callers: 25, expiries: 3, slowExpiries: 2, delayMs: 5_000 };
jest.setTimeout(isFull ? 600_000 : 240_000);

let bundle: string;
let folder: string;
let file: string;
let server: AuthorizationServer;
let desk: OAuthDesk;
let workers: Worker[] = [];
beforeAll(async () => (bundle = await bundleWorker(new URL('./refresh-worker.ts', import.meta.url))));
afterAll(() => rm(bundle));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refresh-'));
  file = join(folder, 'store.db');
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
  desk = await openOAuthDesk(server, { file });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await desk.close();
  await server.close();
  await rm(folder, { recursive: true });
});

async function start(count: number, limits: Partial<RefreshLimits> = {}): Promise<Worker[]> {
  workers = Array.from({ length: count }, () => new Worker(bundle));
  await Promise.all(workers.map((worker) => worker.call('open', file, server.issuer, limits)));
  return workers;
}

/** Lets the tokens expire so often, and everybody ask at once each time. */
async function race(connectionId: string, expiries: number): Promise<CallersResult> {
  const failed: string[] = [];
  const durations: number[] = [];
  for (let expiry = 0; expiry < expiries; expiry += 1) {
    await server.expireAccessTokens();
    const results = await Promise.all(
      workers.map((worker) => worker.call<CallersResult>('callers', connectionId, size.callers)),
    );
    for (const result of results) {
      failed.push(...result.failed);
      durations.push(...result.durations);
    }
  }
  return { failed, durations };
}

function report(title: string, { durations, failed }: CallersResult): void {
  if (!isFull) return;
  const sorted = [...durations].sort((one, other) => one - other);
  const quantile = (share: number) => `${Math.round(sorted[Math.floor(sorted.length * share)]!)} ms`;
  process.stdout.write(
    `${title}: ${durations.length} calls, ${failed.length} failed, p50 ${quantile(0.5)}, p99 ${quantile(0.99)}\n`,
  );
}

describe('callers in several processes that meet an expired token', () => {
  it('cause one refresh for each expiry, and none of them fails', async () => {
    const { id } = await desk.connect(await desk.signIn());
    await start(size.processes);
    const result = await race(id, size.expiries);
    report('quick token endpoint', result);
    expect(result.failed).toEqual([]);
    expect(result.durations).toHaveLength(size.processes * size.callers * size.expiries);
    expect(await server.counters()).toMatchObject({
      refreshes: size.expiries,
      tokenRequests: { refresh_token: size.expiries },
      reuseDetections: 0,
      grantsRevoked: 0,
    });
  });

  it('do so too when the token endpoint is slow, longer than the lease lives without being renewed', async () => {
    const { id } = await desk.connect(await desk.signIn());
    await start(size.processes, isFull ? {} : { leaseMs: 4_000, renewLeaseEveryMs: 500 });
    await server.setFault('token', { mode: 'slow', delayMs: size.delayMs, grantType: 'refresh_token' });
    const result = await race(id, size.slowExpiries);
    report(`token endpoint of ${size.delayMs} ms`, result);
    expect(result.failed).toEqual([]);
    expect(await server.counters()).toMatchObject({
      refreshes: size.slowExpiries,
      reuseDetections: 0,
      grantsRevoked: 0,
    });
  });
});

describe('a process that dies while it holds the lease', () => {
  const limits = { leaseMs: 1_000, renewLeaseEveryMs: 300 };

  it('loses nothing before it has asked: another one refreshes when the lease has run out', async () => {
    const { id } = await desk.connect(await desk.signIn());
    const [first, second] = await start(2, limits);
    await server.setFault('discovery', 'timeout', 1);
    await server.expireAccessTokens();
    const asked = first!.call('callers', id, 1).catch(() => 'died');
    await server.until(({ faultsGiven }) => faultsGiven === 1);
    await first!.kill();
    expect(await asked).toBe('died');
    expect(await second!.call<CallersResult>('callers', id, 5)).toMatchObject({ failed: [] });
    expect(await server.counters()).toMatchObject({ refreshes: 1, reuseDetections: 0, grantsRevoked: 0 });
  });

  it('asks the subject to connect again, once, when it died before it saved what the provider gave', async () => {
    const { id } = await desk.connect(await desk.signIn());
    const [first, second] = await start(2, { ...limits, keeperWaitMs: 500 });
    await server.setFault('token', { mode: 'slow', delayMs: 30_000, grantType: 'refresh_token' }, 1);
    await server.expireAccessTokens();
    const asked = first!.call('callers', id, 1).catch(() => 'died');
    await server.until(({ refreshes }) => refreshes === 1);
    await first!.kill();
    expect(await asked).toBe('died');
    const { failed } = await second!.call<CallersResult>('callers', id, 5);
    expect(failed).toEqual(Array.from({ length: 5 }, () => 'REAUTH_REQUIRED'));
    expect(await second!.call('changes')).toEqual(['STARTED → REAUTH_REQUIRED']);
    expect(await server.counters()).toMatchObject({ refreshes: 1, tokenRequests: { refresh_token: 1 } });
  });
});

describe('a process that is frozen while it holds the lease, and longer than that lives', () => {
  it('saves what the provider gave when it wakes, and nobody has spent the refresh token a second time', async () => {
    const { id } = await desk.connect(await desk.signIn());
    const [first, second] = await start(2, { leaseMs: 1_500, renewLeaseEveryMs: 400, keeperWaitMs: 15_000 });
    await server.setFault('token', { mode: 'slow', delayMs: 500, grantType: 'refresh_token' }, 1);
    await server.expireAccessTokens();
    const asked = first!.call<CallersResult>('callers', id, 5);
    await server.until(({ refreshes }) => refreshes === 1);
    first!.process.kill('SIGSTOP');
    const taken = second!.call<CallersResult>('callers', id, 5);
    // Beyond its lease, which the other one then has.
    await sleep(3_000);
    first!.process.kill('SIGCONT');
    expect(await asked).toMatchObject({ failed: [] });
    expect(await taken).toMatchObject({ failed: [] });
    expect(await server.counters()).toMatchObject({
      refreshes: 1,
      tokenRequests: { refresh_token: 1 },
      reuseDetections: 0,
      grantsRevoked: 0,
    });
    expect((await desk.read(id)).value).toMatchObject({ state: 'STARTED', renewing: null });
  });
});
