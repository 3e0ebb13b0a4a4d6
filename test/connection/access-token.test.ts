/** Access tokens of stored connections: renewed in time and once, saved before use, never lost to a fault that passes. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionCredentials } from '../../src/connection/access-token.ts';
import { createConnectHint, linkByTemplate } from '../../src/connection/connect-hint.ts';
import type { OnConnectionChange } from '../../src/connection/connection-change.ts';
import { scheduleOf } from '../../src/connection/token-schedule.ts';
import {
  sealIdentity,
  sealingTarget,
  type ConnectionRecord,
  type ConnectionValue,
} from '../../src/connection/connection-record.ts';
import type { AcquiredTokens } from '../../src/connection/connection-tokens.ts';
import type { Credentials } from '../../src/connector/authorize.ts';
import { createOpenConnection } from '../../src/connector/open-connection.ts';
import { AuthorizationError, GatewayError } from '../../src/errors.ts';
import { createCallBudget } from '../../src/http/budget.ts';
import type { Records } from '../../src/storage/records.ts';
import { Secret } from '../../src/http/secret.ts';
import { startAuthorizationServer, type AuthorizationServer, type Fault } from '../support/authorization-server.ts';
import {
  openOAuthDesk,
  redirectUri,
  textsOf,
  tokenOf,
  type OAuthDesk,
  type OAuthDeskOptions,
} from '../support/oauth-connection.ts';
import { errorOf } from '../support/sending.ts';

const minute = 60_000;
const client = { clientId: 'app', redirectUris: [redirectUri] };
let server: AuthorizationServer;
let desk: OAuthDesk;
/** The clock of the credentials, which tests turn. */
let now: number;
let changes: string[];
let before: Awaited<ReturnType<AuthorizationServer['counters']>>;

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [client] });
});
afterAll(() => server.close());
beforeEach(async () => {
  now = Date.now();
  changes = [];
  before = await server.counters();
  await useDesk();
});
afterEach(async () => {
  await server.setFault('token', 'none');
  await server.setFault('api', 'none');
  await server.setAccessTokenLifetime(3600);
  await desk.close();
});

async function useDesk(options: OAuthDeskOptions = {}): Promise<void> {
  await desk?.close();
  desk = await openOAuthDesk(server, {
    // Enough for a busy machine; what never answers is given up on sooner.
    tokenTimeoutMs: 10_000,
    limits: { saveAgainMs: 5, maxSaveAgainMs: 20 },
    ...options,
  });
}

type Overrides = Parameters<OAuthDesk['credentials']>[0];

/** What a gateway of its own knows of the connections. */
function gateway(part: Overrides = {}): ConnectionCredentials {
  const onConnectionChange: OnConnectionChange = ({ from, to, reason }) =>
    void changes.push(`${from} → ${to}: ${reason ?? ''}`);
  return desk.credentials({ now: () => now, random: () => 1, onConnectionChange, ...part });
}

function open(record: ConnectionRecord, credentials: ConnectionCredentials): Credentials & { me: () => Promise<any> } {
  const { connector, registration, sender } = desk;
  const own = credentials.of({ record, connector, registration });
  const connection = createOpenConnection({
    connector,
    credentials: own,
    sender,
    budget: createCallBudget(),
    signal: new AbortController().signal,
  });
  return Object.assign(Object.create(own) as Credentials, { me: async () => connection.get('me') });
}

/** A connection of alice whose tokens are as the code flow gave them. */
async function connected(part?: Partial<ConnectionValue>): Promise<ConnectionRecord> {
  return desk.connect(await desk.signIn(), part);
}

/** Refresh requests since the test began, those that a fault spoiled too. */
async function asked(): Promise<number> {
  const { tokenRequests } = await server.counters();
  return (tokenRequests['refresh_token'] ?? 0) - (before.tokenRequests['refresh_token'] ?? 0);
}

async function lost(): Promise<{ reuse: number; revoked: number }> {
  const { reuseDetections, grantsRevoked } = await server.counters();
  return { reuse: reuseDetections - before.reuseDetections, revoked: grantsRevoked - before.grantsRevoked };
}

const refreshFault = (fault: Fault): Fault => ({ grantType: 'refresh_token', ...fault });

describe('when an access token is renewed', () => {
  it.each([
    ['an hour', 60 * minute, 15 * minute],
    ['ten minutes', 10 * minute, 5 * minute],
    ['one minute', minute, minute / 2],
  ])('is a margin of min(15 min, lifetime / 2) before its end: %s', (_name, lifetimeMs, marginMs) => {
    expect(scheduleOf(1_000 + lifetimeMs, 1_000).renewFrom).toBe(1_000 + lifetimeMs - marginMs);
  });

  it('is never, until a 401, where its end is not known', () => {
    expect(scheduleOf(null, 0).renewFrom).toBe(Infinity);
  });

  it('is beside the calls while it is good: they are given the old one at once', async () => {
    const record = await connected();
    const credentials = gateway();
    const alice = open(record, credentials);
    const old = tokenOf(alice) as string;
    now += 50 * minute;
    expect(tokenOf(alice)).toBe(old);
    await credentials.close();
    expect(tokenOf(alice)).not.toBe(old);
    expect(await asked()).toBe(1);
  });

  it('is before the call when it has ended: all callers wait for one refresh', async () => {
    const record = await connected();
    const alice = open(record, gateway());
    now += 61 * minute;
    const tokens = await Promise.all(Array.from({ length: 50 }, async () => tokenOf(alice)));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toBe(desk.tokensOf(await desk.read(record.id))!.access_token);
    expect(await asked()).toBe(1);
  });

  it('is after a 401 from the provider, once, and the call is repeated once', async () => {
    const alice = open(await connected(), gateway());
    await server.expireAccessTokens('alice');
    expect(await alice.me()).toMatchObject({ sub: 'alice' });
    expect(await asked()).toBe(1);
  });

  it('is not after another failure than a 401', async () => {
    const { connector, registration, sender } = desk;
    const credentials = gateway().of({ record: await connected(), connector, registration });
    const budget = createCallBudget();
    const { signal } = new AbortController();
    const { get } = createOpenConnection({ connector, credentials, sender, budget, signal });
    await expect(get('nothing')).rejects.toMatchObject({ code: 'PROVIDER_NOT_FOUND' });
    expect(await asked()).toBe(0);
  });

  it('is once, not in a loop, when the clock is set ten minutes on and back', async () => {
    const credentials = gateway();
    const alice = open(await connected(), credentials);
    now += 50 * minute;
    for (const turn of [0, 10, -10, -10, 10]) {
      now += turn * minute;
      await alice.me();
      await credentials.close();
    }
    expect(await asked()).toBe(1);
  });

  it('is not again and again for a provider that refuses every token', async () => {
    const alice = open(await connected(), gateway());
    await server.setFault('api', { mode: 'error', status: 401 });
    for (let call = 0; call < 5; call += 1) {
      await expect(alice.me()).rejects.toMatchObject({ code: 'PROVIDER_UNAUTHORIZED' });
    }
    expect(await asked()).toBe(1);
    now += minute;
    await expect(alice.me()).rejects.toMatchObject({ code: 'PROVIDER_UNAUTHORIZED' });
    expect(await asked()).toBe(2);
    await server.setFault('api', 'none');
    expect(await alice.me()).toMatchObject({ sub: 'alice' });
  });

  it('is not when another process has renewed it: that one is taken', async () => {
    const record = await connected();
    const [here, there] = [open(record, gateway()), open(record, gateway())];
    await server.expireAccessTokens('alice');
    await here.me();
    await there.me();
    expect(await asked()).toBe(1);
    expect(tokenOf(there)).toBe(tokenOf(here));
  });

  it('is not for a token that was refused while another was on its way', async () => {
    const record = await connected();
    const alice = open(record, gateway());
    const old = tokenOf(alice) as string;
    await server.expireAccessTokens('alice');
    await alice.me();
    await alice.refresh!(new Secret(old));
    expect(await asked()).toBe(1);
  });

  it.each(['no-expires-in', 'expires-in-zero'] as const)('is left to a 401 after an answer with %s', async (mode) => {
    const record = await connected();
    const alice = open(record, gateway());
    await server.setFault('token', refreshFault({ mode }), 1);
    await server.expireAccessTokens('alice');
    await alice.me();
    expect((await desk.read(record.id)).value.expiresAt).toBeNull();
    now += 1000 * 60 * minute;
    await alice.me();
    expect(await asked()).toBe(1);
    await server.expireAccessTokens('alice');
    await alice.me();
    expect(await asked()).toBe(2);
  });
});

describe('what is kept', () => {
  it('is the rotated refresh token, sealed, in the same version as its access token', async () => {
    const record = await connected();
    const first = desk.tokensOf(record)!;
    await server.expireAccessTokens('alice');
    await open(record, gateway()).me();
    const kept = await desk.read(record.id);
    expect(desk.tokensOf(kept)!.refresh_token).not.toBe(first.refresh_token);
    expect(desk.tokensOf(kept)!.access_token).not.toBe(first.access_token);
    expect(JSON.stringify(kept)).not.toContain(desk.tokensOf(kept)!.refresh_token);
    expect(kept.version).toBeGreaterThan(record.version);
  });

  it('is the old refresh token when no new one came', async () => {
    const record = await connected();
    await server.setFault('token', refreshFault({ mode: 'no-refresh-token' }), 1);
    for (let expiry = 0; expiry < 2; expiry += 1) {
      await server.expireAccessTokens('alice');
      await open(await desk.read(record.id), gateway()).me();
    }
    expect(await lost()).toEqual({ reuse: 0, revoked: 0 });
  });

  it('reaches no code of a connector but apply', async () => {
    const tokens = await desk.signIn();
    const alice = open(await desk.connect(tokens), gateway());
    const { access_token, refresh_token } = textsOf(tokens.tokens);
    expect(access_token).toMatch(/./);
    expect(JSON.stringify(alice.fields())).not.toContain(access_token);
    expect(JSON.stringify(alice.fields())).not.toContain(refresh_token);
    expect(tokenOf(alice)).toBe(access_token);
  });

  it('is saved before it is used: nobody gets a token that the store does not have', async () => {
    const record = await connected();
    const alice = open(record, gateway());
    await server.expireAccessTokens('alice');
    await alice.refresh!(new Secret(tokenOf(alice) as string));
    expect(desk.tokensOf(await desk.read(record.id))!.access_token).toBe(tokenOf(alice));
  });

  it('stays what the subject changed meanwhile: only the tokens are written', async () => {
    const record = await connected();
    const { records } = desk.store;
    const renaming: Records = {
      ...bound(records),
      async compareAndSet(kind, id, version, value, options) {
        if (kind === 'connection' && version === record.version) {
          await records.compareAndSet(kind, id, version, { ...record.value, identity: 'Alice' });
        }
        return records.compareAndSet(kind, id, version, value, options);
      },
    };
    await server.expireAccessTokens('alice');
    await open(record, gateway({ records: renaming })).me();
    const kept = await desk.read(record.id);
    expect(kept.value.identity).toBe('Alice');
    expect(desk.tokensOf(kept)!.access_token).not.toBe(desk.tokensOf(record)!.access_token);
  });
});

describe('a token endpoint that takes too long', () => {
  it('fails the call before the operation ends, and what it gives in the end is kept', async () => {
    const record = await connected();
    const credentials = gateway({ limits: { callerWaitMs: 20 } });
    const alice = open(record, credentials);
    await server.setFault('token', refreshFault({ mode: 'slow', delayMs: 250 }), 1);
    await server.expireAccessTokens('alice');
    const error = await errorOf(alice.me());
    expect(error.code).toBe('PROVIDER_TIMEOUT');
    expect(error.message).toMatch(/^The token endpoint of Shop gave no new access token within 20 ms\. It is still/);
    expect(error.details).toMatchObject({ connection: record.id, retryAfterMs: 5_000 });
    await credentials.close();
    expect(await alice.me()).toMatchObject({ sub: 'alice' });
    expect(await asked()).toBe(1);
    expect((await desk.read(record.id)).value).toMatchObject({ state: 'STARTED', failures: 0 });
  });

  it('is not waited for while the old token is still good', async () => {
    const record = await connected();
    const credentials = gateway({ limits: { callerWaitMs: 20 } });
    const alice = open(record, credentials);
    const old = await tokenOf(alice);
    // Its last seconds, in which callers wait for another.
    now = record.value.expiresAt! - 1_000;
    await server.setFault('token', refreshFault({ mode: 'slow', delayMs: 250 }), 1);
    expect(await tokenOf(alice)).toBe(old);
    await credentials.close();
    expect(await tokenOf(alice)).not.toBe(old);
  });
});

describe('a provider whose token endpoint fails', () => {
  const faults: [string, Fault][] = [
    ['answers 500', { mode: 'status-500' }],
    ['answers 503', { mode: 'status-503' }],
    ['answers 429', { mode: 'status-429' }],
    ['cuts the connection', { mode: 'reset' }],
    ['never answers', { mode: 'timeout' }],
    ['answers broken JSON', { mode: 'garbage' }],
    ['answers HTML', { mode: 'html' }],
    ['answers 200 with an error', { mode: 'error-in-200' }],
    ['drips', { mode: 'drip', delayMs: 50 }],
    ['answers 64 MiB', { mode: 'huge', bytes: 64 * 1024 * 1024 }],
    ['answers an error that nobody knows', { mode: 'error', error: 'out_of_cheese' }],
    ['answers what only other flows know', { mode: 'error', error: 'expired_token' }],
    ['answers temporarily_unavailable', { mode: 'error', error: 'temporarily_unavailable' }],
  ];

  it.each(faults)(
    'loses no connection when it %s: calls fail with a code, and work as soon as it does',
    async (_, fault) => {
      const record = await connected();
      const alice = open(record, gateway());
      await server.setFault('token', refreshFault(fault));
      await server.expireAccessTokens('alice');
      const error = await errorOf(alice.me());
      expect(error.code).toMatch(/^PROVIDER_/);
      expect(error.message).toMatch(/^The authorization server of Shop gave no token: /);
      expect(error.details.retryAfterMs).toBeGreaterThan(0);
      const { value } = await desk.read(record.id);
      expect(value).toMatchObject({ state: 'STARTED', failures: 1, tokens: record.value.tokens });
      await server.setFault('token', 'none');
      now = value.retryAt!;
      expect(await alice.me()).toMatchObject({ sub: 'alice' });
      expect((await desk.read(record.id)).value).toMatchObject({ state: 'STARTED', failures: 0, retryAt: null });
      expect(await lost()).toEqual({ reuse: 0, revoked: 0 });
      expect(changes).toEqual([]);
    },
  );

  it('is not asked again before its pause is over, by no process', async () => {
    const record = await connected();
    await server.setFault('token', refreshFault({ mode: 'status-503', retryAfter: 120 }));
    await server.expireAccessTokens('alice');
    const alice = open(record, gateway());
    expect((await errorOf(alice.me())).details.retryAfterMs).toBe(120_000);
    for (const each of [alice, open(record, gateway())]) {
      const error = await errorOf(each.me());
      expect(error.code).toBe('PROVIDER_UNAVAILABLE');
      expect(error.message).toBe(
        'Shop gave no new access token the last time; it is asked again in 120 s. Nothing was lost.',
      );
    }
    expect(await asked()).toBe(1);
  });

  it('may ask for no longer pause than five minutes', async () => {
    const record = await connected();
    await server.setFault('token', refreshFault({ mode: 'status-503', retryAfter: 86_400 }), 1);
    await server.expireAccessTokens('alice');
    await errorOf(open(record, gateway()).me());
    expect((await desk.read(record.id)).value.retryAt).toBe(now + 5 * minute);
  });

  it('does not end a token that is still good: calls go on with it, to its last second', async () => {
    const alice = open(await connected(), gateway());
    const old = tokenOf(alice) as string;
    await server.setFault('token', refreshFault({ mode: 'status-500' }));
    now += 59 * minute + 55_000;
    expect(await tokenOf(alice)).toBe(old);
    expect(await alice.me()).toMatchObject({ sub: 'alice' });
    now += 10_000;
    expect(await errorOf(Promise.resolve(tokenOf(alice)))).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('costs no look at the store for each call while it is not asked', async () => {
    const { records } = desk.store;
    let reads = 0;
    const counting: Records = {
      ...bound(records),
      get: async (...given) => {
        reads += 1;
        return records.get(...given);
      },
    };
    const alice = open(await connected(), gateway({ records: counting }));
    const old = tokenOf(alice) as string;
    await server.setFault('token', refreshFault({ mode: 'status-500' }));
    now += 50 * minute;
    // Begun beside the call, and joined by the one that waits for it.
    void tokenOf(alice);
    await errorOf(alice.refresh!(new Secret(old)));
    const before = reads;
    for (let call = 0; call < 100; call += 1) await tokenOf(alice);
    expect(reads).toBe(before);
  });

  it('is probed by one connection at a time while it is down, however many need it', async () => {
    await server.setFault('token', refreshFault({ mode: 'status-500' }));
    const tokens = await desk.signIn();
    const credentials = gateway();
    const records = await Promise.all(Array.from({ length: 40 }, () => desk.connect(tokens)));
    await server.expireAccessTokens('alice');
    for (const record of records) await errorOf(open(record, credentials).me());
    expect(await asked()).toBe(5);
    now += 29_000;
    await errorOf(open(records[20]!, credentials).me());
    expect(await asked()).toBe(5);
    now += 1_000;
    for (const record of records.slice(10)) await errorOf(open(record, credentials).me());
    expect(await asked()).toBe(6);
    await server.setFault('token', 'none');
    now += 60_000;
    expect(await open(records[39]!, credentials).me()).toMatchObject({ sub: 'alice' });
  });

  it('is said not to have been asked, to a connection that found it down', async () => {
    await server.setFault('token', refreshFault({ mode: 'status-500' }));
    const tokens = await desk.signIn();
    const credentials = gateway();
    const records = await Promise.all(Array.from({ length: 6 }, () => desk.connect(tokens)));
    await server.expireAccessTokens('alice');
    for (const record of records.slice(1)) await errorOf(open(record, credentials).me());
    const error = await errorOf(open(records[0]!, credentials).me());
    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', details: { retryAfterMs: 30_000 } });
    expect(error.message).toBe(
      'The authorization server of Shop is down, so it was not asked for a new access token; it is asked again in 30 s. Nothing was lost.',
    );
    expect((await desk.read(records[0]!.id)).value).toMatchObject({ failures: 0, retryAt: null });
    expect(await asked()).toBe(5);
  });
});

describe('a token endpoint that fails for one tenant', () => {
  it('is asked for the others all the same', async () => {
    const tokens = await desk.signIn();
    const credentials = gateway();
    const theirs = await Promise.all(Array.from({ length: 6 }, () => desk.connect(tokens, { tenant: 'globex' })));
    const ours = await desk.connect(tokens);
    await server.expireAccessTokens('alice');
    await server.setFault('token', refreshFault({ mode: 'status-500' }));
    for (const record of theirs) await errorOf(open(record, credentials).me());
    expect(await asked()).toBe(5);
    await server.setFault('token', 'none');
    expect(await open(ours, credentials).me()).toMatchObject({ sub: 'alice' });
  });

  it('is not down when it refuses: each connection is told what it answered', async () => {
    const tokens = await desk.signIn();
    const credentials = gateway();
    const { connector } = desk;
    const registration = {
      ...desk.registration,
      tenant: 'globex',
      endpoints: { tokenUrl: `${server.issuer}/nowhere` },
    };
    const ours = await desk.connect(tokens);
    await server.expireAccessTokens('alice');
    for (let count = 0; count < 7; count += 1) {
      const record = await desk.connect({ ...tokens, expiresAt: now }, { tenant: 'globex' });
      const theirs = credentials.of({ record, connector, registration });
      const error = await errorOf(Promise.resolve(tokenOf(theirs)));
      expect(error.message).toMatch(/ gave no token: it answered 404\. /);
    }
    expect(await open(ours, credentials).me()).toMatchObject({ sub: 'alice' });
  });

  it('counts as down by 429, which asks everyone to stay away', async () => {
    await server.setFault('token', refreshFault({ mode: 'status-429' }));
    const tokens = await desk.signIn();
    const credentials = gateway();
    await server.expireAccessTokens('alice');
    for (let count = 0; count < 7; count += 1) {
      await errorOf(open(await desk.connect(tokens), credentials).me());
    }
    expect(await asked()).toBe(5);
  });
});

describe('tokens that are open already', () => {
  it.each([{ tenant: 'globex' }, { subject: 'bob' }, { subject: null }])(
    'are given to no owner who was written into the record since: %j',
    async (owner) => {
      const record = await connected();
      const credentials = gateway();
      expect(await open(record, credentials).me()).toMatchObject({ sub: 'alice' });
      const stolen = { ...record, value: { ...record.value, ...owner } };
      expect(() => open(stolen, credentials)).toThrow(expect.objectContaining({ code: 'SEAL_BROKEN' }));
      expect(await open(record, credentials).me()).toMatchObject({ sub: 'alice' });
    },
  );
});

describe('a refresh token that the provider no longer accepts', () => {
  it('ends in REAUTH_REQUIRED, told once, and nobody asks for it again', async () => {
    const connect = { connector: 'shop', scopes: ['items:read', 'items:write'], url: 'https://app.example/shop' };
    const connectHint = createConnectHint(linkByTemplate('https://app.example/{connector}'));
    const record = await connected();
    const credentials = gateway({ connectHint });
    await server.revokeGrant('alice');
    const errors = await Promise.all(Array.from({ length: 10 }, () => errorOf(open(record, credentials).me())));
    for (const error of errors) {
      expect(error).toBeInstanceOf(AuthorizationError);
      expect(error).toMatchObject({ code: 'REAUTH_REQUIRED', details: { connect } });
      expect(error.message).toBe(
        'Shop no longer accepts what this connection was authorized with (invalid_grant). Connect it again.',
      );
    }
    const { value } = await desk.read(record.id);
    expect(value).toMatchObject({ state: 'REAUTH_REQUIRED', reason: errors[0]!.message });
    await errorOf(open(await desk.read(record.id), gateway()).me());
    expect(await asked()).toBe(1);
    expect(changes).toEqual([`STARTED → REAUTH_REQUIRED: ${errors[0]!.message}`]);
  });

  it('is left alone when another process has put a newer one in its place', async () => {
    const record = await connected();
    const newer = await desk.signIn();
    const { records } = desk.store;
    let reads = 0;
    const late: Records = {
      ...bound(records),
      async get(kind, id) {
        const found = await records.get(kind, id);
        // After the request was begun, before its failure is judged.
        if (kind === 'connection' && (reads += 1) === 2) {
          const other = await desk.connect(newer);
          await records.compareAndSet(kind, id, found!.version, { ...record.value, tokens: reseal(other, record.id) });
        }
        return found;
      },
    };
    const reseal = (from: ConnectionRecord, id: string) =>
      desk.seal(JSON.stringify(desk.tokensOf(from)), sealIdentity({ ...record.value, id }, 'tokens'));
    await server.setFault('token', refreshFault({ mode: 'error', error: 'invalid_grant' }), 1);
    const alice = open(record, gateway({ records: late }));
    await alice.refresh!(new Secret(desk.tokensOf(record)!.access_token));
    expect(tokenOf(alice)).toBe(newer.tokens.access_token.reveal());
    expect((await desk.read(record.id)).value.state).toBe('STARTED');
    expect(changes).toEqual([]);
  });

  it('ends so too where there is none', async () => {
    const { tokens, ...rest } = await desk.signIn();
    const { refresh_token: _, ...without } = tokens;
    const record = await desk.connect({ ...rest, tokens: without });
    await server.expireAccessTokens('alice');
    expect((await errorOf(open(record, gateway()).me())).code).toBe('REAUTH_REQUIRED');
    expect(await asked()).toBe(0);
  });

  it('is over when the subject has connected again', async () => {
    const record = await connected();
    const credentials = gateway();
    await server.revokeGrant('alice');
    await errorOf(open(record, credentials).me());
    const again = await desk.signIn();
    const tokens = desk.seal(JSON.stringify(textsOf(again.tokens)), sealIdentity(sealingTarget(record), 'tokens'));
    const { version, value } = await desk.read(record.id);
    const part = { tokens, expiresAt: again.expiresAt, state: 'STARTED' as const, reason: null };
    await desk.store.records.compareAndSet('connection', record.id, version, { ...value, ...part });
    expect(await open(await desk.read(record.id), credentials).me()).toMatchObject({ sub: 'alice' });
  });
});

describe('a client that the provider no longer accepts', () => {
  it('is the operator’s alarm: the tokens are kept, and work again when the registration is mended', async () => {
    const record = await connected();
    const credentials = gateway();
    await server.expireAccessTokens('alice');
    await server.setFault('token', refreshFault({ mode: 'error', error: 'invalid_client', status: 401 }), 1);
    const error = await errorOf(open(record, credentials).me());
    expect(error).toMatchObject({ code: 'REGISTRATION_REFUSED' });
    expect(error.message).toBe(
      'Shop does not accept the client of this gateway (invalid_client). The operator checks client id, client secret and the way the client proves itself in the registration of shop.',
    );
    const { value } = await desk.read(record.id);
    expect(value).toMatchObject({ state: 'ERROR', tokens: record.value.tokens });
    now = value.retryAt!;
    expect(await open(await desk.read(record.id), credentials).me()).toMatchObject({ sub: 'alice' });
    expect((await desk.read(record.id)).value).toMatchObject({ state: 'STARTED', reason: null });
    expect(changes).toEqual([`STARTED → ERROR: ${error.message}`, 'ERROR → STARTED: ']);
  });
});

describe('a store that fails', () => {
  const full = () => new GatewayError('STORE_FULL', 'The store cannot be written: its disk is full.');
  /** Says that the refresh token is being spent. */
  const isMark = ([, , , value]: Parameters<Records['compareAndSet']>) => typeof value['renewing'] === 'number';

  it('on write asks for no tokens that it could not keep', async () => {
    const record = await connected();
    const { records } = desk.store;
    let isFull = true;
    const failing: Records = {
      ...bound(records),
      compareAndSet: async (...given) => {
        if (isFull) throw full();
        return records.compareAndSet(...given);
      },
    };
    const alice = open(record, gateway({ records: failing }));
    await server.expireAccessTokens('alice');
    expect((await errorOf(alice.me())).code).toBe('STORE_FULL');
    expect(await asked()).toBe(0);
    isFull = false;
    expect(await alice.me()).toMatchObject({ sub: 'alice' });
    expect(await asked()).toBe(1);
  });

  it('on write keeps the new tokens in memory, lets nobody ask for others, and saves them when it can', async () => {
    const record = await connected();
    const { records } = desk.store;
    let isFull = true;
    let tries = 0;
    const failing: Records = {
      ...bound(records),
      async compareAndSet(...given) {
        if (isMark(given)) return records.compareAndSet(...given);
        tries += 1;
        if (isFull) throw full();
        return records.compareAndSet(...given);
      },
    };
    const credentials = gateway({ records: failing });
    const alice = open(record, credentials);
    await server.expireAccessTokens('alice');
    for (let call = 0; call < 5; call += 1) expect((await errorOf(alice.me())).code).toBe('STORE_FULL');
    // Another process cannot ask either: the lease is held until the tokens are kept.
    const other = gateway({ limits: { waitMs: 0 } });
    expect((await errorOf(open(record, other).me())).code).toBe('LEASE_TIMEOUT');
    expect(await asked()).toBe(1);
    isFull = false;
    await credentials.close();
    expect(tries).toBeGreaterThan(1);
    expect(await alice.me()).toMatchObject({ sub: 'alice' });
    expect(await open(await desk.read(record.id), other).me()).toMatchObject({ sub: 'alice' });
    expect(await asked()).toBe(1);
    expect(await lost()).toEqual({ reuse: 0, revoked: 0 });
  });

  it('on write does not end a token that is still good', async () => {
    const record = await connected();
    let isFull = true;
    const { records } = desk.store;
    const failing: Records = {
      ...bound(records),
      compareAndSet: async (...given) => {
        if (isFull && !isMark(given)) throw full();
        return records.compareAndSet(...given);
      },
    };
    const credentials = gateway({ records: failing });
    const alice = open(record, credentials);
    const old = tokenOf(alice) as string;
    now += 59 * minute + 55_000;
    expect(await tokenOf(alice)).toBe(old);
    isFull = false;
    await credentials.close();
    expect(tokenOf(alice)).not.toBe(old);
    expect(await asked()).toBe(1);
  });

  it('on read asks the provider for nothing, and is not taken for a missing connection', async () => {
    const record = await connected();
    const failing: Records = {
      ...bound(desk.store.records),
      get: () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'The store is away.')),
    };
    await server.expireAccessTokens('alice');
    expect((await errorOf(open(record, gateway({ records: failing })).me())).code).toBe('STORE_UNAVAILABLE');
    expect(await asked()).toBe(0);
  });
});

describe('a lease that is lost before the provider was asked', () => {
  it('spends no refresh token: another process may have', async () => {
    const record = await connected();
    const { records, leases } = desk.store;
    let reads = 0;
    /** Until another process could get it. */
    const untilLeased = async (name: string): Promise<void> => {
      if (!(await leases.acquire(name, 'another', 1_000))) await untilLeased(name);
    };
    const slow: Records = {
      ...bound(records),
      async get(kind, id) {
        reads += 1;
        if (reads === 2) await untilLeased(`refresh ${id}`);
        return records.get(kind, id);
      },
    };
    const limits = { leaseMs: 20, renewLeaseEveryMs: 10_000 };
    const alice = open(record, gateway({ records: slow, limits }));
    expect((await errorOf(alice.refresh!(new Secret(desk.tokensOf(record)!.access_token)))).code).toBe('LEASE_LOST');
    expect(await asked()).toBe(0);
  });
});

describe('a connection that is disconnected while its tokens are renewed', () => {
  it('leaves no tokens behind at the provider', async () => {
    const record = await connected();
    const { records } = desk.store;
    const removing: Records = {
      ...bound(records),
      async compareAndSet(kind, id, ...rest) {
        if (typeof rest[1]['renewing'] !== 'number') await records.remove(kind, id);
        return records.compareAndSet(kind, id, ...rest);
      },
    };
    await server.expireAccessTokens('alice');
    const error = await errorOf(open(record, gateway({ records: removing })).me());
    expect(error.code).toBe('CONNECTION_NOT_FOUND');
    const { revocations } = await server.counters();
    expect(revocations - before.revocations).toBe(1);
  });

  it('is refused without a token request when it is gone before', async () => {
    const record = await connected();
    const alice = open(record, gateway());
    await server.expireAccessTokens('alice');
    await desk.store.records.remove('connection', record.id);
    expect((await errorOf(alice.me())).code).toBe('CONNECTION_NOT_FOUND');
    expect(await asked()).toBe(0);
  });
});

describe('a connector that refreshes by itself', () => {
  const own = async (refresh: (connection: any, token: string) => unknown) => {
    const tokens: AcquiredTokens = {
      tokens: {
        access_token: new Secret('old'),
        token_type: 'Bearer',
        refresh_token: new Secret('refresh-token-1'),
        obtained_at: now,
      },
      scopes: ['a'],
      expiresAt: now,
    };
    await useDesk({ authorization: { refresh } });
    const record = await desk.connect(tokens);
    return {
      record,
      credentials: gateway().of({ record, connector: desk.connector, registration: desk.registration }),
    };
  };

  it('is given the refresh token, and what it gives beside tokens becomes fields', async () => {
    const { record, credentials } = await own((connection, token) => [
      { access_token: `new of ${token} ${Object.keys(connection.fields).length}`, expires_in: 60 },
      { instance: 'eu7' },
    ]);
    expect(await tokenOf(credentials)).toBe('new of refresh-token-1 0');
    expect(credentials.fields()).toEqual({ instance: 'eu7' });
    const kept = await desk.read(record.id);
    expect(desk.tokensOf(kept)).toMatchObject({ refresh_token: 'refresh-token-1', expires_in: 60 });
    expect(kept.value.expiresAt).toBe(now + 60_000);
  });

  it('shows no token that its own code throws with', async () => {
    const { credentials } = await own((_connection, token) => {
      throw new Error(`could not use ${token}`);
    });
    const error = await errorOf(Promise.resolve(tokenOf(credentials)));
    expect(error).toMatchObject({ code: 'CONNECTOR_ERROR', details: { raisedIn: 'authorization.refresh' } });
    expect(error.message).not.toContain('refresh-token-1');
    expect((error.cause as Error).message).toMatch(/^could not use /);
    expect((error.cause as Error).message).not.toContain('refresh-token-1');
  });

  it.each([
    ['an answer without access_token', () => ({ token: 'x' }), 'CONNECTOR_ERROR'],
    ['nothing', () => undefined, 'CONNECTOR_ERROR'],
  ])('is told when it gives %s', async (_name, refresh, code) => {
    const { credentials } = await own(refresh);
    expect((await errorOf(Promise.resolve(tokenOf(credentials)))).code).toBe(code);
  });

  it('is refused for good by a 401, and for a while by a 404', async () => {
    const refused = await own((connection) => connection.get(`${server.issuer}/api/me`));
    expect((await errorOf(Promise.resolve(tokenOf(refused.credentials)))).code).toBe('REAUTH_REQUIRED');
    expect((await desk.read(refused.record.id)).value.state).toBe('REAUTH_REQUIRED');
    const absent = await own((connection) => connection.get(`${server.issuer}/nowhere`));
    expect((await errorOf(Promise.resolve(tokenOf(absent.credentials)))).code).toBe('PROVIDER_ANSWER_INVALID');
    expect((await desk.read(absent.record.id)).value).toMatchObject({ state: 'STARTED', failures: 1 });
  });
});

describe('fields that a connector acquired', () => {
  it('are sealed into the record before they are used, and merged with those of before', async () => {
    const record = await desk.connect(undefined);
    const { connector, registration } = desk;
    const credentials = gateway().of({ record, connector, registration });
    await credentials.merge({ session: 'one', host: 'a' });
    await credentials.merge({ session: 'two' });
    expect(credentials.fields()).toEqual({ session: 'two', host: 'a' });
    const kept = await desk.read(record.id);
    expect(gateway().of({ record: kept, connector, registration }).fields()).toEqual({ session: 'two', host: 'a' });
    expect(JSON.stringify(kept)).not.toContain('two');
  });

  it('are not kept for a connection that was removed', async () => {
    const record = await desk.connect(undefined);
    const { connector, registration } = desk;
    const credentials = gateway().of({ record, connector, registration });
    await desk.store.records.remove('connection', record.id);
    expect((await errorOf(credentials.merge({ a: 1 }))).code).toBe('CONNECTION_NOT_FOUND');
  });
});

/** The methods of a store, which may live on its prototype. */
function bound(records: Records): Records {
  const methods = ['get', 'list', 'create', 'compareAndSet', 'remove', 'take', 'commit'] as const;
  return Object.fromEntries(
    methods.map((name) => [name, (...given: never[]) => (records[name] as (...all: never[]) => unknown)(...given)]),
  ) as unknown as Records;
}
