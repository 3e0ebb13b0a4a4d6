/** What every store must do with the logs of feeds, embedded or PostgreSQL: call it with a way to open one. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppendResult, FeedLog, FeedPage, LoggedEvent, NewEvent } from '../../src/storage/feed-log.ts';
import { describeFeedLogModel } from './feed-log-model.ts';
import { startMs } from './store-contract.ts';

/** A log with nothing in it, whose clock the suite turns. */
export interface FeedLogUnderTest {
  readonly log: FeedLog;
  /** Moves the clock of the store forward; it begins at `startMs`. */
  advance(ms: number): void;
  /** The same store, opened once more as another process would; absent where that cannot be, as in memory. */
  readonly openAnother?: () => Promise<FeedLog>;
  /** Closes it and takes away what it left. */
  dispose(): Promise<void>;
}

/** Describes the promises of `FeedLog`, each on a new store. `isShared`: it can be opened twice. */
export function describeFeedLog(name: string, open: () => Promise<FeedLogUnderTest>, isShared = true): void {
  describe(`${name} as a log of feeds`, () => {
    let test: FeedLogUnderTest;
    beforeEach(async () => (test = await open()));
    afterEach(async () => test.dispose());

    describeAppend(() => test);
    describePollers(() => test);
    describeStaging(() => test);
    describeSeen(() => test);
    describeParked(() => test);
    describeDeliveries(() => test);
    describeReading(() => test);
    describeTrimming(() => test);
    describeRemoving(() => test);
    describeWatching(() => test);
    describeHostileText(() => test);
    describeAbuse(() => test);
    describeFeedLogModel(open);
    if (isShared) describeSharing(() => test);
  });
}

type TestOf = () => FeedLogUnderTest;

const day = 24 * 60 * 60_000;

/** An event whose signature, id and payload follow from its name. */
function event(name: string | number): NewEvent {
  return { signature: `${name}@2026`, id: String(name), occurredAt: startMs - 1000, payload: `{"name":"${name}"}` };
}

function events(...names: readonly (string | number)[]): readonly NewEvent[] {
  return names.map(event);
}

function numbered(count: number, from = 1): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => event(from + index));
}

async function readAll(log: FeedLog, feed = 'f', after = 0): Promise<readonly LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for (;;) {
    const { events: page } = await log.read(feed, all.at(-1)?.place ?? after);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

async function ids(log: FeedLog, feed = 'f'): Promise<readonly string[]> {
  return (await readAll(log, feed)).map(({ id }) => id);
}

/** The result of a page that must be written. */
async function append(log: FeedLog, page: FeedPage, feed = 'f'): Promise<Extract<AppendResult, { kind: 'appended' }>> {
  const result = await log.append(feed, page);
  if (result.kind !== 'appended') throw new Error(`The page was refused: ${result.kind}.`);
  return result;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function describeAppend(test: TestOf): void {
  describe('an append', () => {
    it('begins with a feed of which nothing is known', async () => {
      const nothing = {
        version: 0,
        progress: undefined,
        lastPlace: 0,
        oldestPlace: 1,
        parkedCount: 0,
        stagedCount: 0,
      };
      expect(await test().log.state('f')).toEqual(nothing);
      expect(await test().log.read('f', 0)).toEqual({ events: [], lastPlace: 0, oldestPlace: 1 });
      expect(await test().log.known('f', ['a'])).toEqual(new Set());
      expect(await test().log.parked('f')).toEqual([]);
      expect(await test().log.trim('f', { maxCount: 0 })).toBe(false);
      await test().log.remove('f');
      expect(await test().log.state('f')).toEqual(nothing);
    });

    it('logs the events in their order, with places from 1 on and the time of the store', async () => {
      const { log } = test();
      const first = await append(log, { fence: 1, version: 0, progress: { cursor: 'c1' }, events: events('a', 'b') });
      expect(first).toMatchObject({ logged: 2, known: 0, state: { progress: { cursor: 'c1' }, lastPlace: 2 } });
      test().advance(50);
      const { occurredAt: _absent, ...undated } = event('c');
      const second = await append(log, { events: [undated] });
      expect(second.state).toEqual(await log.state('f'));
      expect(second.state).toEqual({
        version: first.state.version,
        progress: { cursor: 'c1' },
        lastPlace: 3,
        oldestPlace: 1,
        parkedCount: 0,
        stagedCount: 0,
      });
      expect(await log.read('f', 0)).toEqual({
        lastPlace: 3,
        oldestPlace: 1,
        events: [
          { place: 1, id: 'a', occurredAt: startMs - 1000, receivedAt: startMs, payload: '{"name":"a"}' },
          { place: 2, id: 'b', occurredAt: startMs - 1000, receivedAt: startMs, payload: '{"name":"b"}' },
          { place: 3, id: 'c', receivedAt: startMs + 50, payload: '{"name":"c"}' },
        ],
      });
    });

    it('leaves out what the feed has logged, and the second of two in one page', async () => {
      const { log } = test();
      await append(log, { events: events('a', 'b') });
      const { logged, known, state } = await append(log, { events: events('b', 'c', 'c', 'a', 'd') });
      expect({ logged, known, lastPlace: state.lastPlace }).toEqual({ logged: 2, known: 3, lastPlace: 4 });
      expect(await ids(log)).toEqual(['a', 'b', 'c', 'd']);
    });

    it('keeps feeds apart', async () => {
      const { log } = test();
      await append(log, { fence: 9, progress: 1, events: events('a', 'b') }, 'f');
      await append(log, { fence: 1, progress: 2, events: events('b', 'a', 'c') }, 'g');
      await append(log, { events: events('d') }, 'f');
      expect(await ids(log, 'f')).toEqual(['a', 'b', 'd']);
      expect(await ids(log, 'g')).toEqual(['b', 'a', 'c']);
      expect((await log.state('f')).progress).toBe(1);
      expect(await log.known('g', ['d@2026'])).toEqual(new Set());
    });

    it.each([[{ cursor: { nested: [1, 'two', null] } }], ['text'], [0], [false], [null], [[]]])(
      'keeps the progress %j as it is, until another is given',
      async (progress) => {
        const { log } = test();
        expect((await append(log, { fence: 1, version: 0, progress })).state.progress).toEqual(progress);
        await append(log, { fence: 1, events: events('a') });
        expect((await log.state('f')).progress).toEqual(progress);
      },
    );

    it('writes ten thousand events as one page', async () => {
      const { log } = test();
      expect(await append(log, { events: numbered(10_000) })).toMatchObject({ logged: 10_000 });
      const all = await readAll(log);
      expect(all.map(({ place }) => place)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    });
  });
}

function describePollers(test: TestOf): void {
  describe('a poller', () => {
    it('is refused once somebody wrote with a larger fence', async () => {
      const { log } = test();
      await append(log, { fence: 5, progress: 'five', events: events('a') });
      const before = await log.state('f');
      expect(await log.append('f', { fence: 4, progress: 'four', events: events('b') })).toEqual({ kind: 'fenced' });
      expect(await log.append('f', { fence: 4, staged: events('b') })).toEqual({ kind: 'fenced' });
      expect(await log.state('f')).toEqual(before);
      expect(await log.known('f', ['b@2026'])).toEqual(new Set());
      await append(log, { fence: 5, events: events('b') });
      await append(log, { fence: 6 });
      expect(await log.append('f', { fence: 5, events: events('c') })).toEqual({ kind: 'fenced' });
      expect(await ids(log)).toEqual(['a', 'b']);
    });

    it('is refused unless the progress is the one that it knows, whose version only grows', async () => {
      const { log } = test();
      const first = await append(log, { fence: 1, version: 0, progress: 'one' });
      expect(first.state.version).toBeGreaterThan(0);
      expect(await log.append('f', { fence: 1, version: 0, progress: 'two', events: events('a') })).toEqual({
        kind: 'fenced',
      });
      expect(await ids(log)).toEqual([]);
      const second = await append(log, { fence: 1, version: first.state.version, progress: 'two' });
      expect(second.state.version).toBeGreaterThan(first.state.version);
      expect(await log.append('f', { fence: 1, version: first.state.version, progress: 'three' })).toEqual({
        kind: 'fenced',
      });
      expect(await log.state('f')).toEqual(second.state);
    });

    it('keeps its progress, its version and its turn while webhooks write', async () => {
      const { log } = test();
      const { state } = await append(log, { fence: 7, version: 0, progress: 'mine' });
      await append(log, { events: events('hook'), delivery: { id: 'd1' } });
      expect(await log.state('f')).toMatchObject({ version: state.version, progress: 'mine', lastPlace: 1 });
      expect(await append(log, { fence: 7, version: state.version, progress: 'next' })).toMatchObject({
        state: { progress: 'next' },
      });
    });
  });
}

function describeStaging(test: TestOf): void {
  describe('staged events', () => {
    it('are not logged before they are published, the last staged first', async () => {
      const { log } = test();
      await append(log, { events: events('before') });
      expect(await append(log, { fence: 1, staged: events('e', 'd'), progress: 'page 2' })).toMatchObject({
        logged: 0,
        known: 0,
        state: { stagedCount: 2, lastPlace: 1 },
      });
      expect(await ids(log)).toEqual(['before']);
      test().advance(10);
      const published = await append(log, { fence: 1, staged: events('c', 'b'), events: events('a'), publish: true });
      expect(published).toMatchObject({ logged: 5, known: 0, state: { stagedCount: 0, lastPlace: 6 } });
      expect(await ids(log)).toEqual(['before', 'a', 'b', 'c', 'd', 'e']);
      const all = await readAll(log);
      expect(all.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(all.map(({ receivedAt }) => receivedAt - startMs)).toEqual([0, 10, 10, 10, 10, 10]);
      expect(all[5]).toEqual({
        place: 6,
        id: 'e',
        occurredAt: startMs - 1000,
        receivedAt: startMs + 10,
        payload: '{"name":"e"}',
      });
    });

    it('are left out where they were logged or staged, and so are later ones of the same signature', async () => {
      const { log } = test();
      await append(log, { events: events('a') });
      expect(await append(log, { staged: events('b', 'a', 'b') })).toMatchObject({
        known: 2,
        state: { stagedCount: 1 },
      });
      expect(await append(log, { staged: events('b') })).toMatchObject({ known: 1, state: { stagedCount: 1 } });
      expect(await append(log, { events: events('b', 'c') })).toMatchObject({ logged: 1, known: 1 });
      await append(log, { publish: true });
      expect(await append(log, { events: events('b'), staged: events('b') })).toMatchObject({ logged: 0, known: 2 });
      expect(await ids(log)).toEqual(['a', 'c', 'b']);
    });

    it('are not known until they are published', async () => {
      const { log } = test();
      await append(log, { staged: events('a', 'b') });
      expect(await log.known('f', ['a@2026', 'b@2026'])).toEqual(new Set());
      await append(log, { publish: true });
      expect(await log.known('f', ['a@2026', 'b@2026'])).toEqual(new Set(['a@2026', 'b@2026']));
    });

    it('are forgotten with all that was seen of them, and may be staged anew in the same page', async () => {
      const { log } = test();
      await append(log, { staged: events('c', 'b') });
      expect(await append(log, { unstage: true, staged: events('d', 'c') })).toMatchObject({
        known: 0,
        state: { stagedCount: 2 },
      });
      await append(log, { publish: true });
      await append(log, { events: events('b') });
      expect(await ids(log)).toEqual(['c', 'd', 'b']);
    });

    it('need not be there to be published or forgotten', async () => {
      const { log } = test();
      expect(await append(log, { publish: true })).toMatchObject({ logged: 0 });
      expect(await append(log, { unstage: true })).toMatchObject({ state: { stagedCount: 0 } });
      await append(log, { events: events('a'), publish: true });
      expect(await ids(log)).toEqual(['a']);
    });
  });
}

function describeSeen(test: TestOf): void {
  describe('what was seen', () => {
    it('is not logged, though it never was', async () => {
      const { log } = test();
      expect(await append(log, { seen: ['a@2026', 'b@2026', 'a@2026'] })).toMatchObject({ logged: 0, known: 0 });
      expect(await append(log, { events: events('a', 'c'), staged: events('b') })).toMatchObject({
        logged: 1,
        known: 2,
      });
      expect(await ids(log)).toEqual(['c']);
    });

    it('is told of those that are asked for alone', async () => {
      const { log } = test();
      await append(log, {
        events: events('logged'),
        staged: events('staged'),
        seen: ['ground'],
        parked: [{ reason: 'r', code: 'C', signature: 'parked' }],
      });
      const asked = ['logged@2026', 'staged@2026', 'ground', 'parked', 'unknown', 'ground', ''];
      expect(await log.known('f', asked)).toEqual(new Set(['logged@2026', 'ground', 'parked']));
      expect(await log.known('f', [])).toEqual(new Set());
      expect(await log.known('g', asked)).toEqual(new Set());
    });

    it('is told of many at once', async () => {
      const { log } = test();
      await append(log, { seen: numbered(3000).map(({ signature }) => signature) });
      const asked = numbered(3000, 1501).map(({ signature }) => signature);
      expect(await log.known('f', asked)).toEqual(new Set(asked.slice(0, 1500)));
    });

    it('is told apart to the last of 512 characters', async () => {
      const { log } = test();
      const long = (end: string) => ({ ...event(end), signature: 'x'.repeat(512 - end.length) + end });
      await append(log, { events: [long('a'), long('b'), long('a')] });
      expect(await ids(log)).toEqual(['a', 'b']);
      expect(await log.known('f', [long('b').signature, long('c').signature])).toEqual(new Set([long('b').signature]));
    });
  });
}

function describeParked(test: TestOf): void {
  const reasons = (list: readonly { readonly reason: string }[]) => list.map(({ reason }) => reason);

  describe('parked events', () => {
    it('are read as they were parked, oldest first', async () => {
      const { log } = test();
      const whole = { reason: 'it has no id', code: 'EVENT_INVALID', signature: 's1', payload: '{"id":null}' };
      await append(log, { parked: [whole] });
      test().advance(5);
      const { state } = await append(log, { parked: [{ reason: 'too large', code: 'EVENT_TOO_LARGE' }] });
      expect(state.parkedCount).toBe(2);
      const parked = await log.parked('f');
      expect(parked).toEqual([
        { id: expect.any(String), parkedAt: startMs, ...whole },
        { id: expect.any(String), parkedAt: startMs + 5, reason: 'too large', code: 'EVENT_TOO_LARGE' },
      ]);
      expect(new Set(parked.map(({ id }) => id)).size).toBe(2);
      expect(await log.parked('g')).toEqual([]);
    });

    it('are parked once where they have a signature, and each time where they have none', async () => {
      const { log } = test();
      await append(log, { events: events('logged'), staged: events('staged'), seen: ['seen'] });
      const known = ['p', 'p', 'logged@2026', 'staged@2026', 'seen'];
      const page = {
        parked: [...known, undefined, undefined].map((signature) => ({
          reason: String(signature),
          code: 'C',
          ...(signature && { signature }),
        })),
      };
      expect(await append(log, page)).toMatchObject({ known: 4, state: { parkedCount: 3 } });
      expect(await append(log, page)).toMatchObject({ known: 5, state: { parkedCount: 5 } });
      expect(await append(log, { events: [{ ...event('p'), signature: 'p' }] })).toMatchObject({ logged: 0, known: 1 });
    });

    it('are listed page after page, or by their ids', async () => {
      const { log } = test();
      await append(log, { parked: Array.from({ length: 230 }, (_, n) => ({ reason: `r${n}`, code: 'C' })) });
      const first = await log.parked('f');
      expect(first).toHaveLength(100);
      const second = await log.parked('f', { after: first.at(-1)!.id, limit: 70 });
      const third = await log.parked('f', { after: second.at(-1)!.id });
      const all = [...first, ...second, ...third];
      expect(reasons(all)).toEqual(Array.from({ length: 230 }, (_, n) => `r${n}`));
      const asked = [all[200]!.id, 'never', all[7]!.id, '', '-1', '1e9', all[7]!.id];
      expect(reasons(await log.parked('f', { ids: asked }))).toEqual(['r7', 'r200']);
      expect(await log.parked('f', { ids: [] })).toEqual([]);
      expect(await log.parked('g', { ids: asked })).toEqual([]);
      expect(await log.parked('f', { after: 'never' })).toEqual([]);
    });

    it('are logged when they are taken back, and not a second time', async () => {
      const { log } = test();
      await append(log, { parked: [{ reason: 'r', code: 'C', signature: 'a@2026' }] });
      const [parked] = await log.parked('f');
      expect(await append(log, { unpark: [parked!.id], events: events('a', 'a') })).toMatchObject({
        logged: 1,
        known: 1,
        state: { parkedCount: 0 },
      });
      expect(await log.parked('f')).toEqual([]);
      expect(await append(log, { events: events('a') })).toMatchObject({ logged: 0, known: 1 });
      expect(await ids(log)).toEqual(['a']);
    });

    it('may fail again, and are parked with another id', async () => {
      const { log } = test();
      const again = { reason: 'again', code: 'C', signature: 's' };
      await append(log, { parked: [{ ...again, reason: 'first' }] });
      const [before] = await log.parked('f');
      const { state } = await append(log, { unpark: [before!.id], parked: [again] });
      expect(state.parkedCount).toBe(1);
      const [after] = await log.parked('f');
      expect(after).toMatchObject(again);
      expect(after!.id).not.toBe(before!.id);
    });

    it('stay seen when they are taken away', async () => {
      const { log } = test();
      await append(log, { parked: [{ reason: 'r', code: 'C', signature: 'a@2026' }] });
      const [parked] = await log.parked('f');
      await append(log, { unpark: [parked!.id] });
      expect(await log.known('f', ['a@2026'])).toEqual(new Set(['a@2026']));
      expect(await append(log, { events: events('a') })).toMatchObject({ logged: 0, known: 1 });
    });

    it('refuse the whole page when one of them is gone', async () => {
      const { log } = test();
      await append(log, {
        fence: 1,
        progress: 'p',
        parked: [
          { reason: 'r1', code: 'C' },
          { reason: 'r2', code: 'C' },
        ],
      });
      const [one, other] = await log.parked('f');
      await append(log, { unpark: [one!.id] });
      const before = await log.state('f');
      for (const gone of [one!.id, 'never', '', '0', '99999999999999999999']) {
        const page = { fence: 2, progress: 'q', unpark: [other!.id, gone], events: events('a') };
        expect(await log.append('f', page)).toEqual({ kind: 'gone' });
      }
      expect(await log.append('g', { unpark: [other!.id] })).toEqual({ kind: 'gone' });
      expect(await log.state('f')).toEqual(before);
      expect(reasons(await log.parked('f'))).toEqual(['r2']);
      expect(await append(log, { fence: 1, unpark: [other!.id, other!.id] })).toMatchObject({
        state: { parkedCount: 0 },
      });
    });
  });
}

function describeDeliveries(test: TestOf): void {
  describe('a delivery', () => {
    it('is accepted once', async () => {
      const { log } = test();
      expect(await append(log, { events: events('a'), delivery: { id: 'd1' } })).toMatchObject({ logged: 1 });
      expect(await log.append('f', { events: events('b'), delivery: { id: 'd1' } })).toEqual({ kind: 'repeated' });
      await append(log, { events: events('c'), delivery: { id: 'd2' } });
      await append(log, { events: events('a'), delivery: { id: 'd1' } }, 'g');
      expect(await ids(log)).toEqual(['a', 'c']);
      expect(await ids(log, 'g')).toEqual(['a']);
    });

    it('is remembered for a day, or as long as it says', async () => {
      const { log } = test();
      await append(log, { delivery: { id: 'day' } });
      await append(log, { delivery: { id: 'minute', rememberMs: 60_000 } });
      test().advance(59_999);
      expect(await log.append('f', { delivery: { id: 'minute', rememberMs: 60_000 } })).toEqual({ kind: 'repeated' });
      test().advance(1);
      expect(await append(log, { delivery: { id: 'minute', rememberMs: 60_000 } })).toMatchObject({ logged: 0 });
      test().advance(day - 60_001);
      expect(await log.append('f', { delivery: { id: 'day' } })).toEqual({ kind: 'repeated' });
      test().advance(1);
      expect(await append(log, { events: events('a'), delivery: { id: 'day' } })).toMatchObject({ logged: 1 });
    });

    it('may come again when its page was refused', async () => {
      const { log } = test();
      await append(log, { fence: 2 });
      expect(await log.append('f', { fence: 1, delivery: { id: 'd' } })).toEqual({ kind: 'fenced' });
      expect(await log.append('f', { unpark: ['1'], delivery: { id: 'd' } })).toEqual({ kind: 'gone' });
      expect(await append(log, { events: events('a'), delivery: { id: 'd' } })).toMatchObject({ logged: 1 });
    });

    it('is one of many that come at once', async () => {
      const { log } = test();
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => log.append('f', { events: events(n), delivery: { id: 'd' } })),
      );
      expect(results.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
      expect((await log.state('f')).lastPlace).toBe(1);
    });
  });
}

function describeReading(test: TestOf): void {
  describe('a read', () => {
    const places = async (after: number, options?: Parameters<FeedLog['read']>[2]) =>
      (await test().log.read('f', after, options)).events.map(({ place }) => place);

    it('gives what comes after a place, up to its limit', async () => {
      await append(test().log, { events: numbered(600) });
      expect(await places(598)).toEqual([599, 600]);
      expect(await places(600)).toEqual([]);
      expect(await places(10, { limit: 3 })).toEqual([11, 12, 13]);
      expect(await places(0)).toHaveLength(500);
    });

    it('takes any number for a place', async () => {
      await append(test().log, { events: numbered(2) }, 'e');
      await append(test().log, { events: numbered(2) });
      await append(test().log, { events: numbered(2) }, 'g');
      for (const none of [2, 3, 2 ** 40, 2 ** 53, Infinity]) expect([none, await places(none)]).toEqual([none, []]);
      for (const all of [0, -1, -Infinity, 0.5, NaN]) expect([all, await places(all)]).toEqual([all, [1, 2]]);
    });

    it('gives as many as fit, and one at least', async () => {
      const { log } = test();
      const sized = (name: string, size: number) => ({ ...event(name), payload: 'é'.repeat(size / 2) });
      await append(log, { events: [sized('a', 100), sized('b', 100), sized('c', 500), sized('d', 10)] });
      expect(await places(0, { maxBytes: 200 })).toEqual([1, 2]);
      expect(await places(0, { maxBytes: 199 })).toEqual([1]);
      expect(await places(0, { maxBytes: 700 })).toEqual([1, 2, 3]);
      expect(await places(1, { maxBytes: 0 })).toEqual([2]);
      expect(await places(2, { maxBytes: 10 })).toEqual([3]);
      expect(await places(2, { maxBytes: Infinity })).toEqual([3, 4]);
      await append(log, { staged: [sized('y', 600 * 1024), sized('x', 600 * 1024)], publish: true });
      expect(await places(4)).toEqual([5]);
      expect(await places(5)).toEqual([6]);
    });

    it('says where the log begins and ends, also when it gives nothing', async () => {
      const { log } = test();
      await append(log, { events: numbered(10) });
      await log.trim('f', { maxCount: 4 });
      expect(await log.read('f', 10)).toEqual({ events: [], lastPlace: 10, oldestPlace: 7 });
      const slice = await log.read('f', 2, { limit: 2 });
      expect(slice).toMatchObject({ lastPlace: 10, oldestPlace: 7 });
      expect(slice.events.map(({ place }) => place)).toEqual([7, 8]);
    });
  });
}

function describeTrimming(test: TestOf): void {
  describe('trimming', () => {
    const kept = async () => {
      const { oldestPlace, lastPlace } = await test().log.state('f');
      const all = (await readAll(test().log)).map(({ place }) => place);
      expect(all).toEqual(Array.from({ length: lastPlace - oldestPlace + 1 }, (_, n) => oldestPlace + n));
      return [oldestPlace, lastPlace];
    };

    it('keeps so many of the newest', async () => {
      const { log } = test();
      await append(log, { events: numbered(10) });
      expect(await log.trim('f', { maxCount: 10 })).toBe(false);
      expect(await kept()).toEqual([1, 10]);
      expect(await log.trim('f', { maxCount: 3 })).toBe(false);
      expect(await kept()).toEqual([8, 10]);
      expect(await log.trim('f', { maxCount: 0 })).toBe(false);
      expect(await kept()).toEqual([11, 10]);
      await append(log, { events: events('next') });
      expect(await kept()).toEqual([11, 11]);
    });

    it('forgets what was received longer ago', async () => {
      const { log } = test();
      await append(log, { events: numbered(2) });
      test().advance(1000);
      await append(log, { events: numbered(2, 3) });
      test().advance(500);
      expect(await log.trim('f', { maxAgeMs: 1500 })).toBe(false);
      expect(await kept()).toEqual([1, 4]);
      expect(await log.trim('f', { maxAgeMs: 1499 })).toBe(false);
      expect(await kept()).toEqual([3, 4]);
      expect(await log.trim('f', { maxAgeMs: 1000, maxCount: 1 })).toBe(false);
      expect(await kept()).toEqual([4, 4]);
      test().advance(day);
      await log.trim('f', { maxAgeMs: 1000, maxCount: 1 });
      expect(await kept()).toEqual([5, 4]);
    });

    it('forgets nothing without a retention', async () => {
      const { log } = test();
      await append(log, { events: numbered(10), seen: ['s'] });
      test().advance(1000 * day);
      expect(await log.trim('f', {})).toBe(false);
      expect(await kept()).toEqual([1, 10]);
      expect(await log.known('f', ['s'])).toEqual(new Set(['s']));
    });

    it('goes on in batches until nothing is left', async () => {
      const { log } = test();
      await append(log, { events: numbered(10) });
      const left: boolean[] = [];
      do left.push(await log.trim('f', { maxCount: 1 }, 3));
      while (left.at(-1));
      expect(left).toEqual([true, true, false]);
      expect(await kept()).toEqual([10, 10]);
      test().advance(10);
      await append(log, { events: numbered(6, 11) });
      test().advance(10);
      expect(await log.trim('f', { maxAgeMs: 15 }, 1)).toBe(false);
      expect(await log.trim('f', { maxAgeMs: 5 }, 3)).toBe(true);
      expect(await kept()).toEqual([14, 16]);
      expect(await log.trim('f', { maxAgeMs: 5 }, 3)).toBe(false);
      expect(await kept()).toEqual([17, 16]);
    });

    it('keeps so many of the newest signatures, and never fewer than there are events', async () => {
      const { log } = test();
      const signatures = ['s1', 's2', '1@2026', '2@2026', '3@2026', 'p'];
      await append(log, { seen: ['s2', 's1'].toReversed() });
      await append(log, { events: numbered(3), parked: [{ reason: 'r', code: 'C', signature: 'p' }] });
      expect(await log.trim('f', { maxSeen: 5 })).toBe(false);
      expect([...(await log.known('f', signatures))]).toEqual(signatures.slice(1));
      await log.trim('f', { maxSeen: 1 });
      expect([...(await log.known('f', signatures))].sort()).toEqual(['2@2026', '3@2026', 'p']);
      await log.trim('f', { maxSeen: 1, maxCount: 0 });
      expect([...(await log.known('f', signatures))]).toEqual(['p']);
      await log.trim('f', { maxSeen: 0 });
      expect(await log.known('f', signatures)).toEqual(new Set());
      expect(await append(log, { events: numbered(1) })).toMatchObject({ logged: 1 });
    });

    it('keeps signatures longer than events, so that nothing is logged twice', async () => {
      const { log } = test();
      await append(log, { events: numbered(10) });
      await log.trim('f', { maxCount: 2, maxSeen: 100_000 });
      expect(await append(log, { events: numbered(11) })).toMatchObject({ logged: 1, known: 10 });
      expect(await kept()).toEqual([9, 11]);
    });

    it('forgets signatures in batches', async () => {
      const { log } = test();
      await append(log, { seen: numbered(10).map(({ signature }) => signature) });
      const left: boolean[] = [];
      do left.push(await log.trim('f', { maxSeen: 3 }, 3));
      while (left.at(-1));
      expect(left).toEqual([true, true, false]);
      const known = await log.known(
        'f',
        numbered(10).map(({ signature }) => signature),
      );
      expect([...known].sort()).toEqual(['10@2026', '8@2026', '9@2026']);
    });

    it('leaves what is staged and what is parked', async () => {
      const { log } = test();
      await append(log, { staged: events('b', 'a'), parked: [{ reason: 'r', code: 'C' }] });
      test().advance(day);
      await log.trim('f', { maxAgeMs: 1, maxCount: 0, maxSeen: 0 });
      expect(await log.state('f')).toMatchObject({ stagedCount: 2, parkedCount: 1 });
      await append(log, { publish: true });
      expect(await ids(log)).toEqual(['a', 'b']);
    });

    it('keeps so many of the newest parked events, and none that were parked longer ago', async () => {
      const { log } = test();
      const parkedNow = async () => {
        const reasons = (await log.parked('f')).map(({ reason }) => reason);
        expect((await log.state('f')).parkedCount).toBe(reasons.length);
        return reasons;
      };
      const parked = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ reason: name, code: 'C', signature: name }));
      await append(log, { parked: parked.slice(0, 2), events: numbered(1) });
      test().advance(1000);
      await append(log, { parked: parked.slice(2) });
      test().advance(500);
      expect(await log.trim('f', { maxParked: 5, maxParkedAgeMs: 1500 })).toBe(false);
      expect(await parkedNow()).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(await log.trim('f', { maxParkedAgeMs: 1499 }, 1)).toBe(true);
      expect(await parkedNow()).toEqual(['b', 'c', 'd', 'e']);
      expect(await log.trim('f', { maxParkedAgeMs: 1499 })).toBe(false);
      expect(await parkedNow()).toEqual(['c', 'd', 'e']);
      expect(await log.trim('f', { maxParked: 1 }, 1)).toBe(true);
      expect(await log.trim('f', { maxParked: 1 }, 1)).toBe(false);
      expect(await parkedNow()).toEqual(['e']);
      // What was forgotten stays seen, so that it is not parked again by the next poll.
      expect(await append(log, { parked })).toMatchObject({ known: 5, state: { parkedCount: 1, lastPlace: 1 } });
      expect(await ids(log)).toEqual(['1']);
    });
  });
}

function describeRemoving(test: TestOf): void {
  describe('a removed feed', () => {
    const fill = async (log: FeedLog, feed: string) => {
      await append(
        log,
        { fence: 5, progress: 'p', events: numbered(2500), staged: events('staged'), seen: ['seen'] },
        feed,
      );
      await append(log, { parked: [{ reason: 'r', code: 'C', signature: 'parked' }], delivery: { id: 'd' } }, feed);
    };

    it('is as if it never was, and begins anew', async () => {
      const { log } = test();
      await fill(log, 'f');
      await fill(log, 'g');
      const other = { state: await log.state('g'), events: await readAll(log, 'g') };
      await log.remove('f');
      expect(await log.state('f')).toMatchObject({
        version: 0,
        lastPlace: 0,
        oldestPlace: 1,
        parkedCount: 0,
        stagedCount: 0,
      });
      expect((await log.state('f')).progress).toBeUndefined();
      expect(await log.read('f', 0)).toEqual({ events: [], lastPlace: 0, oldestPlace: 1 });
      expect(await log.parked('f')).toEqual([]);
      expect(await log.known('f', ['1@2026', 'seen', 'parked'])).toEqual(new Set());
      const again = await append(log, { fence: 1, version: 0, events: numbered(2), delivery: { id: 'd' } });
      expect(again).toMatchObject({ logged: 2, state: { lastPlace: 2, stagedCount: 0, parkedCount: 0 } });
      expect({ state: await log.state('g'), events: await readAll(log, 'g') }).toEqual(other);
    });

    it('has no version that its poller knew', async () => {
      const { log } = test();
      const { state } = await append(log, { fence: 1, version: 0, progress: 'old' });
      await log.remove('f');
      await append(log, { fence: 1, version: 0, progress: 'new' });
      expect(await log.append('f', { fence: 1, version: state.version, progress: 'late' })).toEqual({ kind: 'fenced' });
    });

    it('is whole for those who write it meanwhile', async () => {
      const { log } = test();
      await fill(log, 'f');
      const removing = log.remove('f');
      const pages = Array.from({ length: 5 }, (_, n) => log.append('f', { events: numbered(10, 10 * n) }));
      await Promise.all([removing, ...pages]);
      expect(await ids(log)).toEqual(numbered(50, 0).map(({ id }) => id));
    });
  });
}

function describeWatching(test: TestOf): void {
  describe('watching', () => {
    it('tells which feeds this process appended to', async () => {
      const { log } = test();
      const heard: string[] = [];
      const stop = log.watch((feed) => heard.push(feed));
      await append(log, { events: events('a') }, 'f');
      await append(log, { staged: events('a') }, 'g');
      await until(() => heard.includes('f') && heard.includes('g'));
      stop();
      expect(new Set(heard)).toEqual(new Set(['f', 'g']));
    });

    it('tells when it can be read', async () => {
      const { log } = test();
      const read: Promise<number>[] = [];
      const stop = log.watch((feed) => read.push(log.state(feed).then(({ lastPlace }) => lastPlace)));
      await append(log, { events: events('a', 'b') });
      await until(() => read.length > 0);
      stop();
      expect(await read[0]).toBe(2);
    });

    it('tells each listener until it stops, the same one as often as it listens', async () => {
      const { log } = test();
      const heard: string[] = [];
      const first = (feed: string) => heard.push(`first ${feed}`);
      const stops = [log.watch(first), log.watch(first), log.watch((feed) => heard.push(`other ${feed}`))];
      stops[0]!();
      stops[0]!();
      await append(log, { events: events('a') }, 'f');
      await until(() => heard.includes('first f') && heard.includes('other f'));
      stops[1]!();
      await append(log, { events: events('a') }, 'g');
      await until(() => heard.includes('other g'));
      stops[2]!();
      expect(heard).not.toContain('first g');
    });
  });
}

function describeHostileText(test: TestOf): void {
  describe('hostile text', () => {
    it.each([
      ['emoji', '🎉 grüße \u{10ffff}'],
      ['NUL', 'a\u0000b'],
      ['half a surrogate pair', 'a\ud800b'],
      ['control characters', '\u0001\u0002\u001f\u007f\u0001"'],
      ['quotes and SQL', `'"\\'); DROP TABLE feeds; --`],
      ['a line separator', '\u2028\ufeff\ufffd'],
      ['512 characters', '\u{1f600}'.repeat(256)],
      ['512 halves', '\udc00'.repeat(512)],
      ['a name of JavaScript', '__proto__'],
    ])('is kept exactly: %s', async (_name, text) => {
      const { log } = test();
      const hostile = { signature: text, id: text, payload: `"${text}"` };
      await append(log, { fence: 1, progress: { [text]: text }, events: [hostile], delivery: { id: text } });
      await append(log, { parked: [{ reason: text, code: text, signature: `p${text}`.slice(0, 512), payload: text }] });
      await append(log, { staged: [{ ...hostile, signature: `s${text}`.slice(0, 512) }], publish: true });
      const [logged, published] = await readAll(log);
      expect(logged).toMatchObject({ id: text, payload: `"${text}"` });
      expect(published).toMatchObject({ id: text, payload: `"${text}"` });
      expect((await log.parked('f'))[0]).toMatchObject({
        reason: text,
        code: text,
        signature: `p${text}`.slice(0, 512),
        payload: text,
      });
      expect(JSON.stringify((await log.state('f')).progress)).toBe(JSON.stringify({ [text]: text }));
      expect(await log.known('f', [text, `${text}x`])).toEqual(new Set([text]));
      expect(await append(log, { events: [hostile] })).toMatchObject({ known: 1, state: { lastPlace: 2 } });
      expect(await log.append('f', { delivery: { id: text } })).toEqual({ kind: 'repeated' });
    });

    it('is told apart though it looks alike', async () => {
      const { log } = test();
      const alike = ['\ud800', '\ud801', '\ufffd', '\u0000', '', '\u0001"\\u0000"', 'a', 'A', 'a ', 'é', 'e\u0301'];
      const page = alike.map((text) => ({ ...event('x'), signature: `s${text}` }));
      expect(await append(log, { events: page })).toMatchObject({ logged: alike.length, known: 0 });
    });

    it('of a mebibyte is kept exactly', async () => {
      const { log } = test();
      const payload = JSON.stringify({ text: 'ü🎉'.repeat(180_000) });
      await append(log, { events: [{ ...event('a'), payload }, event('b')] });
      expect((await readAll(log)).map((logged) => logged.payload)).toEqual([payload, event('b').payload]);
    });

    it('of a feed that cannot be is a feed of which nothing is known', async () => {
      const { log } = test();
      for (const feed of ['', '\u0000', '\ud800', 'x'.repeat(513)]) {
        expect((await log.state(feed)).lastPlace).toBe(0);
        expect((await log.read(feed, 0)).events).toEqual([]);
        expect(await log.known(feed, ['a'])).toEqual(new Set());
        expect(await log.parked(feed)).toEqual([]);
        expect(await log.trim(feed, { maxCount: 0 })).toBe(false);
        await log.remove(feed);
        await expect(log.append(feed, {})).rejects.toMatchObject({ code: 'STORE_RECORD_INVALID' });
      }
    });
  });
}

function describeAbuse(test: TestOf): void {
  describe('a page that could not be read back', () => {
    it.each<[string, FeedPage, string]>([
      [
        'a signature without a character',
        { events: [{ ...event('a'), signature: '' }] },
        'The signature of an event is 1–512 characters; got 0.',
      ],
      [
        'a signature of 513 characters',
        { staged: [{ ...event('a'), signature: 'x'.repeat(513) }] },
        'The signature of an event is 1–512 characters; got 513.',
      ],
      [
        'a seen signature of 513 characters',
        { seen: ['x'.repeat(513)] },
        'The signature of an event is 1–512 characters; got 513.',
      ],
      [
        'a payload without a character',
        { events: [{ ...event('a'), payload: '' }] },
        'The payload of an event is 1–4194304 characters of JSON; got 0.',
      ],
      [
        'a payload of 5 MB',
        { events: [{ ...event('a'), payload: 'x'.repeat(5_000_000) }] },
        'The payload of an event is 1–4194304 characters of JSON; got 5000000.',
      ],
      [
        'a parked payload of 5 MB',
        { parked: [{ reason: 'r', code: 'C', payload: 'x'.repeat(5_000_000) }] },
        'The payload of a parked event is at most 4194304 characters; got 5000000.',
      ],
      [
        'a time that is no number',
        { events: [{ ...event('a'), occurredAt: NaN }] },
        'The time of an event is in whole milliseconds; got NaN.',
      ],
      [
        'progress of a poller without fence',
        { progress: 'p' },
        'A page that sets the progress of a feed carries the fence of its poller; got none.',
      ],
      [
        'progress that is no JSON',
        { fence: 1, progress: { at: new Date(0) } as never },
        'progress.at: expected what JSON can say; got an object of class Date.',
      ],
      ['a fence that is no number', { fence: NaN }, 'The fence of a page is a whole number from 0 on; got NaN.'],
      ['a version that is negative', { version: -1 }, 'The version of a page is a whole number from 0 on; got -1.'],
      [
        'a delivery that is remembered for ever',
        { delivery: { id: 'd', rememberMs: Infinity } },
        'The time to remember a delivery of a page is a whole number from 0 on; got Infinity.',
      ],
    ])('is refused as a whole: %s', async (_name, bad, message) => {
      const { log } = test();
      await append(log, { events: events('before') });
      const page = { ...bad, events: [...events('good'), ...(bad.events ?? [])] };
      await expect(log.append('f', page)).rejects.toMatchObject({ code: 'STORE_RECORD_INVALID', message });
      expect(await ids(log)).toEqual(['before']);
      await append(log, { events: events('good') });
    });
  });
}

function describeSharing(test: TestOf): void {
  describe('two openings of one store', () => {
    it('lose no event, log none twice and leave no gap, however they meet', async () => {
      const logs = [test().log, await test().openAnother!()];
      const pages = (offset: number) => Array.from({ length: 40 }, (_, n) => numbered(10, (n * 7 + offset) % 250));
      await Promise.all(
        logs.map(async (log, index) => {
          for (const page of pages(index * 100)) await append(log, { events: page });
        }),
      );
      const all = await readAll(logs[0]!);
      expect(await readAll(logs[1]!)).toEqual(all);
      expect(all.map(({ place }) => place)).toEqual(all.map((_, index) => index + 1));
      const sent = new Set([...pages(0), ...pages(100)].flat().map(({ id }) => id));
      expect(all.map(({ id }) => id).sort()).toEqual([...sent].sort());
    });

    it('let one of two pollers through, whoever they are', async () => {
      const logs = [test().log, await test().openAnother!()];
      const count = async (log: FeedLog) => {
        for (let done = 0; done < 15;) {
          const { version, progress } = await log.state('f');
          const n = Number(progress ?? 0) + 1;
          const result = await log.append('f', { fence: 1, version, progress: n, events: events(n) });
          if (result.kind === 'appended') done += 1;
        }
      };
      await Promise.all(logs.map(count));
      expect((await logs[0]!.state('f')).progress).toBe(30);
      expect(await ids(logs[0]!)).toEqual(numbered(30).map(({ id }) => id));
    });

    it('see the fence, the deliveries and the parked events of each other', async () => {
      const { log } = test();
      const other = await test().openAnother!();
      await append(log, { fence: 5, parked: [{ reason: 'r', code: 'C' }], delivery: { id: 'd' } });
      expect(await other.append('f', { fence: 4, events: events('a') })).toEqual({ kind: 'fenced' });
      expect(await other.append('f', { delivery: { id: 'd' } })).toEqual({ kind: 'repeated' });
      const [parked] = await other.parked('f');
      const takers = [log, other, log, other].map((each) => each.append('f', { unpark: [parked!.id] }));
      expect((await Promise.all(takers)).map(({ kind }) => kind).sort()).toEqual(['appended', 'gone', 'gone', 'gone']);
    });

    it('tell each other what was appended, from the moment that one listens', async () => {
      const { log } = test();
      const other = await test().openAnother!();
      const heard: string[] = [];
      const stop = log.watch((feed) => heard.push(feed));
      await append(other, { events: events('a') }, 'f');
      await until(() => heard.includes('f'));
      await append(other, { events: events('b') }, 'g');
      await until(() => heard.includes('g'));
      stop();
      const again: string[] = [];
      const stopAgain = log.watch((feed) => again.push(feed));
      await append(other, { events: events('c') }, 'h');
      await until(() => again.includes('h'));
      stopAgain();
    });

    it('read slices without a gap while the other appends and trims', async () => {
      const { log } = test();
      const other = await test().openAnother!();
      const progress = { isDone: false };
      const writing = (async () => {
        for (let n = 0; n < 60; n += 1) {
          await append(other, { events: numbered(5, n * 5) });
          while (await other.trim('f', { maxCount: 12 }, 4));
        }
        progress.isDone = true;
      })();
      while (!progress.isDone) {
        const { events: page, oldestPlace, lastPlace } = await log.read('f', 0);
        const wanted = Array.from({ length: lastPlace - oldestPlace + 1 }, (_, n) => oldestPlace + n);
        expect(page.map(({ place }) => place)).toEqual(wanted);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writing;
    });
  });
}
