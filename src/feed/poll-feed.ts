/** One poll of a feed, from its record to the pace of the next. */
import { GatewayError, ProviderError } from '../errors.ts';
import type { FeedKey } from './feed.ts';
import { openFeed, type FeedDesk, type OpenedFeed } from './feed-desk.ts';
import { failureOf, type FeedHealth, type HealthState } from './feed-health.ts';
import { isRunning, type FeedRecord } from './feed-record.ts';
import type { HeldFeed } from './poll-clock.ts';
import { longestWaitMs, nextPollMs } from './poll-pace.ts';
import { tick } from './tick.ts';
import type { TickResult } from './tick-context.ts';
import type { Trimmer } from './trim-feed.ts';

/** What a poll finds out about its feed. */
export interface PollEvents {
  /** The feed is over for good. */
  readonly onEnd: (reason: GatewayError) => void;
  /** Another process stopped it, or removed its record. */
  readonly onStopped: () => void;
}

/** A feed while this process holds its lease: for many polls, or for one. */
export interface Holding extends HeldFeed {
  readonly key: FeedKey;
  readonly health: FeedHealth;
  /** As it was read when the holding began; the first poll need not read it again. */
  fresh?: FeedRecord | undefined;
  /** In a row. */
  failures: number;
  /** What its ticks warn of was logged; once is enough. */
  hasWarned?: boolean;
}

/** What polls it. */
export interface Polling {
  readonly desk: FeedDesk;
  readonly id: string;
  readonly events: PollEvents;
  readonly trimmer: Trimmer;
}

/** What another process has decided, or a store that fails kept from being decided, is looked at again so soon. */
const lookAgainMs = 3_000;
/** A tick that met its cap goes on so soon; others get their turn meanwhile. */
const goOnMs = 50;

/** Polls once: in how many milliseconds it is due again; `undefined`: not by itself. It never fails. */
export async function pollFeed(polling: Polling, holding: Holding, given: AbortSignal): Promise<number | undefined> {
  const { desk, id, events } = polling;
  const { key } = holding;
  const signal = AbortSignal.any([given, holding.signal]);
  let intervalMs = desk.triggers(key.connector, key.trigger)?.intervalMs ?? 60_000;
  try {
    const readyInMs = (desk.readyAt?.(key) ?? 0) - desk.now();
    if (readyInMs > 0) {
      const inMs = Math.min(readyInMs, longestWaitMs);
      await tell(desk, id, holding, { nextPollAt: desk.now() + inMs });
      return inMs;
    }
    const record = holding.fresh ?? (await desk.records.read(id));
    holding.fresh = undefined;
    if (!record || !isRunning(record)) {
      events.onStopped();
      return lookAgainMs;
    }
    holding.health.saw(record.value);
    const opened = await openFeed(desk, key, signal);
    intervalMs = opened.trigger.intervalMs;
    const quietMs = await ensureWebhook(polling, holding, opened, signal);
    const result = opened.trigger.definition.poll && (await pollPages(polling, holding, record, opened));
    warnOnce(polling, holding, result);
    await polling.trimmer.after(result?.logged ?? 0, signal);
    if (result?.stuck) return await failed(polling, holding, result.stuck, Math.max(intervalMs, result.waitMs ?? 0));
    return await succeeded(polling, holding, result, Math.max(intervalMs, quietMs, result?.waitMs ?? 0));
  } catch (error) {
    // Not the feed's failure: somebody else polls it, or it is being stopped.
    if (holding.signal.aborted || (given.aborted && !isTimeout(given.reason))) return undefined;
    if (error instanceof GatewayError && error.code === 'LEASE_LOST') return lookAgainMs;
    if (error instanceof GatewayError && hasEnded(error)) {
      events.onEnd(endOf(error));
      // Unless the store fails just now, there is no next time.
      return lookAgainMs;
    }
    return await failed(polling, holding, error, intervalMs);
  }
}

async function pollPages(
  { desk, id }: Polling,
  { fence }: Holding,
  { value: { replay }, createdAt: startedAt }: FeedRecord,
  opened: OpenedFeed,
): Promise<TickResult> {
  const { log, limits, now } = desk;
  const { maxPages } = limits;
  const result = await tick({
    feed: id,
    log,
    fence,
    now,
    startedAt,
    ...opened,
    ...(replay && { replay }),
    ...(maxPages !== undefined && { maxPages }),
  });
  if (result.replayed === undefined) return replay && !result.stuck ? { ...result, isUnfinished: true } : result;
  await desk.records.change(id, (value) => (value.replay?.id === result.replayed ? { replay: null } : undefined));
  return result;
}

function warnOnce({ desk, id }: Polling, holding: Holding, result: TickResult | undefined): void {
  if (!result?.warning || holding.hasWarned) return;
  holding.hasWarned = true;
  const { code, message } = result.warning;
  desk.logger.warn({ feed: id, code }, message);
}

/** A poll that the provider's webhooks ask for needs no other, but for what they may have missed (contracts §2.1). */
const reconcileEveryMs = 12 * 60 * 60_000;

/**
 * For how long the provider says itself when to poll; 0: it does not. A webhook that cannot be had is no reason not to
 * poll, where the feed can be polled.
 */
async function ensureWebhook(
  { desk, id }: Polling,
  { key }: Holding,
  { trigger }: OpenedFeed,
  signal: AbortSignal,
): Promise<number> {
  const { webhook, poll } = trigger.definition;
  if (!webhook || !desk.webhooks) return 0;
  try {
    const { state, endsAt = Infinity, lastError } = await desk.webhooks.ensure(key, signal);
    if (state === 'FAILED' && lastError) throw new ProviderError(lastError.code, lastError.message);
    const isTold = poll !== undefined && state === 'ACTIVE' && !lastError;
    return isTold ? Math.min(reconcileEveryMs, endsAt - desk.now()) : 0;
  } catch (error) {
    if (!poll || signal.aborted) throw error;
    desk.logger.warn({ feed: id, err: failureOf(error, desk.now()) }, 'The webhook of a feed could not be seen to.');
    return 0;
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
  const well = { state: 'RUNNING', lastError: null, failures: 0 } as const;
  await tell(desk, id, holding, { ...well, lastPollAt: at, nextPollAt: at + inMs, ...lag });
  return inMs;
}

async function failed(
  { desk, id }: Polling,
  holding: Holding,
  error: unknown,
  intervalMs: number,
): Promise<number | undefined> {
  // After a long sleep the time limits of its requests may be found out before the loss of its lease.
  if (!(await holding.isHeld().catch(() => true))) return undefined;
  holding.failures += 1;
  const at = desk.now();
  const lastError = failureOf(error, at);
  const inMs = paceOf(desk, intervalMs, holding.failures, error);
  if (holding.failures === 1) {
    const cause = error instanceof GatewayError ? undefined : error;
    desk.logger.warn({ feed: id, code: lastError.code, ...(cause !== undefined && { err: cause }) }, lastError.message);
  }
  const state = isHeld(error) ? 'HELD' : 'BACKING_OFF';
  const { failures } = holding;
  await tell(desk, id, holding, { state, lastError, failures, lastPollAt: at, nextPollAt: at + inMs });
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
