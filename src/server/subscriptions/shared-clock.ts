/** One timer for everything that is open, instead of one for each. */

export interface SharedClock {
  /** Runs while something is open; may be called again. */
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Gives each of `open` a tick several times per `keepAliveMs`, at least once a second. After a freeze of the process one
 * tick is left out: what clients have sent meanwhile is read before anybody is judged by it.
 *
 * @param open - what is open at the time of a tick; `tick` gets the monotonic time in milliseconds.
 */
export function createSharedClock(
  open: ReadonlySet<{ readonly tick: (now: number) => void }>,
  keepAliveMs: number,
): SharedClock {
  const everyMs = Math.min(1_000, Math.ceil(keepAliveMs / 4));
  let timer: NodeJS.Timeout | undefined;
  let tickedAt = 0;
  let wasFrozen = false;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const tick = (): void => {
    if (open.size === 0) return stop();
    const now = performance.now();
    // Of a process that is always late each second tick counts all the same.
    wasFrozen = !wasFrozen && now - tickedAt > 2 * everyMs;
    tickedAt = now;
    if (wasFrozen) return;
    for (const each of open) each.tick(now);
  };
  return {
    start() {
      if (timer) return;
      tickedAt = performance.now();
      timer = setInterval(tick, everyMs).unref();
    },
    stop,
  };
}
