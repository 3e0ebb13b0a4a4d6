import { describe, expect, it } from '@jest/globals';
import type { RefusedClient } from '../../src/connection/oauth-client.ts';
import { createRefusalAlarm } from '../../src/connection/refusal-alarm.ts';

const refused = (part: Partial<RefusedClient> = {}): RefusedClient => ({
  tenant: 'acme',
  connector: 'shop',
  error: 'invalid_client',
  status: 401,
  ...part,
});

describe('the alarm of a refused client', () => {
  it('rings once a minute for each tenant and connector, however many connections are refused', () => {
    let now = 0;
    const told: RefusedClient[] = [];
    const alarm = createRefusalAlarm(
      (one) => void told.push(one),
      () => now,
    );
    for (let count = 0; count < 1_000; count += 1) alarm(refused());
    alarm(refused({ tenant: 'globex' }));
    alarm(refused({ connector: 'items' }));
    expect(told).toEqual([refused(), refused({ tenant: 'globex' }), refused({ connector: 'items' })]);
    now = 59_999;
    alarm(refused());
    now = 60_000;
    alarm(refused());
    expect(told).toHaveLength(4);
  });
});
