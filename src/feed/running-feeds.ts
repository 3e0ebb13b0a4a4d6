/** Which feeds run in this process, and for whom: subscribers, durable feeds, and those of a process that has died. */
import { GatewayError } from '../errors.ts';
import { feedId, type FeedKey } from './feed.ts';
import { retentionOf, type FeedDesk } from './feed-desk.ts';
import { failureOf, type HealthState } from './feed-health.ts';
import { isRunning, keyOfRecord, type FeedFailure, type FeedRecord, type FeedValue } from './feed-record.ts';
import { createFeedRunner, type FeedRunner } from './feed-runner.ts';
import type { FeedTails } from './feed-tail.ts';
import type { ListenerMarks } from './listener-marks.ts';
import type { PollClock } from './poll-clock.ts';

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
  readonly poll: (id: string, signal: AbortSignal) => Promise<number | undefined>;
  /** As this process knows it; `undefined` where it is not polled here. */
  readonly health: (id: string) => HealthState | undefined;
  /** Why nobody may poll it now, as far as this process can tell. */
  readonly hindrance: (id: string) => FeedFailure | undefined;
  /** Whether it is polled here; then it is polled soon. */
  readonly pollSoon: (id: string) => boolean;
  /** A provider says that it is due: no earlier than the operator's floor allows, and not while it backs off. */
  readonly pollInTime: (id: string) => void;
  /** Lets durable feeds run again whose connector was away, and trims what does not run. @throws GatewayError of the store */
  readonly tidy: () => Promise<void>;
  /** Looks at what runs: takes over what a dead process left, follows what others have changed. @throws GatewayError of the store */
  readonly look: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Entry {
  readonly key: FeedKey;
  subscribers: number;
  runner?: FeedRunner;
  grace?: NodeJS.Timeout;
  /** The last of `wakes` that was followed. */
  wakes: number;
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
  const floorMs = limits.minIntervalMs ?? 1_000;
  let isClosed = false;
  const entryOf = (id: string, key: FeedKey): Entry => {
    const known = entries.get(id);
    if (known) return known;
    const entry: Entry = { key, subscribers: 0, wakes: 0, isPolling: false, isDueAgain: false };
    entries.set(id, entry);
    return entry;
  };
  const drop = async (id: string, finish?: () => Promise<unknown>): Promise<void> => {
    const entry = entries.get(id);
    if (!entry) return;
    clearTimeout(entry.grace);
    const { runner } = entry;
    delete entry.runner;
    if (entry.subscribers === 0) entries.delete(id);
    await runner?.stop(finish);
  };
  const graceOf = (id: string, entry: Entry): void => {
    clearTimeout(entry.grace);
    if (isClosed) return;
    entry.grace = setTimeout(() => {
      delete entry.grace;
      stopIdle(id).catch((error: unknown) =>
        logger.warn({ feed: id, code: failureOf(error, 0).code }, 'A feed could not be stopped.'),
      );
    }, limits.graceMs ?? defaultGraceMs).unref();
  };
  const run = (record: FeedRecord): void => {
    const { id } = record;
    const entry = entryOf(id, keyOfRecord(record));
    if (entry.runner || isClosed) return;
    entry.wakes = record.value.wakes;
    entry.runner = createFeedRunner(desk, clock, entry.key, record, {
      onEnd: (reason) => inBackground(id, end(id, reason)),
      onStopped: () => inBackground(id, followStopped(id)),
      onTaken: () => {
        if (entry.subscribers > 0) return true;
        if (entries.get(id) === entry) inBackground(id, drop(id));
        return false;
      },
    });
    if (entry.subscribers === 0 && !record.value.durable) graceOf(id, entry);
  };
  const inBackground = (id: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) =>
      logger.warn({ feed: id, code: failureOf(error, 0).code }, 'A feed could not be looked after.'),
    );
  };
  const begin = async (key: FeedKey, change: Partial<FeedValue> = {}): Promise<FeedRecord> => {
    const record = await records.write(key, (value) => {
      if (value.state !== 'STOPPED') return Object.keys(change).length > 0 ? change : undefined;
      return { state: 'RUNNING', lastError: null, nextPollAt: null, ...change };
    });
    run(record);
    return record;
  };
  const stopIdle = async (id: string): Promise<void> => {
    const entry = entries.get(id);
    if (!entry || entry.subscribers > 0) return;
    // Where another process polls it, that one stops it when nobody listens.
    if (entry.runner?.health() === undefined) await drop(id);
    else if (!(await stopOurs(id, entry))) return;
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
    // Before another process may poll it: the webhook that it asks for is then a new one, and not the one that ends.
    await drop(id, async () => desk.webhooks?.end(entry.key));
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
    await drop(id);
  };
  /** Its record is gone, or says that it is stopped: over for good, or only for the process that stopped it. */
  const followStopped = async (id: string): Promise<void> => {
    const entry = entries.get(id);
    const record = await records.read(id);
    if (!entry || (record && isRunning(record))) return;
    if (!record || record.value.lastError?.code === 'FEED_ENDED') return endHere(id, endedElsewhere(record));
    await drop(id);
    if (entry.subscribers > 0) await begin(entry.key);
  };
  const trimAll = async (id: string): Promise<void> => {
    const isMoreLeft = await desk.log.trim(id, retentionOf(limits));
    if (isMoreLeft && !isClosed) await trimAll(id);
  };
  const follow = (record: FeedRecord): void => {
    const { id, value } = record;
    const entry = entries.get(id);
    if (!entry?.runner) return run(record);
    if (value.wakes !== entry.wakes) clock.pollSoon(id);
    entry.wakes = value.wakes;
    if (!value.durable && entry.subscribers === 0 && !entry.grace) graceOf(id, entry);
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
      if (entry.runner) graceOf(id, entry);
      else entries.delete(id);
    },
    countOf: (id) => entries.get(id)?.subscribers ?? 0,
    begin,
    stopIdle,
    mark: marks.set,
    async poll(id, signal) {
      const entry = entries.get(id);
      if (!entry?.runner) return undefined;
      entry.isPolling = true;
      entry.isDueAgain = false;
      try {
        const inMs = await entry.runner.poll(signal);
        const isBackingOff = entry.runner?.health()?.state !== 'RUNNING';
        return inMs === undefined || isBackingOff || !entry.isDueAgain ? inMs : Math.min(inMs, floorMs);
      } finally {
        entry.isPolling = false;
      }
    },
    async remove(id) {
      await end(id, new GatewayError('FEED_ENDED', 'The connection of this feed was removed.'));
      const record = await records.read(id);
      if (record) await records.remove(record);
      await desk.log.remove(id);
    },
    health: (id) => entries.get(id)?.runner?.health(),
    hindrance: (id) => entries.get(id)?.runner?.hindrance(),
    pollSoon(id) {
      if (!entries.get(id)?.runner?.health()) return false;
      clock.pollSoon(id);
      return true;
    },
    pollInTime(id) {
      const entry = entries.get(id);
      const health = entry?.runner?.health();
      if (!entry || !health) return;
      entry.isDueAgain = entry.isPolling;
      // One that backs off is polled when it said, and what is due is due then.
      if (entry.isPolling || health.state !== 'RUNNING') return;
      const { lastPollAt, nextPollAt } = health;
      const at = Math.min((lastPollAt ?? 0) + floorMs, nextPollAt ?? Infinity);
      clock.schedule(id, at - desk.now());
    },
    async look() {
      await marks.renew([...entries].filter(([, { subscribers }]) => subscribers > 0).map(([id]) => id));
      const running = await records.listRunning(true);
      if (isClosed) return;
      running.forEach(follow);
      const ids = new Set(running.map(({ id }) => id));
      const stopped = [...entries].filter(([id, { runner }]) => runner && !ids.has(id));
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
      await Promise.all([...entries.values()].map(async ({ runner }) => runner?.stop()));
    },
  };
}

function endedElsewhere(record: FeedRecord | undefined): GatewayError {
  return new GatewayError('FEED_ENDED', record?.value.lastError?.message ?? 'The connection of this feed was removed.');
}
