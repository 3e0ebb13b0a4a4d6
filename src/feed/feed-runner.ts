/** One feed that runs in this process: under its lease it polls, and tells how it fares. */
import { GatewayError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import type { FeedKey } from './feed.ts';
import { openFeed, type FeedDesk, type OpenedFeed } from './feed-desk.ts';
import { createFeedHealth, failureOf, type FeedHealth, type HealthState } from './feed-health.ts';
import { isRunning, type FeedRecord } from './feed-record.ts';
import type { PollClock } from './poll-clock.ts';
import { nextPollMs } from './poll-pace.ts';
import { tick } from './tick.ts';
import type { TickResult } from './tick-context.ts';
import { createTrimmer } from './trim-feed.ts';

export interface FeedRunner {
  /** As this process knows it; `undefined` while another one polls. */
  readonly health: () => HealthState | undefined;
  /** To be called by the clock: in how many milliseconds it is due again. It never fails. */
  readonly poll: (signal: AbortSignal) => Promise<number | undefined>;
  /** Ends the poll under way and gives the lease up. */
  readonly stop: () => Promise<void>;
}

/** What a runner tells. */
export interface FeedRunnerEvents {
  /** The feed is over for good. */
  readonly onEnd: (reason: GatewayError) => void;
  /** Another process stopped it, or removed its record. */
  readonly onStopped: () => void;
  /** Another process polls it. `false`: nobody here needs to wait for that to end. */
  readonly onTaken: () => boolean;
}

/** Whoever dies is followed within 10 s. */
const lease = { ttlMs: 10_000, renewEveryMs: 3_000, waitMs: 0 };
const askForLeaseEveryMs = 2_000;
/** A tick that met its cap goes on so soon; others get their turn meanwhile. */
const goOnMs = 50;

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
  const trimmer = createTrimmer(desk, id);
  let holding: Holding | undefined;
  const hold = async (fence: number, signal: AbortSignal): Promise<void> => {
    const current = (await desk.records.read(id)) ?? record;
    const health = createFeedHealth(desk, id, current.value);
    holding = { fence, signal, health, failures: current.value.state === 'RUNNING' ? 0 : 1 };
    clock.schedule(id, waitOf(current, desk.now()));
    await aborted(signal);
    holding = undefined;
    await clock.cancel(id);
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const name = `feed/${id}`;
      const isTaken = await withLease(desk.leases, name, { ...lease, signal: stopping.signal }, hold).then(
        () => false,
        (error: unknown) => error instanceof GatewayError && error.code === 'LEASE_TIMEOUT',
      );
      if (stopping.signal.aborted || (isTaken && !events.onTaken())) return;
      await pause(askForLeaseEveryMs * (0.75 + desk.random() / 2), stopping.signal);
    }
  };
  const running = run();
  return {
    health: () => holding?.health.now(),
    poll: async (signal) => (holding ? pollOnce({ desk, id, key, events, trimmer }, holding, signal) : undefined),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

interface Holding {
  readonly fence: number;
  /** Aborted when the lease is lost, or the runner stopped. */
  readonly signal: AbortSignal;
  readonly health: FeedHealth;
  /** In a row. */
  failures: number;
}

interface Polling {
  readonly desk: FeedDesk;
  readonly id: string;
  readonly key: FeedKey;
  readonly events: FeedRunnerEvents;
  readonly trimmer: ReturnType<typeof createTrimmer>;
}

async function pollOnce(polling: Polling, holding: Holding, given: AbortSignal): Promise<number | undefined> {
  const { desk, id, key, events } = polling;
  const signal = AbortSignal.any([given, holding.signal]);
  let intervalMs = desk.triggers(key.connector, key.trigger)?.intervalMs ?? 60_000;
  try {
    const readyInMs = (desk.readyAt?.(key) ?? 0) - desk.now();
    if (readyInMs > 0) return Math.min(readyInMs, longestWaitMs);
    const record = await desk.records.read(id);
    if (!record || !isRunning(record)) {
      events.onStopped();
      return undefined;
    }
    const opened = await openFeed(desk, key, signal);
    intervalMs = opened.trigger.intervalMs;
    await ensureWebhook(polling, opened, signal);
    const result = opened.trigger.definition.poll && (await pollPages(polling, holding, record, opened));
    await polling.trimmer.after(result?.logged ?? 0, signal);
    if (result?.stuck) return await failed(polling, holding, result.stuck, intervalMs);
    return await succeeded(polling, holding, result, intervalMs);
  } catch (error) {
    // Not the feed's failure: somebody else polls it, or it is being stopped.
    if (holding.signal.aborted || (given.aborted && !isTimeout(given.reason))) return undefined;
    if (error instanceof GatewayError && error.code === 'LEASE_LOST') return lease.renewEveryMs;
    if (error instanceof GatewayError && hasEnded(error)) {
      events.onEnd(endOf(error));
      return undefined;
    }
    return await failed(polling, holding, error, intervalMs);
  }
}

const longestWaitMs = 60 * 60_000;

async function pollPages(
  { desk, id }: Polling,
  { fence }: Holding,
  { value: { replay } }: FeedRecord,
  opened: OpenedFeed,
): Promise<TickResult> {
  const { log, limits, now } = desk;
  const { maxPages } = limits;
  const result = await tick({
    feed: id,
    log,
    fence,
    now,
    ...opened,
    ...(replay && { replay }),
    ...(maxPages !== undefined && { maxPages }),
  });
  if (result.replayed === undefined) return replay && !result.stuck ? { ...result, isUnfinished: true } : result;
  await desk.records.change(id, (value) => (value.replay?.id === result.replayed ? { replay: null } : undefined));
  return result;
}

/** A webhook that cannot be had is no reason not to poll, where the feed can be polled. */
async function ensureWebhook({ desk, id, key }: Polling, { trigger }: OpenedFeed, signal: AbortSignal): Promise<void> {
  if (!trigger.definition.webhook || !desk.webhooks) return;
  try {
    await desk.webhooks.ensure(key, signal);
  } catch (error) {
    if (!trigger.definition.poll || signal.aborted) throw error;
    desk.logger.warn({ feed: id, err: failureOf(error, desk.now()) }, 'The webhook of a feed could not be seen to.');
  }
}

async function succeeded(
  { desk, id }: Polling,
  holding: Holding,
  result: TickResult | undefined,
  intervalMs: number,
): Promise<number> {
  holding.failures = 0;
  const inMs = result?.isUnfinished ? goOnMs : paceOf(desk, intervalMs, 0);
  const at = desk.now();
  const newest = result && result.logged > 0 ? result.newestOccurredAt : undefined;
  const lag = newest === undefined ? {} : { lagMs: Math.max(0, at - newest) };
  await tell(desk, id, holding, { state: 'RUNNING', lastError: null, lastPollAt: at, nextPollAt: at + inMs, ...lag });
  return inMs;
}

async function failed({ desk, id }: Polling, holding: Holding, error: unknown, intervalMs: number): Promise<number> {
  holding.failures += 1;
  const at = desk.now();
  const lastError = failureOf(error, at);
  const inMs = paceOf(desk, intervalMs, holding.failures, error);
  if (holding.failures === 1) {
    const cause = error instanceof GatewayError ? undefined : error;
    desk.logger.warn({ feed: id, code: lastError.code, ...(cause !== undefined && { err: cause }) }, lastError.message);
  }
  const state = isHeld(error) ? 'HELD' : 'BACKING_OFF';
  await tell(desk, id, holding, { state, lastError, lastPollAt: at, nextPollAt: at + inMs });
  return inMs;
}

/** What cannot be noted now, because the store fails, is noted when something else is. */
async function tell(
  { logger }: FeedDesk,
  id: string,
  { health }: Holding,
  change: Partial<HealthState>,
): Promise<void> {
  await health.tell(change).catch((error: unknown) => {
    logger.warn({ feed: id, code: failureOf(error, 0).code }, 'How a feed fares could not be noted.');
  });
}

function paceOf({ limits, random }: FeedDesk, intervalMs: number, failures: number, error?: unknown): number {
  return nextPollMs({ intervalMs, minIntervalMs: limits.minIntervalMs ?? 1_000, failures, error, random });
}

/** After a restart a provider that asked for a pause still has it. */
function waitOf({ value: { state, nextPollAt } }: FeedRecord, now: number): number {
  if (state === 'RUNNING' || nextPollAt === null) return 0;
  return Math.min(Math.max(0, nextPollAt - now), longestWaitMs);
}

const holdingCodes = new Set(['REAUTH_REQUIRED', 'CONNECTION_REQUIRED', 'CONNECTION_AMBIGUOUS', 'SCOPE_MISSING']);

/** Its connection has to be connected again. */
function isHeld(error: unknown): boolean {
  return error instanceof GatewayError && holdingCodes.has(error.code);
}

function hasEnded({ code }: GatewayError): boolean {
  return code === 'FEED_ENDED' || code === 'CONNECTION_NOT_FOUND';
}

function endOf(error: GatewayError): GatewayError {
  if (error.code === 'FEED_ENDED') return error;
  return new GatewayError('FEED_ENDED', 'The connection of this feed was removed.', { cause: error, ...error.details });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof GatewayError && reason.code === 'OPERATION_TIMEOUT';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms).unref();
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
