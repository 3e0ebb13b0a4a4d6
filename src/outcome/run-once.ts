/** One mutation under its lease: what is known of it, or a run of it whose outcome is kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyRing } from '../connection/seal.ts';
import { SentWrites } from '../connector/sent-writes.ts';
import { GatewayError, InputError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import type { Leases } from '../storage/lease.ts';
import type { Records } from '../storage/records.ts';
import { keyInUse, keyReused, outcomeNotKept, outcomeUnknown, type NamedMutation } from './outcome-errors.ts';
import {
  isSameMutation,
  openAnswer,
  outcomeId,
  outcomeKind,
  runningValue,
  sealAnswer,
  type KeyedMutation,
  type OutcomeRecord,
  type OutcomeValue,
} from './outcome-record.ts';

/** A mutation that is to be carried out once. */
export interface OnceMutation extends KeyedMutation, NamedMutation {
  /**
   * So long after it began it may be sent again without harm, in milliseconds: its provider knows the key, or the action is
   * idempotent (`Infinity`). Absent: never.
   */
  readonly repeatableMs: number | undefined;
}

/** One run of a mutation. */
export interface MutationRun {
  /** Aborts when the run takes too long, or the gateway stops; not when its client goes. */
  readonly signal: AbortSignal;
  /** What the keys that the provider is given are made of: the same in each run of the same mutation. */
  readonly providerKey: string;
  /** To be told of what the run sends. */
  readonly writes: SentWrites;
}

export type Run = (run: MutationRun) => Promise<unknown>;

/** What all mutations share. All durations are in milliseconds. */
export interface OutcomeDesk {
  readonly records: Records;
  readonly leases: Leases;
  readonly keyRing: KeyRing;
  readonly keepMs: number;
  readonly takeoverMs: number;
  readonly waitMs: number;
  readonly runMs: number;
  readonly onLost: (operation: string, error: unknown) => void;
  readonly stopping: AbortSignal;
}

/**
 * Begins it. `answer` is there as soon as it is known; `settled`, which never rejects, when its outcome is kept too.
 *
 * @param waiting - aborts when nobody waits any more; a run that has begun goes on.
 */
export function runOnce(
  desk: OutcomeDesk,
  mutation: OnceMutation,
  waiting: AbortSignal,
  run: Run,
): { readonly answer: Promise<unknown>; readonly settled: Promise<void> } {
  let tell: { readonly answer: (value: unknown) => void; readonly failure: (error: unknown) => void };
  const answer = new Promise<unknown>((resolve, reject) => (tell = { answer: resolve, failure: reject }));
  const settled = settle(desk, mutation, waiting, run, tell!).catch((error: unknown) => tell.failure(error));
  return { answer, settled };
}

interface Teller {
  readonly answer: (value: unknown) => void;
  readonly failure: (error: unknown) => void;
}

async function settle(
  desk: OutcomeDesk,
  mutation: OnceMutation,
  waiting: AbortSignal,
  run: Run,
  tell: Teller,
): Promise<void> {
  const id = outcomeId(mutation);
  const known = await find(desk, id, mutation);
  if (known?.value.state === 'DONE') return tell.answer(answerOf(known, mutation, desk));
  const queue = new AbortController();
  const leave = () => queue.abort(waiting.reason);
  if (waiting.aborted) leave();
  waiting.addEventListener('abort', leave, { once: true });
  const { takeoverMs, waitMs } = desk;
  const holding = { ttlMs: takeoverMs, renewEveryMs: takeoverMs / 3, waitMs, signal: queue.signal };
  try {
    await withLease(desk.leases, `${outcomeKind}/${id}`, holding, async (fence) => {
      waiting.removeEventListener('abort', leave);
      await underLease(desk, id, mutation, run, tell, fence);
    });
  } catch (error) {
    throw error instanceof GatewayError && error.code === 'LEASE_TIMEOUT' ? keyInUse(mutation, error) : error;
  }
}

/** Nobody else works on it: a record that says so is of somebody who died, or who lost the lease. */
async function underLease(
  desk: OutcomeDesk,
  id: string,
  mutation: OnceMutation,
  run: Run,
  tell: Teller,
  fence: number,
): Promise<void> {
  const { records, keyRing, keepMs } = desk;
  const known = await find(desk, id, mutation);
  if (known?.value.state === 'DONE') return tell.answer(answerOf(known, mutation, desk));
  if (known && !mayRunAgain(known, mutation)) {
    if (known.value.state === 'RUNNING') await change(records, known, { state: 'UNKNOWN' });
    throw outcomeUnknown(mutation);
  }
  const value = runningValue(id, mutation, fence, keyRing);
  const claimed = known
    ? await records.compareAndSet(outcomeKind, id, known.version, value)
    : await records.create(outcomeKind, id, value, { expiresAt: Date.now() + keepMs });
  if (!claimed) throw keyInUse(mutation);
  await carryOut(desk, claimed as OutcomeRecord, mutation, run, tell);
}

/**
 * Goes on when its lease is lost, as when the process was frozen: whoever took over sends nothing of its own, or what the
 * provider knows again, and what is answered here is then known after all.
 */
async function carryOut(
  desk: OutcomeDesk,
  claimed: OutcomeRecord,
  mutation: OnceMutation,
  run: Run,
  tell: Teller,
): Promise<void> {
  const writes = new SentWrites();
  const { signal, stop } = limit(desk, mutation);
  let answer: unknown;
  try {
    answer = await run({ signal, providerKey: claimed.id, writes });
  } catch (error) {
    const mayHaveChanged = writes.mayHaveChanged;
    tell.failure(error);
    await keep(desk, mutation, () =>
      mayHaveChanged
        ? change(desk.records, claimed, { state: 'UNKNOWN' })
        : desk.records.remove(outcomeKind, claimed.id, claimed.version),
    );
    return;
  } finally {
    stop();
  }
  // Whoever waits is told at once, and whoever repeats it waits for the lease, until it is kept.
  tell.answer(answer);
  const sealed = sealAnswer(claimed.id, claimed.value, answer, desk.keyRing);
  await keep(desk, mutation, () => change(desk.records, claimed, { state: 'DONE', answer: sealed }));
}

/** @throws InputError IDEMPOTENCY_KEY_REUSED */
async function find(
  { records, keyRing }: OutcomeDesk,
  id: string,
  mutation: OnceMutation,
): Promise<OutcomeRecord | undefined> {
  const record = (await records.get(outcomeKind, id)) as OutcomeRecord | undefined;
  if (record && !isSameMutation(record, mutation, keyRing)) throw keyReused(mutation);
  return record;
}

function answerOf({ id, value }: OutcomeRecord, mutation: OnceMutation, { keyRing }: OutcomeDesk): unknown {
  if (value.answer === null) throw outcomeNotKept(mutation);
  return openAnswer(id, value, value.answer, keyRing);
}

/** A part of what is known to be kept, so that clocks that differ, and a run that takes its time, do no harm. */
const certainPart = 0.9;

function mayRunAgain({ createdAt }: OutcomeRecord, { repeatableMs }: OnceMutation): boolean {
  return repeatableMs !== undefined && Date.now() - createdAt < repeatableMs * certainPart;
}

/**
 * Writes what a run came to. Whoever took over meanwhile may have noted that nobody knows: then the run itself knows better.
 * What another run wrote stays.
 */
async function change(records: Records, own: OutcomeRecord, to: Partial<OutcomeValue>): Promise<void> {
  const { id, version, value } = own;
  if (await records.compareAndSet(outcomeKind, id, version, { ...value, ...to })) return;
  const now = (await records.get(outcomeKind, id)) as OutcomeRecord | undefined;
  if (!now || now.value.run !== value.run || now.value.state === 'DONE') return;
  await change(records, now, to);
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Longer than a store is away that comes back by itself. */
const keepTryingMs = 60_000;

/** Tries again while the store fails, also when the lease is lost meanwhile: what another run wrote is left alone. */
async function keep(
  { stopping, onLost }: OutcomeDesk,
  { operation }: OnceMutation,
  write: () => Promise<unknown>,
): Promise<void> {
  const until = performance.now() + keepTryingMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      await write();
      return;
    } catch (error) {
      if (stopping.aborted || performance.now() > until) return onLost(operation, error);
      await sleep(pauseMs, undefined, { signal: stopping, ref: false }).catch(() => {});
    }
  }
}

/** The signal of a run, with its time limit. */
function limit(
  { runMs, stopping }: OutcomeDesk,
  { title, operation }: OnceMutation,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new InputError('OPERATION_TIMEOUT', `${title}: ${operation} took longer than ${runMs} ms.`));
  }, runMs).unref();
  return { signal: AbortSignal.any([stopping, late.signal]), stop: () => clearTimeout(timer) };
}
