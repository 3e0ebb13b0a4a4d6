/** The logs of feeds as a few arrays, against which a store is compared over any sequence of writes. */
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { FeedLog, FeedPage, NewEvent, Retention } from '../../src/storage/feed-log.ts';
import type { FeedLogUnderTest } from './feed-log-contract.ts';
import { startMs } from './store-contract.ts';

type Step =
  | { readonly kind: 'append'; readonly page: FeedPage; readonly unparkFirst: boolean; readonly staleBy: number }
  | { readonly kind: 'trim'; readonly retention: Retention }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'remove' };

/** Describes that a store does what the model does. */
export function describeFeedLogModel(open: () => Promise<FeedLogUnderTest>): void {
  it('does what a list in memory does, whatever is asked of it in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const test = await open();
        try {
          const model = new Model();
          for (const next of steps) {
            await take(next, test, model);
            expect(await snapshot(test.log)).toEqual(model.snapshot());
          }
        } finally {
          await test.dispose();
        }
      }),
      { numRuns: 60 },
    );
  });
}

const signature = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const allSignatures = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const newEvents: fc.Arbitrary<readonly NewEvent[]> = fc.array(
  fc.record({ signature, id: signature, payload: fc.constantFrom('{}', '[1]', '"é"') }),
  { maxLength: 4 },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      page: fc.record(
        {
          fence: fc.integer({ min: 0, max: 4 }),
          events: newEvents,
          staged: newEvents,
          publish: fc.boolean(),
          unstage: fc.boolean(),
          seen: fc.array(signature, { maxLength: 2 }),
          parked: fc.array(
            fc.oneof(
              fc.record({ reason: signature, code: fc.constant('C'), signature }),
              fc.record({ reason: signature, code: fc.constant('C') }),
            ),
            { maxLength: 2 },
          ),
          delivery: fc.record({ id: signature, rememberMs: fc.constantFrom(5, 50) }),
        },
        { requiredKeys: [] },
      ),
      unparkFirst: fc.boolean(),
      staleBy: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      retention: fc.record({ maxAgeMs: fc.nat(30), maxCount: fc.nat(6), maxSeen: fc.nat(8) }, { requiredKeys: [] }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'remove' as const }) },
);

/** Takes one step in both, and compares what they answer. */
async function take(next: Step, test: FeedLogUnderTest, model: Model): Promise<void> {
  const { log } = test;
  if (next.kind === 'advance') {
    test.advance(next.ms);
    model.now += next.ms;
  } else if (next.kind === 'remove') {
    await log.remove('f');
    model.clear();
  } else if (next.kind === 'trim') {
    while (await log.trim('f', next.retention, 2));
    model.trim(next.retention);
  } else {
    const [parked] = next.unparkFirst ? await log.parked('f') : [];
    const { version } = await log.state('f');
    const page: FeedPage = {
      ...next.page,
      ...(parked && { unpark: [parked.id] }),
      ...(next.page.fence !== undefined && { version: version + next.staleBy, progress: { n: model.writes } }),
    };
    const result = await log.append('f', page);
    const answer = result.kind === 'appended' ? { logged: result.logged, known: result.known } : result.kind;
    expect(answer).toEqual(model.append(page, next.staleBy > 0));
  }
}

async function snapshot(log: FeedLog): Promise<unknown> {
  const { version: _version, ...state } = await log.state('f');
  return {
    state,
    events: (await log.read('f', 0)).events.map(({ place, id, payload, receivedAt }) => [
      place,
      id,
      payload,
      receivedAt,
    ]),
    known: [...(await log.known('f', allSignatures))].sort(),
    parked: (await log.parked('f')).map(({ reason, signature: of }) => [reason, of]),
  };
}

class Model {
  now = 0;
  writes = 0;
  #fence = 0;
  #progress: unknown;
  #lastPlace = 0;
  #events: { readonly place: number; readonly event: NewEvent; readonly at: number }[] = [];
  #seen: string[] = [];
  #staged: NewEvent[] = [];
  #parked: { readonly reason: string; readonly signature?: string }[] = [];
  #deliveries = new Map<string, number>();

  clear(): void {
    this.#fence = 0;
    this.#progress = undefined;
    this.#lastPlace = 0;
    this.#events = [];
    this.#seen = [];
    this.#staged = [];
    this.#parked = [];
    this.#deliveries.clear();
  }

  append(page: FeedPage, isStale: boolean): unknown {
    const { fence, delivery, events = [], staged = [], parked = [], seen = [] } = page;
    this.writes += 1;
    if (fence !== undefined && (fence < this.#fence || isStale)) return 'fenced';
    if (delivery && (this.#deliveries.get(delivery.id) ?? -1) > this.now) return 'repeated';
    if (fence !== undefined) {
      this.#fence = fence;
      this.#progress = page.progress;
    }
    if (delivery) this.#deliveries.set(delivery.id, this.now + (delivery.rememberMs ?? 0));
    const released = page.unpark ? this.#parked.shift()?.signature : undefined;
    this.#seen = this.#seen.filter((each) => each !== released);
    if (page.unstage) this.#staged = [];
    const before = this.#lastPlace;
    let known = 0;
    for (const event of events) {
      if (this.#isStaged(event.signature) || !this.#mark(event.signature)) known += 1;
      else this.#log(event);
    }
    for (const event of staged) {
      if (this.#seen.includes(event.signature) || this.#isStaged(event.signature)) known += 1;
      else this.#staged.push(event);
    }
    for (const each of parked) {
      const { signature: of } = each;
      if (of !== undefined && (this.#isStaged(of) || !this.#mark(of))) known += 1;
      else this.#parked.push(each);
    }
    for (const each of [...seen, released ?? []].flat()) if (!this.#isStaged(each)) this.#mark(each);
    if (page.publish) {
      for (const event of this.#staged.splice(0).toReversed()) {
        if (!this.#seen.includes(event.signature)) this.#seen.push(event.signature);
        this.#log(event);
      }
    }
    return { logged: this.#lastPlace - before, known };
  }

  trim({ maxAgeMs = Infinity, maxCount = Infinity, maxSeen = Infinity }: Retention): void {
    while (this.#events[0] && (this.#events.length > maxCount || this.#events[0].at < this.now - maxAgeMs)) {
      this.#events.shift();
    }
    while (this.#seen.length > Math.max(maxSeen, this.#events.length)) this.#seen.shift();
  }

  snapshot(): unknown {
    return {
      state: {
        progress: this.#progress,
        lastPlace: this.#lastPlace,
        oldestPlace: this.#events[0]?.place ?? this.#lastPlace + 1,
        parkedCount: this.#parked.length,
        stagedCount: this.#staged.length,
      },
      events: this.#events.map(({ place, event, at }) => [place, event.id, event.payload, at + startMs]),
      known: [...this.#seen].sort(),
      parked: this.#parked.map(({ reason, signature: of }) => [reason, of]),
    };
  }

  #isStaged(of: string): boolean {
    return this.#staged.some((event) => event.signature === of);
  }

  #mark(of: string): boolean {
    if (this.#seen.includes(of)) return false;
    this.#seen.push(of);
    return true;
  }

  #log(event: NewEvent): void {
    this.#lastPlace += 1;
    this.#events.push({ place: this.#lastPlace, event, at: this.now });
  }
}
