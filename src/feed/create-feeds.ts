/** Puts the feeds of a gateway together. */
import type { Records } from '../storage/records.ts';
import { createFeedClock } from './feed-clock.ts';
import type { FeedDesk, FeedLimits } from './feed-desk.ts';
import { createFeedLookout } from './feed-lookout.ts';
import { feedId } from './feed.ts';
import { isRunning, type FeedRecord } from './feed-record.ts';
import { createFeedRecords } from './feed-records.ts';
import { readStatus } from './feed-status.ts';
import type { FeedTails } from './feed-tail.ts';
import type { Feeds } from './feeds.ts';
import { createListenerMarks } from './listener-marks.ts';
import type { CreatePollClock, PollClock } from './poll-clock.ts';
import { createPollSignals, type PollSignals } from './poll-signal.ts';
import { createRepair } from './repair-feeds.ts';
import { RunningFeeds } from './running-feeds.ts';
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

/** Nothing runs before `resume`, or the first `open` or `start`. */
export function createFeeds(options: FeedsOptions): RunningGatewayFeeds {
  const parts = createParts(options);
  const { desk, running, tails, signals, lookout, statusOf, pollAnywhere } = parts;
  const { records } = desk;
  return {
    signals,
    reloaded: () => running.followIntervals().catch(() => undefined),
    ...createOpening(parts),
    ...createRepair({ desk, statusOf, pollAnywhere }),
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
    async connectionChanged(tenant, connection, change) {
      const feeds = await records.listOfConnection(tenant, connection);
      if (change === 'usable') await Promise.all(feeds.filter(isRunning).map(({ id }) => pollAnywhere(id)));
      else await Promise.all(feeds.map(({ id }) => running.remove(id)));
    },
    async resume() {
      parts.keepLooking();
      await running.tidy();
      await running.look();
    },
    async close() {
      lookout.stop();
      signals.stop();
      await running.close();
      tails.close();
    },
  };
}

type Parts = ReturnType<typeof createParts>;

function createParts(options: FeedsOptions) {
  const { tails, limits = {}, now = Date.now, random = Math.random, clock: createClock = createTimerClock } = options;
  const records = createFeedRecords(options.records);
  const signals: PollSignals = createPollSignals({
    records: options.records,
    // What cannot be looked up now is told again.
    pollSoon: (id, isUrgent) => (isUrgent ? clock.pollSoon(id) : running.pollInTime(id).catch(() => false)),
  });
  const desk: FeedDesk = { ...options, records, limits, now, random, ...withSignals(options.webhooks, signals) };
  const clock: PollClock = createFeedClock(createClock, desk, signals, () => running);
  const running = new RunningFeeds(desk, clock, tails, createListenerMarks(options.records, now));
  const lookout = createFeedLookout(desk, running);
  return {
    desk,
    running,
    tails,
    signals,
    lookout,
    keepLooking: () => {
      lookout.begin();
      signals.watch();
    },
    statusOf: (record: FeedRecord) => readStatus(desk, record, running),
    pollAnywhere: async (id: string): Promise<void> => {
      if (!(await clock.pollSoon(id))) await signals.request(id, { isUrgent: true });
    },
  };
}

/** How feeds begin to run: for somebody who listens, or for good. */
function createOpening({ desk, running, tails, statusOf, keepLooking }: Parts): Pick<Feeds, 'open' | 'start'> {
  const tryFeed = createTryFeed(desk);
  return {
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
