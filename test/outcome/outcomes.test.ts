import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createKeyRing } from '../../src/connection/seal.ts';
import { resealAll } from '../../src/connection/reseal.ts';
import { GatewayError, InputError } from '../../src/errors.ts';
import { outcomeKind, outcomeSealedKind } from '../../src/outcome/outcome-record.ts';
import { createOutcomes, type OnceMutation, type OutcomeOptions, type Outcomes } from '../../src/outcome/outcomes.ts';
import type { Leases } from '../../src/storage/lease.ts';
import type { Records } from '../../src/storage/records.ts';
import { createSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { until } from '../support/until.ts';

const key = { id: 'one', key: randomBytes(32) };
const keyRing = createKeyRing([key]);
const mutation: OnceMutation = {
  tenant: 'acme',
  subject: 'alice',
  key: 'k-1',
  path: 'createOrder',
  operation: 'shop.createOrder',
  title: 'Shop',
  connection: 'c1',
  input: { item: 'canary-item', count: 2 },
  repeatableMs: undefined,
};
const here = new AbortController().signal;
let store: Store;
const opened: Outcomes[] = [];
beforeEach(async () => (store = await createSqliteStore({ file: ':memory:' })));
afterEach(async () => {
  await Promise.all(opened.splice(0).map((outcomes) => outcomes.close()));
  await store.close();
});

/** One replica. */
function replica(options: Partial<OutcomeOptions> = {}): Outcomes {
  const { records, leases } = store;
  const outcomes = createOutcomes({ records, leases, keyRing, takeoverMs: 200, ...options });
  opened.push(outcomes);
  return outcomes;
}

function held<T>(): { readonly promise: Promise<T>; readonly release: (value: T) => void } {
  let release: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => (release = resolve));
  return { promise, release };
}

const noRun = async (): Promise<never> => {
  throw new Error('It was run again.');
};
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => (error instanceof GatewayError ? error.code : error),
  );
const stored = async () => (await store.records.list(outcomeKind, {})).map(({ value }) => value);

describe('a mutation with an idempotency key', () => {
  it('is carried out once, and a repetition on another replica is given the same answer', async () => {
    const answer = { id: 7, at: '2026-01-01', tags: ['a'], none: null };
    expect(await replica().once(mutation, here, async () => answer)).toEqual(answer);
    await until(async () => (await stored())[0]?.['state'] === 'DONE');
    expect(await replica().once(mutation, here, noRun)).toEqual(answer);
  });

  it('keeps what it was given and what it answered sealed, and can be sealed anew', async () => {
    await replica().once(mutation, here, async () => ({ name: 'canary-name' }));
    await until(async () => (await stored())[0]?.['state'] === 'DONE');
    expect(JSON.stringify(await stored())).not.toContain('canary');
    const newRing = createKeyRing([{ id: 'two', key: randomBytes(32) }, key]);
    expect(await resealAll(store.records, newRing, { kinds: [outcomeSealedKind] })).toMatchObject({
      resealed: 1,
      failed: [],
    });
    expect(JSON.stringify(await stored())).not.toContain('sealed1.one.');
    expect(await replica({ keyRing: newRing }).once(mutation, here, noRun)).toEqual({ name: 'canary-name' });
  });

  it('is refused where the key was used for another input, action or connection', async () => {
    await replica().once(mutation, here, async () => 1);
    for (const other of [{ input: { item: 'x' } }, { operation: 'shop.pay' }, { connection: 'c2' }]) {
      expect(await codeOf(replica().once({ ...mutation, ...other }, here, noRun))).toBe('IDEMPOTENCY_KEY_REUSED');
    }
    const reordered = { ...mutation, input: { count: 2, item: 'canary-item' } };
    expect(await replica().once(reordered, here, noRun)).toBe(1);
  });

  it('is another one for another tenant, subject, field or key', async () => {
    await replica().once(mutation, here, async () => 0);
    const others = [{ tenant: 'globex' }, { subject: 'bob' }, { subject: undefined }, { path: 'b' }, { key: 'k-2' }];
    for (const [index, other] of others.entries()) {
      expect(await replica().once({ ...mutation, ...other }, here, async () => index + 1)).toBe(index + 1);
    }
  });

  it('is waited for by who repeats it meanwhile', async () => {
    const provider = held<string>();
    let runs = 0;
    const run = () => {
      runs += 1;
      return provider.promise;
    };
    const first = replica().once(mutation, here, run);
    const others = [replica(), replica()].map((other) => other.once(mutation, here, run));
    await until(() => runs === 1);
    provider.release('done');
    expect(await Promise.all([first, ...others])).toEqual(['done', 'done', 'done']);
    expect(runs).toBe(1);
  });

  it('is told to be under way to who has waited for as long as one waits', async () => {
    const provider = held<string>();
    const first = replica().once(mutation, here, () => provider.promise);
    await until(async () => (await stored()).length === 1);
    expect(await codeOf(replica({ waitMs: 50 }).once(mutation, here, noRun))).toBe('IDEMPOTENCY_KEY_IN_USE');
    provider.release('done');
    await first;
  });

  it('goes on when its client goes, and tells a repetition what it came to', async () => {
    const provider = held<string>();
    const client = new AbortController();
    const first = replica().once(mutation, client.signal, () => provider.promise);
    await until(async () => (await stored()).length === 1);
    client.abort(new InputError('OPERATION_TIMEOUT', 'Too long.'));
    await expect(first).rejects.toThrow(
      'Shop: shop.createOrder was not waited for any longer. It may go on: ask again with the same idempotency key to be told what it came to.',
    );
    provider.release('done');
    expect(await replica().once(mutation, here, noRun)).toBe('done');
  });

  it('leaves nothing when it failed before anything can have been carried out', async () => {
    const refused = new InputError('INPUT_INVALID', 'No.');
    await expect(replica().once(mutation, here, () => Promise.reject(refused))).rejects.toBe(refused);
    expect(await replica().once(mutation, here, async () => 'done')).toBe('done');
  });

  it('answers an answer of more than a mebibyte, or that is no JSON, once, and then says that it was carried out', async () => {
    for (const [path, answer] of Object.entries({ large: 'x'.repeat(1024 * 1024), bytes: Buffer.from('x') })) {
      expect(await replica().once({ ...mutation, path }, here, async () => answer)).toBe(answer);
      expect(await codeOf(replica().once({ ...mutation, path }, here, noRun))).toBe('OUTCOME_NOT_KEPT');
    }
  });
});

describe('a mutation whose outcome nobody knows', () => {
  const lost = (outcomes: Outcomes, given = mutation) =>
    outcomes.once(given, here, ({ writes }) =>
      writes.watch('POST', false, () => Promise.reject(new GatewayError('OUTCOME_UNKNOWN', 'Cut.'))),
    );

  it('is not run again, and says so to every repetition', async () => {
    expect(await codeOf(lost(replica()))).toBe('OUTCOME_UNKNOWN');
    for (let repetition = 0; repetition < 2; repetition++) {
      await expect(replica().once(mutation, here, noRun)).rejects.toThrow(
        'Shop: shop.createOrder was sent with this idempotency key before, and its answer was lost. It may have been carried out: look before you repeat it with another key. Nothing was sent now.',
      );
    }
  });

  it('is run again with the same key of the provider where that does no harm', async () => {
    const keyed = { ...mutation, repeatableMs: 60_000 };
    const keys: string[] = [];
    await codeOf(
      replica().once(keyed, here, ({ writes, providerKey }) => {
        keys.push(providerKey);
        return writes.watch('POST', true, () => Promise.reject(new GatewayError('OUTCOME_UNKNOWN', 'Cut.')));
      }),
    );
    const again = replica().once(keyed, here, async ({ providerKey }) => {
      keys.push(providerKey);
      return 'done';
    });
    expect(await again).toBe('done');
    expect(keys[0]).toBe(keys[1]);
  });

  it('is not run again once the provider may have forgotten its key', async () => {
    const keyed = { ...mutation, repeatableMs: 60_000 };
    await codeOf(lost(replica(), keyed));
    expect(await codeOf(replica().once({ ...keyed, repeatableMs: 0 }, here, noRun))).toBe('OUTCOME_UNKNOWN');
  });

  it('is one whose process died: the lease ends, and nothing is sent again', async () => {
    const { records, leases } = store;
    // Nobody renews it: the process is gone.
    const dead = {
      acquire: (...given: Parameters<Leases['acquire']>) => leases.acquire(...given),
      renew: async () => false,
      release: async () => {},
    };
    const died = createOutcomes({ records, leases: dead, keyRing, takeoverMs: 100 });
    void died.once(mutation, here, () => new Promise(() => {})).catch(() => {});
    await until(async () => (await stored()).length === 1);
    expect(await codeOf(replica().once(mutation, here, noRun))).toBe('OUTCOME_UNKNOWN');
    expect(await stored()).toMatchObject([{ state: 'UNKNOWN', answer: null }]);
  });

  it('is known after all when the process that ran it was frozen beyond its lease, and hears the answer', async () => {
    const { records, leases } = store;
    const frozen = {
      acquire: (...given: Parameters<Leases['acquire']>) => leases.acquire(...given),
      renew: async () => false,
      release: async () => {},
    };
    const provider = held<string>();
    const first = replica({ records, leases: frozen, takeoverMs: 100 }).once(mutation, here, () => provider.promise);
    await until(async () => (await stored()).length === 1);
    expect(await codeOf(replica().once(mutation, here, noRun))).toBe('OUTCOME_UNKNOWN');
    provider.release('done');
    expect(await first).toBe('done');
    await until(async () => (await stored())[0]?.['state'] === 'DONE');
    expect(await replica().once(mutation, here, noRun)).toBe('done');
  });
});

describe('a store that fails', () => {
  const failing = (isAway: () => boolean): Records => {
    const away = async (): Promise<never> => {
      throw new GatewayError('STORE_UNAVAILABLE', 'Away.');
    };
    const { records } = store;
    return {
      ...records,
      get: (...given) => (isAway() ? away() : records.get(...given)),
      create: (...given) => (isAway() ? away() : records.create(...given)),
      compareAndSet: (...given) => (isAway() ? away() : records.compareAndSet(...given)),
    };
  };

  it('lets nothing be sent that could not be known of', async () => {
    const outcomes = replica({ records: failing(() => true) });
    expect(await codeOf(outcomes.once(mutation, here, noRun))).toBe('STORE_UNAVAILABLE');
  });

  it('is tried again when it fails after the answer, which is given at once', async () => {
    let isAway = false;
    const outcomes = replica({ records: failing(() => isAway) });
    const answer = await outcomes.once(mutation, here, async () => {
      isAway = true;
      return 'done';
    });
    expect([answer, (await stored())[0]?.['state']]).toEqual(['done', 'RUNNING']);
    isAway = false;
    expect(await replica().once(mutation, here, noRun)).toBe('done');
  });

  it('is told of when it never comes back: a repetition hears that the outcome is unknown', async () => {
    let isAway = false;
    const told: string[] = [];
    const outcomes = createOutcomes({
      records: failing(() => isAway),
      leases: store.leases,
      keyRing,
      onLost: (operation) => told.push(operation),
    });
    await outcomes.once(mutation, here, async () => {
      isAway = true;
      return 'done';
    });
    await outcomes.close();
    expect(told).toEqual(['shop.createOrder']);
    expect(await codeOf(replica().once(mutation, here, noRun))).toBe('OUTCOME_UNKNOWN');
  });
});
