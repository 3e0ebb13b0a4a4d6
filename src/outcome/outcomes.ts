/** What came of mutations: one that has an idempotency key is carried out once, and a repetition is told what it came to. */
import { setMaxListeners } from 'node:events';
import type { KeyRing } from '../connection/seal.ts';
import { untilAborted } from '../connector/until-aborted.ts';
import { GatewayError } from '../errors.ts';
import type { Leases } from '../storage/lease.ts';
import type { Records } from '../storage/records.ts';
import { notWaitedFor } from './outcome-errors.ts';
import { runOnce, type OnceMutation, type OutcomeDesk, type Run } from './run-once.ts';

export type { MutationRun, OnceMutation } from './run-once.ts';

export interface Outcomes {
  /**
   * Carries a mutation out, or gives what an earlier one with the same key came to, on any replica and after a restart.
   *
   * Who repeats it while it runs waits for it. A run that failed before anything can have been carried out leaves nothing,
   * so that the key may be used again. One that failed later, or whose process died, is run again only where `repeatableMs`
   * allows it. A run goes on when its client goes.
   *
   * @param client - aborts when nobody waits any more.
   * @throws InputError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE, OPERATION_TIMEOUT
   * @throws ProviderError OUTCOME_UNKNOWN, OUTCOME_NOT_KEPT
   * @throws GatewayError of the store, before anything is sent; what `run` throws.
   */
  readonly once: (mutation: OnceMutation, client: AbortSignal, run: Run) => Promise<unknown>;
  /** Lets runs end whose clients have gone, for a second; then they are stopped. */
  readonly close: () => Promise<void>;
}

/** All durations are in milliseconds. */
export interface OutcomeOptions {
  readonly records: Records;
  readonly leases: Leases;
  readonly keyRing: KeyRing;
  /** So long an outcome is known. Default 24 h. */
  readonly keepMs?: number | undefined;
  /** So long a run whose process died stands in the way of a repetition. Default 15 000. */
  readonly takeoverMs?: number | undefined;
  /** So long a repetition waits for the first. Default 20 000. */
  readonly waitMs?: number | undefined;
  /** So long one run may take. Default 60 000. */
  readonly runMs?: number | undefined;
  /** Hears that an outcome could not be kept: a repetition will be told that it is unknown. */
  readonly onLost?: OutcomeDesk['onLost'] | undefined;
}

const stopGraceMs = 1_000;

/** The outcomes of one gateway; they are shared by all that use the same store. */
export function createOutcomes(options: OutcomeOptions): Outcomes {
  const { records, leases, keyRing, onLost = () => {} } = options;
  const { keepMs = 24 * 60 * 60_000, takeoverMs = 15_000, waitMs = 20_000, runMs = 60_000 } = options;
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  // Every mutation that waits for the store listens, and there may be many: that is no leak.
  setMaxListeners(0, stopping.signal);
  const desk = { records, leases, keyRing, keepMs, takeoverMs, waitMs, runMs, onLost, stopping: stopping.signal };
  return {
    once(mutation, client, run) {
      const waiting = new AbortController();
      const { answer, settled } = runOnce(desk, mutation, waiting.signal, run);
      running.add(settled);
      void settled.then(() => running.delete(settled));
      return untilAborted(answer, client, (reason) => {
        waiting.abort(reason);
        return notWaitedFor(mutation, reason);
      });
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise((resolve) => (timer = setTimeout(resolve, stopGraceMs)));
      await Promise.race([Promise.all(running), grace]);
      clearTimeout(timer);
      stopping.abort(new GatewayError('REQUEST_CANCELLED', 'The gateway is stopping.'));
      await Promise.all(running);
    },
  };
}
