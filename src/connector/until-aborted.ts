/** Waits for work no longer than a signal allows: code of a connector, or what it waits for, may never end. */

/**
 * The work, unless the signal aborts first: then the work goes on for whoever else waits for it, and `failure` is thrown.
 *
 * @param failure - from the reason of the signal. Each waiting call gets an error of its own.
 * @param graceMs - how long the work may still fail by itself after the signal, because it knows more. Default 0.
 */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  failure: (reason: unknown) => Error,
  graceMs = 0,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const waiting = waitingFor(signal);
    let timer: NodeJS.Timeout | undefined;
    const giveUp = () => reject(failure(signal.reason));
    const abort = () => {
      if (graceMs === 0) giveUp();
      else timer = setTimeout(giveUp, graceMs);
    };
    // First of all: a failure of the work must have somebody who hears it.
    void work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      waiting.delete(abort);
    });
    if (signal.aborted) abort();
    else waiting.add(abort);
  });
}

/**
 * One listener serves all calls of an operation: a list that joins a hundred rows would otherwise add a hundred listeners
 * to one signal, which is slow, and which Node reports as a leak.
 */
const waitingBySignal = new WeakMap<AbortSignal, Set<() => void>>();

function waitingFor(signal: AbortSignal): Set<() => void> {
  const known = waitingBySignal.get(signal);
  if (known) return known;
  const waiting = new Set<() => void>();
  signal.addEventListener('abort', () => waiting.forEach((abort) => abort()), { once: true });
  waitingBySignal.set(signal, waiting);
  return waiting;
}
