/** One renewal of a connection's credentials at a time, shared by all requests that failed with the old ones. */
import { GatewayError } from '../errors.ts';
import { untilAborted } from './until-aborted.ts';

/** Calls the connector's `acquire` and gives what is to be merged into the connection's fields. */
export type Acquire = () => Promise<Readonly<Record<string, unknown>>>;

interface Renewals {
  /** Grows with each renewal: who failed with an older one has only to try again. */
  generation: number;
  underWay: Promise<void> | undefined;
}

/** By the credentials object, which there is one of per connection. */
const renewals = new WeakMap<object, Renewals>();

export function renewalsOf(credentials: object): Renewals {
  let state = renewals.get(credentials);
  if (!state) renewals.set(credentials, (state = { generation: 0, underWay: undefined }));
  return state;
}

/**
 * Renews the credentials, or waits for the renewal that is under way, or returns at once when they were renewed since
 * `seenGeneration`.
 *
 * @param signal - of the waiting call; the renewal itself goes on for the others.
 * @throws what the renewal throws, to all who wait for it; `REQUEST_CANCELLED` when the signal aborts.
 */
export async function renew(
  credentials: object,
  seenGeneration: number,
  renewal: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const state = renewalsOf(credentials);
  if (state.generation !== seenGeneration) return;
  state.underWay ??= run(state, renewal);
  await untilRenewed(state.underWay, signal);
}

async function run(state: Renewals, renewal: () => Promise<void>): Promise<void> {
  try {
    // Not at once: whatever it throws, it must not end before the caller has noted that it is under way.
    await Promise.resolve().then(renewal);
    state.generation += 1;
  } finally {
    state.underWay = undefined;
  }
}

/** Waits for credentials that are being renewed, unless the signal aborts first: then the renewal goes on for others. */
export function untilRenewed<T>(renewal: Promise<T>, signal: AbortSignal): Promise<T> {
  const message = 'The call ended while it waited for new credentials.';
  return untilAborted(renewal, signal, () => new GatewayError('REQUEST_CANCELLED', message));
}
