/** Tells whoever polls a feed that a webhook said to: kept, so that it outlives the process that took the webhook, and few polls answer many webhooks. */
import type { Records } from '../storage/records.ts';

export interface PollSignals {
  /** Keeps that a poll is due, then tells of it. What it was called for is in the poll that follows. @throws GatewayError of the store */
  readonly request: (feed: string) => Promise<void>;
  /**
   * To be called before each poll begins, by whoever polls: signals that come from now on ask for another one. A poll that
   * fails is repeated by its back-off, one that dies by the feed's resuming.
   *
   * @returns whether one was there.
   */
  readonly take: (feed: string) => Promise<boolean>;
  /** Begins to tell of what other processes kept. */
  readonly watch: () => void;
  readonly stop: () => void;
}

export interface PollSignalOptions {
  readonly records: Records;
  /** Called for a feed of which a poll is due; it ignores feeds that this process does not poll. */
  readonly pollSoon: (feed: string) => void;
  /** A feed is told so often at most: of many webhooks the first is told at once, and the last is never forgotten. Default 12 000 ms. */
  readonly spacingMs?: number;
  /** How often the store is looked at. Default 1 000 ms. */
  readonly lookEveryMs?: number;
}

/** Kind of the record; its id is the feed's. */
export const pollSignalKind = 'poll_signal';

/** A feed that nobody resumes needs no poll. */
const keptForMs = 24 * 60 * 60_000;

/** The signals of one process. */
export function createPollSignals(options: PollSignalOptions): PollSignals {
  const { records, lookEveryMs = 1_000 } = options;
  const teller = createTeller(options);
  let look: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  const lookOnce = async (): Promise<void> => {
    for (const { id } of await records.list(pollSignalKind, {}, { limit: 1_000 })) teller.tell(id);
  };
  return {
    async request(feed) {
      // One that is there was not taken yet: the poll that takes it begins after now.
      await records.create(pollSignalKind, feed, {}, { expiresAt: Date.now() + keptForMs });
      teller.tell(feed);
    },
    async take(feed) {
      return records.remove(pollSignalKind, feed);
    },
    watch() {
      look ??= setInterval(() => {
        // A store that fails now is asked again in a moment.
        looking ??= lookOnce()
          .catch(() => undefined)
          .finally(() => (looking = undefined));
      }, lookEveryMs).unref();
    },
    stop() {
      clearInterval(look);
      teller.stop();
    },
  };
}

/** Says it at once, and what comes within the spacing once at its end. */
function createTeller({ pollSoon, spacingMs = 12_000 }: PollSignalOptions) {
  const waiting = new Map<string, { timer: NodeJS.Timeout; isAsked: boolean }>();
  const tell = (feed: string): void => {
    const held = waiting.get(feed);
    if (held) {
      held.isAsked = true;
      return;
    }
    const timer = setTimeout(() => {
      const { isAsked } = waiting.get(feed)!;
      waiting.delete(feed);
      if (isAsked) tell(feed);
    }, spacingMs).unref();
    waiting.set(feed, { timer, isAsked: false });
    pollSoon(feed);
  };
  return {
    tell,
    stop: () => {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
