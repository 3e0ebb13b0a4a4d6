/** Runs an action again after the answers that it names: `retryOnResponse` (contracts §2.1). */
import { GatewayError } from '../errors.ts';
import { matchesAnswer } from '../http/matcher.ts';
import { failedAnswer } from '../http/provider-failure.ts';
import type { Action, Matcher } from './definition.ts';

export type Repeating = Pick<
  Action,
  'readOnly' | 'idempotent' | 'idempotencyKey' | 'retryOnResponse' | 'retryOnRequest' | 'maxRetries'
>;

/** What is tried again where `retryOnResponse` names texts alone. */
const usualStatuses = [429, 500, 502, 503, 504, 507];
/** The real runtime repeats three times at most. */
const mostRetries = 3;
const firstWaitMs = 5_000;
/** A provider that wants a longer wait is not waited for: the client is told, and asks again when it likes. */
const longestWaitMs = 20_000;

/**
 * Calls `attempt`, and again after an answer that the action names: with statuses and texts both have to fit. Waits 5, 10
 * and 20 s, or as long as `Retry-After` says. An action without `retryOnResponse` runs once; so does one that writes, unless
 * it is `idempotent`, gives its provider keys, or `retryOnRequest` names a method that writes.
 *
 * @throws what the last attempt threw; GatewayError REQUEST_CANCELLED when `signal` aborts a wait.
 */
export async function repeatAction<T>(action: Repeating, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = waitBeforeRetry(error, action, retries);
      if (waitMs === undefined || signal.aborted) throw error;
      await wait(waitMs, signal);
    }
  }
}

function waitBeforeRetry(error: unknown, action: Repeating, retries: number): number | undefined {
  const { retryOnResponse, maxRetries = mostRetries } = action;
  if (!retryOnResponse || retries >= Math.min(maxRetries, mostRetries) || !mayRepeat(action)) return undefined;
  const answer = failedAnswer(error);
  if (!answer || !isRepeatedMethod(answer.method, action)) return undefined;
  const statuses = retryOnResponse.filter((matcher) => typeof matcher === 'number');
  if (!(statuses.length > 0 ? statuses : usualStatuses).includes(answer.status)) return undefined;
  const texts = retryOnResponse.filter((matcher): matcher is Exclude<Matcher, number> => typeof matcher !== 'number');
  if (texts.length > 0 && !matchesAnswer(texts, answer.status, [answer.message, answer.text()])) return undefined;
  const askedMs = error instanceof GatewayError ? error.details.retryAfterMs : undefined;
  if (askedMs === undefined) return firstWaitMs * 2 ** retries;
  return askedMs > longestWaitMs ? undefined : askedMs;
}

const readingMethods = ['GET', 'HEAD', 'OPTIONS'];

/** The whole action runs again, so what else it sent counts too, not only the request that failed. */
function mayRepeat({ readOnly, idempotent, idempotencyKey, retryOnRequest = [] }: Repeating): boolean {
  const namesWrites = retryOnRequest.some((method) => !readingMethods.includes(method.toUpperCase()));
  return readOnly === true || idempotent === true || idempotencyKey !== undefined || namesWrites;
}

/** Which method may have failed; a reading or idempotent action is repeated after any unless it says. */
function isRepeatedMethod(method: string, { retryOnRequest }: Repeating): boolean {
  return retryOnRequest?.some((name) => name.toUpperCase() === method) ?? true;
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      const message = 'The client has gone or the time of the operation is up, so the action was not tried again.';
      reject(new GatewayError('REQUEST_CANCELLED', message));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
