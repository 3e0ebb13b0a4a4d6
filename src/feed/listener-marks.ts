/** Says in the store to which feeds somebody in this process listens, so that no other process stops them. */
import { randomUUID } from 'node:crypto';
import type { Change, Records } from '../storage/records.ts';

/** Marks that run out by themselves: a process that dies listens no longer. Every method @throws GatewayError of the store. */
export interface ListenerMarks {
  /** Resolves when every process can see it. */
  readonly set: (feed: string) => Promise<void>;
  /** Whether another process has a mark of it. */
  readonly areElsewhere: (feed: string) => Promise<boolean>;
  /** To be called every few seconds with the feeds that are listened to; marks of others run out. */
  readonly renew: (feeds: readonly string[]) => Promise<void>;
}

/** Kind of the record; its id is the feed's and the process's. */
export const listenerMarkKind = 'feed_listener';

/** Longer than a process that is busy keeps its store waiting. */
const keptForMs = 30_000;
const renewedAfterMs = 10_000;
const commitSize = 200;

interface Mark {
  readonly version: number;
  readonly setAt: number;
}

/** The marks of one process. @param now - milliseconds since 1970. */
export function createListenerMarks(records: Records, now: () => number): ListenerMarks {
  const own = randomUUID();
  const marks = new Map<string, Mark>();
  const idOf = (feed: string): string => `${feed}.${own}`;
  const isFresh = (feed: string): boolean => Math.abs(now() - (marks.get(feed)?.setAt ?? 0)) < renewedAfterMs;
  const put = async (feed: string): Promise<void> => {
    const id = idOf(feed);
    for (;;) {
      const setAt = now();
      const expiresAt = setAt + keptForMs;
      const found = await records.get(listenerMarkKind, id);
      const written = found
        ? await records.compareAndSet(listenerMarkKind, id, found.version, {}, { expiresAt })
        : await records.create(listenerMarkKind, id, {}, { indexes: { feed }, expiresAt });
      if (!written) continue;
      marks.set(feed, { version: written.version, setAt });
      return;
    }
  };
  /** Many in one write. One that has run out, or that was written meanwhile, is put alone. */
  const putAll = async (feeds: readonly string[]): Promise<void> => {
    const setAt = now();
    const expiresAt = setAt + keptForMs;
    const changes = feeds.map((feed): Change => {
      const version = marks.get(feed)?.version ?? 0;
      return { change: 'compareAndSet', kind: listenerMarkKind, id: idOf(feed), version, value: {}, expiresAt };
    });
    const result = await records.commit(changes);
    if (!result.committed) {
      for (const feed of feeds) await put(feed);
      return;
    }
    feeds.forEach((feed, index) => marks.set(feed, { version: result.records[index]!.version, setAt }));
  };
  return {
    set: async (feed) => (isFresh(feed) ? undefined : put(feed)),
    async areElsewhere(feed) {
      const found = await records.list(listenerMarkKind, { feed }, { limit: 2 });
      return found.some(({ id }) => id !== idOf(feed));
    },
    async renew(feeds) {
      const wanted = new Set(feeds);
      for (const feed of marks.keys()) if (!wanted.has(feed)) marks.delete(feed);
      const due = feeds.filter((feed) => !isFresh(feed));
      for (let from = 0; from < due.length; from += commitSize) await putAll(due.slice(from, from + commitSize));
    },
  };
}
