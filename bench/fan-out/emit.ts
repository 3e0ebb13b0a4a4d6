/** Lets events happen at an even pace, whoever sends them on. */

export interface Emission {
  readonly events: number;
  readonly perSecond: number;
  /** Characters of each event's note, where they are to be large. */
  readonly noteLength?: number;
}

/** Ends when all of them have happened. */
export function emit({ events, perSecond }: Emission, happen: () => void): Promise<void> {
  const start = performance.now();
  let count = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(events, Math.floor(((performance.now() - start) / 1000) * perSecond) + 1);
      for (; count < due; count++) happen();
      if (count < events) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
}
