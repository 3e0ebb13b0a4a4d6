/** The device flow: any replica polls, none too often, and what is over is gone. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { beginDeviceFlow, pollDevice, untilGranted, type DevicePoll } from '../../src/connection/device-flow.ts';
import { Secret } from '../../src/http/secret.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { keyRing, openOAuthDesk, redirectUri, type OAuthDesk } from '../support/oauth-connection.ts';
import { errorOf } from '../support/sending.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
let server: AuthorizationServer;
let desk: OAuthDesk;
let now: number;

beforeAll(async () => {
  server = await startAuthorizationServer({
    clients: [{ clientId: 'app', redirectUris: [redirectUri] }],
    deviceInterval: 0.01,
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  now = Date.now();
  desk = await openOAuthDesk(server, { authorization: { grant: 'device_code' } });
});
afterEach(async () => {
  await server.setFault('token', 'none');
  await desk.close();
});

const deskOf = () => ({ records: desk.store.records, keyRing, now: () => now });
const begin = async () =>
  beginDeviceFlow(deskOf(), {
    client: await desk.client(),
    tenant: 'acme',
    subject: 'alice',
    connectionId: 'c1',
    boundTo: [],
  });
const poll = (id: string) => pollDevice(deskOf(), id, () => desk.client());
const asked = async () => (await server.counters()).tokenRequests[deviceGrant] ?? 0;
/** Turns the clock on to where the flow may be polled. */
const later = (at: { readonly pollAt: number }) => void (now = Math.max(now, at.pollAt));
const pending = (polled: DevicePoll) => {
  if (polled.state !== 'pending') throw new Error('It was granted.');
  return polled;
};

describe('a device flow', () => {
  it('ends with tokens when the subject has allowed it, by a replica that did not begin it', async () => {
    const begun = await begin();
    expect(begun).toMatchObject({
      userCode: expect.stringMatching(/^\w{4}-\w{4}$/),
      verificationUri: `${server.issuer}/device`,
      verificationUriComplete: expect.stringContaining(begun.userCode),
    });
    later(begun);
    later(pending(await poll(begun.id)));
    await server.approveDevice(begun.userCode, { subject: 'alice' });
    expect(await poll(begun.id)).toMatchObject({
      state: 'granted',
      scopes: ['items:read', 'items:write'],
      tokens: { access_token: expect.any(Secret), refresh_token: expect.any(Secret) },
    });
    expect((await errorOf(poll(begun.id))).code).toBe('AUTHORIZATION_FLOW_UNKNOWN');
  });

  it('keeps its device code sealed, and never the user code', async () => {
    const begun = await begin();
    const kept = JSON.stringify(await desk.store.records.list('device_flow', {}));
    expect(kept).toContain('sealed1.');
    expect(kept).not.toContain(begun.userCode);
  });

  it('is not polled before its interval is over, nor by two replicas at once', async () => {
    const begun = await begin();
    const before = await asked();
    expect(await poll(begun.id)).toEqual({ state: 'pending', pollAt: begun.pollAt });
    expect(await asked()).toBe(before);
    later(begun);
    await Promise.all(Array.from({ length: 10 }, () => poll(begun.id)));
    expect(await asked()).toBe(before + 1);
  });

  it('waits 5 s more after each slow_down', async () => {
    const begun = await begin();
    await server.setFault('token', { mode: 'error', error: 'slow_down' }, 2);
    later(begun);
    const first = pending(await poll(begun.id));
    expect(first.pollAt - now).toBe(5_010);
    later(first);
    expect(pending(await poll(begun.id)).pollAt - now).toBe(10_010);
  });

  it.each(['status-500', 'html', 'reset'] as const)('goes on, slower, when the server fails by %s', async (mode) => {
    const begun = await begin();
    await server.setFault('token', mode, 1);
    later(begun);
    const polled = pending(await poll(begun.id));
    expect(polled.pollAt - now).toBe(1_000);
    await server.approveDevice(begun.userCode);
    later(polled);
    expect((await poll(begun.id)).state).toBe('granted');
  });

  it('ends when the subject says no', async () => {
    const begun = await begin();
    await server.approveDevice(begun.userCode, { deny: true });
    later(begun);
    const error = await errorOf(poll(begun.id));
    expect(error.code).toBe('CONNECTION_DENIED');
    expect((await errorOf(poll(begun.id))).code).toBe('AUTHORIZATION_FLOW_UNKNOWN');
  });

  it('ends when the server says that the code has expired', async () => {
    const begun = await begin();
    await server.setFault('token', { mode: 'error', error: 'expired_token' }, 1);
    later(begun);
    expect((await errorOf(poll(begun.id))).code).toBe('AUTHORIZATION_FLOW_UNKNOWN');
    const before = await asked();
    await errorOf(poll(begun.id));
    expect(await asked()).toBe(before);
  });

  it('is unknown when nobody began it', async () => {
    expect((await errorOf(poll('nothing'))).message).toBe(
      'The code of this device has expired or was used already. Begin again.',
    );
  });

  it('cannot begin with a client that the server does not know', async () => {
    await desk.close();
    const registration = { fields: { client_id: 'nobody', client_secret: 'x' } };
    desk = await openOAuthDesk(server, { authorization: { grant: 'device_code' }, registration });
    expect((await errorOf(begin())).code).toBe('REGISTRATION_REFUSED');
  });
});

describe('waiting for the subject', () => {
  const granted: DevicePoll = {
    state: 'granted',
    tokens: { access_token: new Secret('a'), token_type: 'Bearer' },
    scopes: [],
    expiresAt: null,
  };
  const waiting = (polls: DevicePoll[], pauses: number[], signal = new AbortController().signal) =>
    untilGranted(
      async () => polls.shift()!,
      { pollAt: 1_005 },
      {
        now: () => 1_000 + pauses.reduce((sum, ms) => sum + ms, 0),
        signal,
        pause: async (ms) => void pauses.push(ms),
      },
    );

  it('polls at the times that each answer tells, and at once when one is past', async () => {
    const pauses: number[] = [];
    const polls: DevicePoll[] = [{ state: 'pending', pollAt: 1_105 }, { state: 'pending', pollAt: 900 }, granted];
    expect((await waiting(polls, pauses)).tokens.access_token.reveal()).toBe('a');
    expect(pauses).toEqual([5, 100, 0]);
  });

  it('ends when the caller does not want it any more', async () => {
    await expect(waiting([granted], [], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});
