/** One feed that runs in this process: under its lease it polls, and tells how it fares. */
import { GatewayError } from '../errors.ts';
import { withLease, type LeasedWork } from '../storage/hold-lease.ts';
import type { FeedKey } from './feed.ts';
import type { FeedDesk } from './feed-desk.ts';
import { createFeedHealth, failureOf, type HealthState } from './feed-health.ts';
import type { FeedFailure, FeedRecord } from './feed-record.ts';
import type { PollClock } from './poll-clock.ts';
import { pollFeed, type Holding, type PollEvents } from './poll-feed.ts';
import { longestWaitMs } from './poll-pace.ts';
import { createTrimmer } from './trim-feed.ts';

export interface FeedRunner {
  /** As this process knows it; `undefined` while another one polls. */
  readonly health: () => HealthState | undefined;
  /** Why nobody may poll it now, as far as this process can tell: the store takes no lease. */
  readonly hindrance: () => FeedFailure | undefined;
  /** To be called by the clock: in how many milliseconds it is due again. It never fails. */
  readonly poll: (signal: AbortSignal) => Promise<number | undefined>;
  /**
   * Ends the poll under way and gives the lease up. `finish` is done before that, while nobody else can poll it.
   *
   * @throws what `finish` throws.
   */
  readonly stop: (finish?: () => Promise<unknown>) => Promise<void>;
}

/** What a runner tells. */
export interface FeedRunnerEvents extends PollEvents {
  /** Another process polls it. `false`: nobody here needs to wait for that to end. */
  readonly onTaken: () => boolean;
}

const defaultTakeoverMs = 10_000;

/** Runs until it is stopped. @param record - as it was when the feed was started. */
export function createFeedRunner(
  desk: FeedDesk,
  clock: PollClock,
  key: FeedKey,
  record: FeedRecord,
  events: FeedRunnerEvents,
): FeedRunner {
  const { id } = record;
  const stopping = new AbortController();
  const { takeoverMs = defaultTakeoverMs } = desk.limits;
  const lease = { ttlMs: takeoverMs, renewEveryMs: takeoverMs * 0.3, waitMs: 0, signal: stopping.signal };
  const trimmer = createTrimmer(desk, id);
  let holding: Holding | undefined;
  let finish: (() => Promise<unknown>) | undefined;
  let finished: Promise<unknown> | undefined;
  let hindrance: FeedFailure | undefined;
  const hold: LeasedWork<void> = async (fence, signal, isHeld) => {
    hindrance = undefined;
    const current = (await desk.records.read(id)) ?? record;
    const health = createFeedHealth(desk, id, current.value, isHeld);
    holding = { fence, signal, health, isHeld, failures: current.value.state === 'RUNNING' ? 0 : 1 };
    clock.schedule(id, waitOf(current, desk.now()));
    await aborted(signal);
    holding = undefined;
    await clock.cancel(id);
    finished = finish?.();
    await finished?.catch(() => undefined);
  };
  const takenOrHindered = (error: unknown): boolean => {
    if (stopping.signal.aborted) return false;
    const isTaken = error instanceof GatewayError && error.code === 'LEASE_TIMEOUT';
    const { code, message, at } = failureOf(error, desk.now());
    if (!isTaken && !hindrance) desk.logger.warn({ feed: id, code }, `A feed is not polled. ${message}`);
    hindrance = isTaken ? undefined : { code, message, at: hindrance?.at ?? at };
    return isTaken;
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const name = `feed/${id}`;
      const isTaken = await withLease(desk.leases, name, lease, hold).then(() => false, takenOrHindered);
      if (stopping.signal.aborted || (isTaken && !events.onTaken())) return;
      await pause((takeoverMs / 5) * (0.75 + desk.random() / 2), stopping.signal);
    }
  };
  const running = run();
  return {
    health: () => holding?.health.now(),
    hindrance: () => hindrance,
    poll: async (signal) => (holding ? pollFeed({ desk, id, key, events, trimmer }, holding, signal) : undefined),
    async stop(wanted) {
      finish = wanted;
      stopping.abort();
      await running;
      await (finished ?? wanted?.());
    },
  };
}

/** After a restart a provider that asked for a pause still has it. */
function waitOf({ value: { state, nextPollAt } }: FeedRecord, now: number): number {
  if (state === 'RUNNING' || nextPollAt === null) return 0;
  return Math.min(Math.max(0, nextPollAt - now), longestWaitMs);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(stop, ms).unref();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}
