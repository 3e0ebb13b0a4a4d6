/** A token endpoint is down for ten minutes while a thousand connections need it: what it is asked, and what is lost (F5). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionCredentials } from '../../src/connection/access-token.ts';
import { TokenFailure } from '../../src/connection/token-failure.ts';
import { Secret } from '../../src/http/secret.ts';
import { openOAuthDesk, type OAuthDesk } from '../support/oauth-connection.ts';

const minute = 60_000;
const count = 1_000;
let desk: OAuthDesk;
let now: number;
let isDown: boolean;
/** When the token endpoint was asked, in milliseconds of the clock of the test. */
let askedAt: number[];
let credentials: ConnectionCredentials;

beforeEach(async () => {
  const nobody = () => Promise.reject(new Error('Nobody signs in here.'));
  desk = await openOAuthDesk({ issuer: 'https://auth.example.test', authorize: nobody });
  now = 1_700_000_000_000;
  isDown = true;
  askedAt = [];
  credentials = desk.credentials({
    now: () => now,
    clients: async () =>
      ({
        tokenUrl: 'https://auth.example.test/token',
        scopes: [],
        canRevoke: false,
        refresh: async (token: Secret) => {
          askedAt.push(now);
          if (isDown) throw new TokenFailure('passing', 'it answered 503', { status: 503 });
          return {
            access_token: new Secret(`new of ${token.reveal()}`),
            token_type: 'Bearer',
            refresh_token: new Secret(`${token.reveal()}+`),
            expires_in: 3600,
          };
        },
      }) as never,
  });
});
afterEach(() => desk.close());

async function connections() {
  const { connector, registration } = desk;
  const records = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      desk.connect({
        tokens: {
          access_token: new Secret('old'),
          token_type: 'Bearer',
          refresh_token: new Secret(`r${index}`),
          obtained_at: now - 60 * minute,
        },
        scopes: [],
        expiresAt: now,
      }),
    ),
  );
  return records.map((record) => credentials.of({ record, connector, registration }));
}

describe('a thousand connections, each used once a minute, and a token endpoint that is down for ten', () => {
  it('are all kept, ask it twice a minute, and all work within a minute after it is back', async () => {
    const all = await connections();
    const stepMs = 5_000;
    const perStep = Math.ceil((count * stepMs) / minute);
    const backAt = now + 10 * minute;
    const works = new Set<number>();
    for (let step = 0; now < backAt + minute; step += 1, now += stepMs) {
      isDown = now < backAt;
      const used = Array.from({ length: perStep }, (_, index) => (step * perStep + index) % count);
      const outcomes = await Promise.allSettled(used.map(async (index) => all[index]!.accessToken!()));
      outcomes.forEach(({ status }, index) => status === 'fulfilled' && works.add(used[index]!));
      if (isDown) expect(works.size).toBe(0);
    }
    const whileDown = askedAt.filter((time) => time < backAt);
    // Those that were under way together when it went down, then one each 30 s.
    expect(whileDown.filter((time) => time > backAt - 9 * minute).length).toBeLessThanOrEqual(18);
    now = backAt + minute;
    const outcomes = await Promise.allSettled(all.map(async (one) => one.accessToken!()));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    const states = await desk.store.records.list('connection', {}, { limit: 1000 });
    expect(new Set(states.map(({ value }) => value['state']))).toEqual(new Set(['STARTED']));
    expect(askedAt.length - whileDown.length).toBeLessThanOrEqual(count + 1);
  });
});
