/** Which feeds run in this process, and for whom: subscribers, durable feeds, and those of a process that has died. */
import { GatewayError } from '../errors.ts';
import { feedId, type FeedKey } from './feed.ts';
import { retentionOf, type FeedDesk } from './feed-desk.ts';
import { failureOf, type HealthState } from './feed-health.ts';
import { isRunning, keyOfRecord, type FeedFailure, type FeedRecord, type FeedValue } from './feed-record.ts';
import type { FeedTails } from './feed-tail.ts';
import { createHoldings } from './holdings.ts';
import type { ListenerMarks } from './listener-marks.ts';
import type { HeldFeed, PollClock } from './poll-clock.ts';
import { dueInMs } from './poll-pace.ts';

export interface RunningFeeds {
  /** Somebody listens, or is about to: the feed is not stopped until as many have left. */
  readonly enter: (key: FeedKey) => void;
  /** With the last one the feed stops after a grace time, unless it is durable. */
  readonly leave: (id: string) => void;
  readonly countOf: (id: string) => number;
  /** Tells the other processes that somebody listens here; to be awaited before `begin`. @throws GatewayError of the store */
  readonly mark: (id: string) => Promise<void>;
  /** Lets it run, here or where it runs already. @throws GatewayError of the store */
  readonly begin: (key: FeedKey, change?: Partial<FeedValue>) => Promise<FeedRecord>;
  /** Stops it where nobody listens, in whichever process, and it is not durable. @throws GatewayError of the store */
  readonly stopIdle: (id: string) => Promise<void>;
  /** Ends it for good, and forgets it with its log: its connection was removed, so that nobody can ask for it any more. */
  readonly remove: (id: string) => Promise<void>;
  /** For the clock. */
  readonly poll: (id: string, held: HeldFeed, signal: AbortSignal) => Promise<number | undefined>;
  /** For the clock: another process polls it. */
  readonly isNeeded: (id: string) => boolean;
  /** As this process knows it; `undefined` where it was not polled here. */
  readonly health: (id: string) => HealthState | undefined;
  /** Why nobody may poll it now, as far as this process can tell. */
  readonly hindrance: (id: string) => FeedFailure | undefined;
  /** For the clock: the store takes no lease of it; `undefined`: it does again. */
  readonly hinder: (id: string, reason: unknown) => void;
  /** A provider says that it is due: no earlier than the operator's floor allows, and not while it backs off. @throws GatewayError of the store */
  readonly pollInTime: (id: string) => Promise<boolean>;
  /** The connectors are others: feeds whose interval is shorter now are due by it. @throws GatewayError of the store */
  readonly followIntervals: () => Promise<void>;
  /** Lets durable feeds run again whose connector was away, and trims what does not run. @throws GatewayError of the store */
  readonly tidy: () => Promise<void>;
  /** Looks at what runs: takes over what a dead process left, follows what others have changed. @throws GatewayError of the store */
  readonly look: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Entry {
  readonly key: FeedKey;
  subscribers: number;
  /** Whether the clock was told of it. */
  isBegun: boolean;
  grace?: NodeJS.Timeout;
  isPolling: boolean;
  /** It is due once more, which was said while it was polled. */
  isDueAgain: boolean;
}

const defaultGraceMs = 30_000;

export function createRunningFeeds(
  desk: FeedDesk,
  clock: PollClock,
  tails: FeedTails,
  marks: ListenerMarks,
): RunningFeeds {
  const { records, limits, logger } = desk;
  const entries = new Map<string, Entry>();
  const intervals = new Map<string, number>();
  const hindrances = new Map<string, FeedFailure>();
  const floorMs = limits.minIntervalMs ?? 1_000;
  let isClosed = false;
  const entryOf = (id: string, key: FeedKey): Entry => {
    const known = entries.get(id);
    if (known) return known;
    const entry: Entry = { key, subscribers: 0, isBegun: false, isPolling: false, isDueAgain: false };
    entries.set(id, entry);
    return entry;
  };
  /** Nothing runs here for it any more; those who listen stay. */
  const forget = (id: string): void => {
    const entry = entries.get(id);
    if (!entry) return;
    clearTimeout(entry.grace);
    delete entry.grace;
    entry.isBegun = false;
    if (entry.subscribers === 0) entries.delete(id);
    holdings.forget(id);
    hindrances.delete(id);
  };
  const hinder = (id: string, reason: unknown): void => {
    const known = hindrances.get(id);
    if (reason === undefined) return void hindrances.delete(id);
    const { code, message, at } = failureOf(reason, desk.now());
    if (!known) logger.warn({ feed: id, code }, `A feed is not polled. ${message}`);
    hindrances.set(id, { code, message, at: known?.at ?? at });
  };
  const graceOf = (id: string, entry: Entry, graceMs = limits.graceMs ?? defaultGraceMs): void => {
    clearTimeout(entry.grace);
    if (isClosed) return;
    entry.grace = setTimeout(() => {
      delete entry.grace;
      stopIdle(id).catch((error: unknown) =>
        logger.warn({ feed: id, code: failureOf(error, 0).code }, 'A feed could not be stopped.'),
      );
    }, graceMs).unref();
  };
  const run = (record: FeedRecord): Entry => {
    const { id } = record;
    const entry = entryOf(id, keyOfRecord(record));
    if (entry.isBegun || isClosed) return entry;
    entry.isBegun = true;
    if (entry.subscribers === 0 && !record.value.durable) graceOf(id, entry);
    return entry;
  };
  const inBackground = (id: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) =>
      logger.warn({ feed: id, code: failureOf(error, 0).code }, 'A feed could not be looked after.'),
    );
  };
  const holdings = createHoldings(desk, {
    onEnd: (id, reason) => inBackground(id, end(id, reason)),
    onStopped: (id) => inBackground(id, followStopped(id)),
    areElsewhere: marks.areElsewhere,
  });
  const begin = async (key: FeedKey, change: Partial<FeedValue> = {}): Promise<FeedRecord> => {
    const record = await records.write(key, (value) => {
      if (value.state !== 'STOPPED') return Object.keys(change).length > 0 ? change : undefined;
      return { state: 'RUNNING', lastError: null, failures: 0, nextPollAt: null, ...change };
    });
    run(record);
    if (!isClosed) clock.begin(record.id);
    return record;
  };
  const stopIdle = async (id: string): Promise<void> => {
    const entry = entries.get(id);
    if (!entry || entry.subscribers > 0) return;
    // Where another process polls it, that one stops it when nobody listens.
    if (!clock.isOurs(id)) {
      forget(id);
      await clock.leave(id);
    } else if (!(await stopOurs(id, entry))) return;
    // Who came while it was being stopped has it started again.
    if (entry.subscribers > 0) await begin(entry.key);
  };
  /** Whether it is stopped. One that others listen to is looked at again with the records. */
  const stopOurs = async (id: string, entry: Entry): Promise<boolean> => {
    if (await marks.areElsewhere(id)) return false;
    const record = await records.change(id, ({ durable, state }) =>
      durable || state === 'STOPPED' || entry.subscribers > 0 ? undefined : { state: 'STOPPED', nextPollAt: null },
    );
    if (record?.value.durable || (record && isRunning(record))) return false;
    if (await marks.areElsewhere(id)) {
      // Somebody listens who may have found it running. Whoever comes from now on finds it stopped, and begins it.
      await begin(entry.key);
      return false;
    }
    forget(id);
    // Before another process may poll it: the webhook that it asks for is then a new one, and not the one that ends.
    await clock.end(id, async () => desk.webhooks?.end(entry.key));
    // Whoever began it meanwhile may have told a clock that all share before it was ended there.
    const now = desk.isShared ? await records.read(id) : undefined;
    if (now && isRunning(now)) clock.begin(id);
    return true;
  };
  const end = async (id: string, reason: GatewayError): Promise<void> => {
    const lastError = failureOf(reason, desk.now());
    // One that is durable begins again should its connector be served again (`resume`).
    const ended = { state: 'STOPPED', nextPollAt: null, lastError } as const;
    await records.change(id, (value) => (value.state === 'STOPPED' ? undefined : ended));
    await endHere(id, reason);
  };
  const endHere = async (id: string, reason: GatewayError): Promise<void> => {
    tails.end(id, reason);
    forget(id);
    await clock.end(id);
  };
  /** Its record is gone, or says that it is stopped: over for good, or only for the process that stopped it. */
  const followStopped = async (id: string): Promise<void> => {
    const entry = entries.get(id);
    const record = await records.read(id);
    if (!entry || (record && isRunning(record))) return;
    if (!record || record.value.lastError?.code === 'FEED_ENDED') return endHere(id, endedElsewhere(record));
    forget(id);
    await clock.leave(id);
    if (entry.subscribers > 0) await begin(entry.key);
  };
  const trimAll = async (id: string): Promise<void> => {
    const isMoreLeft = await desk.log.trim(id, retentionOf(limits));
    if (isMoreLeft && !isClosed) await trimAll(id);
  };
  const follow = (record: FeedRecord): void => {
    const entry = run(record);
    if (record.value.durable || entry.subscribers > 0 || entry.grace) return;
    // Another process looks as well, at another time.
    graceOf(record.id, entry, (limits.graceMs ?? defaultGraceMs) * (1 + desk.random()));
  };
  const followIntervals = async (running?: readonly FeedRecord[]): Promise<void> => {
    const shorter = new Map<string, number>();
    for (const { value } of running ?? (await records.listRunning(true))) {
      const name = `${value.connector}.${value.trigger}`;
      const intervalMs = desk.triggers(value.connector, value.trigger)?.intervalMs;
      if (intervalMs === undefined || shorter.has(name)) continue;
      if (intervalMs < (intervals.get(name) ?? intervalMs)) shorter.set(name, intervalMs);
      intervals.set(name, intervalMs);
    }
    if (shorter.size === 0) return;
    for (const { id, value } of await records.listRunning(true)) {
      const intervalMs = shorter.get(`${value.connector}.${value.trigger}`);
      if (intervalMs !== undefined && value.state === 'RUNNING')
        await clock.pollSoon(id, Math.max(intervalMs, floorMs));
    }
  };
  return {
    enter(key) {
      const entry = entryOf(feedId(key), key);
      entry.subscribers += 1;
      clearTimeout(entry.grace);
      delete entry.grace;
    },
    leave(id) {
      const entry = entries.get(id);
      if (!entry) return;
      entry.subscribers -= 1;
      if (entry.subscribers > 0) return;
      if (entry.isBegun) graceOf(id, entry);
      else entries.delete(id);
    },
    countOf: (id) => entries.get(id)?.subscribers ?? 0,
    begin,
    stopIdle,
    mark: marks.set,
    async poll(id, held, signal) {
      const entry = entries.get(id);
      if (!entry) return holdings.poll(id, held, signal);
      entry.isPolling = true;
      entry.isDueAgain = false;
      try {
        const inMs = await holdings.poll(id, held, signal);
        const isBackingOff = holdings.health(id)?.state !== 'RUNNING';
        return inMs === undefined || isBackingOff || !entry.isDueAgain ? inMs : Math.min(inMs, floorMs);
      } finally {
        entry.isPolling = false;
      }
    },
    isNeeded(id) {
      if (entries.get(id)?.subscribers) return true;
      forget(id);
      return false;
    },
    async remove(id) {
      await end(id, new GatewayError('FEED_ENDED', 'The connection of this feed was removed.'));
      const record = await records.read(id);
      if (record) await records.remove(record);
      await desk.log.remove(id);
    },
    health: holdings.health,
    hindrance: (id) => hindrances.get(id),
    hinder,
    async pollInTime(id) {
      const entry = entries.get(id);
      if (entry?.isPolling) {
        entry.isDueAgain = true;
        return true;
      }
      const state = holdings.held(id)?.state ?? (await records.read(id))?.value.state;
      // One that backs off is polled when it said, and one that is stopped not at all.
      if (state !== 'RUNNING') return true;
      return clock.pollSoon(id, floorMs);
    },
    followIntervals: () => followIntervals(),
    async look() {
      await marks.renew([...entries].filter(([, { subscribers }]) => subscribers > 0).map(([id]) => id));
      const running = await records.listRunning(true);
      if (isClosed) return;
      running.forEach(follow);
      await followIntervals(running);
      await clock.keep(running.map((record) => ({ feed: record.id, inMs: dueInMs(record, desk.now()) })));
      const ids = new Set(running.map(({ id }) => id));
      const stopped = [...entries].filter(([id, { isBegun }]) => isBegun && !ids.has(id));
      await Promise.all(stopped.map(([id]) => followStopped(id)));
    },
    async tidy() {
      for (const record of await records.listRunning(false)) {
        if (isClosed) return;
        const { connector, trigger, durable } = record.value;
        if (durable && desk.triggers(connector, trigger)) await begin(keyOfRecord(record));
        else await trimAll(record.id);
      }
    },
    async close() {
      isClosed = true;
      for (const { grace } of entries.values()) clearTimeout(grace);
      await clock.close();
    },
  };
}

function endedElsewhere(record: FeedRecord | undefined): GatewayError {
  return new GatewayError('FEED_ENDED', record?.value.lastError?.message ?? 'The connection of this feed was removed.');
}
