/** A bounded memory of what was found out a moment ago. */

export interface Recent<Value> {
  readonly get: (key: string) => Value | undefined;
  readonly set: (key: string, value: Value) => void;
}

/** Keeps the newest entries; the oldest leave when there are more than `max`. */
export function createRecent<Value>(max: number): Recent<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > max) entries.delete(entries.keys().next().value!);
    },
  };
}

/** What is asked of the store for every operation, asked at most once a second per key. */
export interface Remembered<Value> {
  /** What `load` gave for this key, up to a second ago. A failure is not remembered. */
  readonly get: (key: string, load: () => Promise<Value>) => Promise<Value>;
  /** To be called after a write, so that this process sees it at once. */
  readonly forget: () => void;
}

/** So long another replica may still see what this one has changed. */
const rememberedMs = 1_000;
const maxRemembered = 10_000;

/** @param now - a clock that never runs backward. */
export function rememberBriefly<Value>(now: () => number = () => performance.now()): Remembered<Value> {
  type Entry = { readonly until: number; readonly found: Promise<Value> };
  let entries = createRecent<Entry>(maxRemembered);
  return {
    get(key, load) {
      const known = entries.get(key);
      if (known && known.until > now()) return known.found;
      const entry: Entry = { until: now() + rememberedMs, found: load() };
      entries.set(key, entry);
      const own = entries;
      entry.found.catch(() => own.set(key, { ...entry, until: 0 }));
      return entry.found;
    },
    forget() {
      entries = createRecent(maxRemembered);
    },
  };
}
