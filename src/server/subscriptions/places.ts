/** Counts what each subject has open, so that none takes the room of all. */
import type { Caller } from '../../connection/caller.ts';

export interface Places {
  /** Takes a place; `undefined` when the caller has all that it may have. Else the function that gives it back. */
  readonly take: (caller: Caller) => (() => void) | undefined;
}

/** @param max - places of one tenant and subject. */
export function createPlaces(max: number): Places {
  const taken = new Map<string, number>();
  return {
    take({ tenant, subject }) {
      const key = JSON.stringify([tenant, subject]);
      const count = taken.get(key) ?? 0;
      if (count >= max) return undefined;
      taken.set(key, count + 1);
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        const left = (taken.get(key) ?? 1) - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      };
    },
  };
}
