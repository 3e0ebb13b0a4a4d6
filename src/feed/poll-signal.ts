/** Tells whoever polls a feed to poll it: kept, so that it outlives the process that was told, and few polls answer many webhooks. */
import type { Records } from '../storage/records.ts';

export interface PollSignals {
  /**
   * Keeps that a poll is due, then tells of it. An urgent one, as when somebody waits for it, is told at once; a webhook's in
   * its turn. What it was called for is in the poll that follows.
   *
   * @throws GatewayError of the store
   */
  readonly request: (feed: string, options?: { readonly isUrgent?: boolean }) => Promise<void>;
  /**
   * To be called before each poll begins, by whoever polls: signals that come from now on ask for another one. A poll that
   * fails is repeated by its back-off, one that dies by the feed's resuming.
   *
   * @returns whether one was there.
   */
  readonly take: (feed: string) => Promise<boolean>;
  /** Whether this process has heard of one that was not taken here. */
  readonly isWaiting: (feed: string) => boolean;
  /** Begins to tell of what other processes kept. */
  readonly watch: () => void;
  readonly stop: () => void;
}

export interface PollSignalOptions {
  readonly records: Records;
  /** Called for a feed of which a poll is due. `false`: it cannot be seen to from here and now; it is told again. */
  readonly pollSoon: (feed: string, isUrgent: boolean) => Promise<boolean> | boolean | void;
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
  let waiting = new Set<string>();
  const lookOnce = async (): Promise<void> => {
    const found = await records.list(pollSignalKind, {}, { limit: 1_000 });
    waiting = new Set(found.map(({ id }) => id));
    for (const { id, value } of found) teller.tell(id, value['isUrgent'] === true);
  };
  /** One that is there was not taken yet: the poll that takes it begins after now. */
  const keep = async (feed: string, isUrgent: boolean): Promise<void> => {
    const expiresAt = Date.now() + keptForMs;
    for (;;) {
      if (await records.create(pollSignalKind, feed, { isUrgent }, { expiresAt })) return;
      const found = await records.get(pollSignalKind, feed);
      if (found && (!isUrgent || found.value['isUrgent'] === true)) return;
      if (found && (await records.compareAndSet(pollSignalKind, feed, found.version, { isUrgent }, { expiresAt })))
        return;
    }
  };
  return {
    async request(feed, { isUrgent = false } = {}) {
      await keep(feed, isUrgent);
      waiting.add(feed);
      teller.tell(feed, isUrgent);
    },
    async take(feed) {
      waiting.delete(feed);
      return records.remove(pollSignalKind, feed);
    },
    isWaiting: (feed) => waiting.has(feed),
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
  const tell = (feed: string, isUrgent = false): void => {
    if (isUrgent) {
      void pollSoon(feed, true);
      return;
    }
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
    void (async () => {
      if ((await pollSoon(feed, false)) !== false) return;
      clearTimeout(timer);
      if (waiting.get(feed)?.timer === timer) waiting.delete(feed);
    })();
  };
  return {
    tell,
    stop: () => {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
