/** The feeds of a gateway: opened by subscribers or kept durable, polled by one process each, read from their logs. */
import type { GatewayError } from '../errors.ts';
import type { Caller } from '../connection/caller.ts';
import type { LoggedEvent, LogSlice, ParkedEvent } from '../storage/feed-log.ts';
import type { FeedKey, FeedStatus } from './feed.ts';

/** A feed while somebody in this process listens to it. */
export interface OpenFeed {
  readonly id: string;
  /** Place of the newest event when it was opened: whoever asks from now on begins after it. */
  readonly lastPlace: number;
  /** One page of the log after a place. @throws GatewayError as the store */
  readonly read: (
    after: number,
    options?: { readonly limit?: number; readonly maxBytes?: number },
  ) => Promise<LogSlice>;
  /**
   * Calls with the events that are logged from now on, in order and without gap; the log is read once for all listeners
   * of this process. `from` = place after which the first call begins: what it gives and what `read` gives up to there fit
   * without gap or repeat.
   */
  readonly listen: (listener: FeedListener) => { readonly from: number; readonly stop: () => void };
  /** The subscriber leaves. With the last one the polling stops after a grace time, unless the feed is durable. */
  readonly release: () => void;
}

export interface FeedListener {
  readonly onEvents: (events: readonly LoggedEvent[]) => void;
  /** The feed is over, e.g. because its connection was removed or its connector is gone. Nothing is called afterwards. */
  readonly onEnd: (reason: GatewayError) => void;
}

export interface Feeds {
  /**
   * Opens a feed for a subscriber, and starts it where it does not run: the connector's `test` comes first.
   *
   * @throws GatewayError FEED_START_FAILED with the words of the test; what opening a connection throws.
   */
  readonly open: (key: FeedKey, signal: AbortSignal) => Promise<OpenFeed>;
  /** Lets a feed run without subscribers. @throws as `open` */
  readonly start: (key: FeedKey, signal: AbortSignal) => Promise<FeedStatus>;
  /** Ends a durable feed; subscribers keep theirs. The log stays for its retention. `undefined`: there is none of the caller's. */
  readonly stop: (caller: Caller, id: string) => Promise<FeedStatus | undefined>;
  /** The caller's feeds: those of its subject's connections and of the tenant's, in the order of their ids. */
  readonly list: (caller: Caller, connector?: string) => Promise<readonly FeedStatus[]>;
  readonly find: (caller: Caller, id: string) => Promise<FeedStatus | undefined>;
  readonly parked: (
    caller: Caller,
    id: string,
    options?: { readonly after?: string; readonly limit?: number },
  ) => Promise<readonly ParkedEvent[]>;
  /** Tries parked events again, all or some; those that fail again stay. How many were delivered, and how many stay. */
  readonly replayParked: (
    caller: Caller,
    id: string,
    parked?: readonly string[],
  ) => Promise<{ readonly delivered: number; readonly left: number } | undefined>;
  /**
   * Asks the provider again for what happened since then; what the log has, or had, is not delivered a second time.
   *
   * @throws InputError REPLAY_UNSUPPORTED for a trigger that cannot be asked since a time.
   */
  readonly replay: (caller: Caller, id: string, from: Date) => Promise<FeedStatus | undefined>;
  /** A connection was connected again: feeds that wait for it go on. Or removed: its feeds end. */
  readonly connectionChanged: (tenant: string, connection: string, change: 'usable' | 'removed') => Promise<void>;
  /** Resumes every feed that was running; called when the first connectors are loaded. */
  readonly resume: () => Promise<void>;
  /** Ends the polls under way, gives the leases up. Listeners are told nothing: their servers end them. */
  readonly close: () => Promise<void>;
}
