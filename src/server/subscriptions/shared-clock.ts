/** One timer for everything that is open, instead of one for each. */

export interface SharedClock {
  /** Runs while something is open; may be called again. */
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Gives each of `open` a tick several times per `keepAliveMs`, at least once a second.
 *
 * @param open - what is open at the time of a tick; `tick` gets the monotonic time in milliseconds.
 */
export function createSharedClock(
  open: ReadonlySet<{ readonly tick: (now: number) => void }>,
  keepAliveMs: number,
): SharedClock {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const tick = (): void => {
    if (open.size === 0) return stop();
    const now = performance.now();
    for (const each of open) each.tick(now);
  };
  return {
    start() {
      timer ??= setInterval(tick, Math.min(1_000, Math.ceil(keepAliveMs / 4))).unref();
    },
    stop,
  };
}
