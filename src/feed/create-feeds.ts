/** Puts the feeds of a gateway together. */
import { randomUUID } from 'node:crypto';
import { GatewayError, InputError } from '../errors.ts';
import type { Records } from '../storage/records.ts';
import { feedId, type FeedStatus } from './feed.ts';
import type { FeedDesk, FeedLimits } from './feed-desk.ts';
import { failureOf } from './feed-health.ts';
import { isRunning, keyOfRecord, type FeedRecord } from './feed-record.ts';
import { createFeedRecords } from './feed-records.ts';
import type { FeedTails } from './feed-tail.ts';
import type { Feeds } from './feeds.ts';
import { createListenerMarks } from './listener-marks.ts';
import type { CreatePollClock } from './poll-clock.ts';
import { dueInMs } from './poll-pace.ts';
import { createPollSignals, type PollSignals } from './poll-signal.ts';
import { readProgress } from './progress.ts';
import { replayParkedEvents } from './replay-parked.ts';
import { createRunningFeeds, type RunningFeeds } from './running-feeds.ts';
import { timeOf } from './sort-order.ts';
import { canReplay } from './start-input.ts';
import { createTryFeed } from './start-feed.ts';
import { createTimerClock } from './timer-clock.ts';

export interface FeedsOptions extends Omit<FeedDesk, 'records' | 'limits' | 'now' | 'random'> {
  readonly records: Records;
  readonly tails: FeedTails;
  readonly limits?: FeedLimits;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  readonly random?: () => number;
  /** Hands out the polls. Default: the timers of this process. */
  readonly clock?: CreatePollClock;
}

/** The feeds, and what the rooms beside them need. */
export interface RunningGatewayFeeds extends Feeds {
  /** A webhook says that something happened: the feed is polled as soon as it may be, in whichever process. */
  readonly signals: Pick<PollSignals, 'request'>;
  /** Other connectors are served now. It never fails. */
  readonly reloaded: () => Promise<void>;
}

/** So often the records are looked at for what other processes did, or left undone. */
const lookEveryMs = 5_000;
const looksPerTidying = 720;

/** Nothing runs before `resume`, or the first `open` or `start`. */
export function createFeeds(options: FeedsOptions): RunningGatewayFeeds {
  const { tails, limits = {}, now = Date.now, random = Math.random, clock: createClock = createTimerClock } = options;
  const records = createFeedRecords(options.records);
  const signals = createPollSignals({
    records: options.records,
    // What cannot be looked up now is told again.
    pollSoon: (id, isUrgent) => (isUrgent ? clock.pollSoon(id) : running.pollInTime(id).catch(() => false)),
  });
  const desk: FeedDesk = { ...options, records, limits, now, random, ...withSignals(options.webhooks, signals) };
  const { concurrentPolls: concurrency, pollTimeoutMs, takeoverMs } = limits;
  const clock = createClock({
    leases: options.leases,
    async poll(id, held, signal) {
      // What is signalled from now on asks for another poll. A store that fails now fails the poll as well.
      if (signals.isWaiting(id)) await signals.take(id).catch(() => false);
      return running.poll(id, held, signal);
    },
    async dueIn(id) {
      const record = await records.read(id);
      return record ? dueInMs(record, now()) : 0;
    },
    onTaken: (id) => running.isNeeded(id),
    onHindrance: (id, reason) => running.hinder(id, reason),
    timeoutError: () => new GatewayError('OPERATION_TIMEOUT', 'The poll of a feed took longer than it may.'),
    onFailure: createFailureLog(desk),
    random,
    ...(concurrency !== undefined && { concurrency }),
    ...(pollTimeoutMs !== undefined && { pollTimeoutMs }),
    ...(takeoverMs !== undefined && { takeoverMs }),
  });
  const running = createRunningFeeds(desk, clock, tails, createListenerMarks(options.records, now));
  const tryFeed = createTryFeed(desk);
  let looking: NodeJS.Timeout | undefined;
  let looks = 0;
  const look = async (): Promise<void> => {
    try {
      await running.look();
      if (++looks % looksPerTidying === 0) await running.tidy();
    } catch (error) {
      desk.logger.warn({ code: failureOf(error, 0).code }, 'The records of feeds could not be looked at.');
    }
  };
  const keepLooking = () => {
    looking ??= setInterval(() => void look(), lookEveryMs).unref();
    signals.watch();
  };
  const pollAnywhere = async (id: string): Promise<void> => {
    if (!(await clock.pollSoon(id))) await signals.request(id, { isUrgent: true });
  };
  const statusOf = (record: FeedRecord) => readStatus(desk, record, running);

  return {
    signals,
    reloaded: () => running.followIntervals().catch(() => undefined),
    async open(key, signal) {
      const id = feedId(key);
      let hasLeft = false;
      const release = () => {
        if (!hasLeft) running.leave(id);
        hasLeft = true;
      };
      keepLooking();
      running.enter(key);
      try {
        await tryFeed(key, signal);
        await running.mark(id);
        // Before the first poll: what it brings is news to whoever asks from now on.
        const tail = await tails.open(id);
        await running.begin(key);
        return { id, ...tail, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    async start(key, signal) {
      keepLooking();
      running.enter(key);
      try {
        await tryFeed(key, signal);
        return await statusOf(await running.begin(key, { durable: true }));
      } finally {
        running.leave(feedId(key));
      }
    },
    async stop(caller, id) {
      if (!(await records.find(caller, id))) return undefined;
      const record = await records.change(id, ({ durable }) => (durable ? { durable: false } : undefined));
      if (!record) return undefined;
      await running.stopIdle(id);
      return statusOf((await records.read(id)) ?? record);
    },
    list: async (caller, connector) => Promise.all((await records.listOf(caller, connector)).map(statusOf)),
    async find(caller, id) {
      const record = await records.find(caller, id);
      return record && statusOf(record);
    },
    async parked(caller, id, page) {
      return (await records.find(caller, id)) ? desk.log.parked(id, page) : [];
    },
    async replayParked(caller, id, parked) {
      const record = await records.find(caller, id);
      return record && replayParkedEvents(desk.log, id, triggerOf(desk, record), parked);
    },
    async replay(caller, id, from) {
      const found = await records.find(caller, id);
      if (!found) return undefined;
      await checkReplay(desk, found);
      const replay = { id: randomUUID(), from: from.getTime() };
      const record = await records.change(id, () => ({ replay }));
      if (record && isRunning(record)) await pollAnywhere(id);
      return record && statusOf(record);
    },
    async connectionChanged(tenant, connection, change) {
      const feeds = await records.listOfConnection(tenant, connection);
      if (change === 'usable') await Promise.all(feeds.filter(isRunning).map(({ id }) => pollAnywhere(id)));
      else await Promise.all(feeds.map(({ id }) => running.remove(id)));
    },
    async resume() {
      keepLooking();
      await running.tidy();
      await running.look();
    },
    async close() {
      clearInterval(looking);
      signals.stop();
      await running.close();
      tails.close();
    },
  };
}

/** The poll that follows answers what was signalled so far. */
function withSignals(webhooks: FeedDesk['webhooks'], signals: PollSignals): Pick<FeedDesk, 'webhooks'> {
  if (!webhooks) return {};
  const ensure: typeof webhooks.ensure = async (key, signal) => {
    const status = await webhooks.ensure(key, signal);
    await signals.take(feedId(key));
    return status;
  };
  return { webhooks: { ...webhooks, ensure } };
}

/** Engines that are away fail often: it is said once in a while. */
const failureLogEveryMs = 30_000;

function createFailureLog({ logger }: Pick<FeedDesk, 'logger'>): (error: unknown) => void {
  let loggedAt = -Infinity;
  return (error) => {
    if (performance.now() - loggedAt < failureLogEveryMs) return;
    loggedAt = performance.now();
    const { code } = (error ?? {}) as { readonly code?: unknown };
    logger.warn(
      { code: typeof code === 'string' ? code : 'QUEUE_UNAVAILABLE' },
      'Polls are not handed out just now; it is tried again.',
    );
  };
}

async function readStatus(
  { log }: FeedDesk,
  record: FeedRecord,
  running: Pick<RunningFeeds, 'health' | 'hindrance' | 'countOf'>,
): Promise<FeedStatus> {
  const { id, value } = record;
  const { lastPlace, oldestPlace, parkedCount } = await log.state(id);
  const hindrance = running.hindrance(id);
  const noted = hindrance ? { ...value, state: 'BACKING_OFF' as const, lastError: hindrance } : value;
  // Whether it is stopped the record knows first; how it fares, whoever polled it last.
  const known = isRunning(record) && !hindrance ? running.health(id) : undefined;
  const isNewest = known && (known.lastPollAt ?? 0) >= (value.lastPollAt ?? 0);
  const health = !isRunning(record) ? value : isNewest ? known : noted;
  const { state, lastError, lastPollAt, nextPollAt, lagMs } = health;
  return {
    ...keyOfRecord(record),
    id,
    state,
    durable: value.durable,
    ...(lastError && { lastError: { code: lastError.code, message: lastError.message, at: lastError.at } }),
    ...(lastPollAt !== null && { lastPollAt }),
    ...(nextPollAt !== null && { nextPollAt }),
    ...(lagMs !== null && { lagMs }),
    lastPlace,
    oldestPlace,
    parkedCount,
    subscriberCount: running.countOf(id),
  };
}

function triggerOf({ triggers }: FeedDesk, { value: { connector, trigger } }: FeedRecord) {
  const found = triggers(connector, trigger);
  if (found) return found;
  const message = `The connector ${connector} with its trigger ${trigger} is not served now.`;
  throw new GatewayError('CONNECTOR_UNKNOWN', message, { connector });
}

/** @throws InputError REPLAY_UNSUPPORTED */
async function checkReplay(desk: FeedDesk, record: FeedRecord): Promise<void> {
  const { connector, name, definition } = triggerOf(desk, record);
  const { highest } = readProgress(record.id, (await desk.log.state(record.id)).progress);
  const isTimed = definition.type !== 'paging_desc' || highest === undefined || timeOf(highest) !== undefined;
  if (canReplay(definition) && isTimed) return;
  const needed = definition.type === 'paging_desc' ? '`sortBy` that gives a time' : '`startField`';
  const message = `${connector.title ?? connector.name}: ${name} cannot be asked for what happened since a time: it has no ${needed}.`;
  throw new InputError('REPLAY_UNSUPPORTED', message, { connector: connector.name });
}
