/** How the events of feeds are kept: the contract that every store satisfies, embedded or PostgreSQL. */
import type { JsonValue } from './records.ts';

/** One event, before it is in the log. */
export interface NewEvent {
  /** What tells it from all other events of its feed; one that the feed has seen is not logged again. At most 512 characters. */
  readonly signature: string;
  /** What a client sees as its id. */
  readonly id: string;
  /** When it happened, where that is known, in milliseconds since 1970. */
  readonly occurredAt?: number;
  /** The provider's row, as JSON text. */
  readonly payload: string;
}

/** An event in the log. */
export interface LoggedEvent {
  /** 1, 2, 3 … in the order of the log, without gaps; never used twice in the life of a feed. */
  readonly place: number;
  readonly id: string;
  readonly occurredAt?: number;
  /** When it was logged, by the clock of the store. */
  readonly receivedAt: number;
  readonly payload: string;
}

/** An event that could not be logged, with the reason. */
export interface NewParked {
  /** Why, in words and without any of its content. */
  readonly reason: string;
  readonly code: string;
  /** Where it is known; an event with a signature is parked once. */
  readonly signature?: string;
  /** The provider's row as JSON text; absent where it is too large to be kept. */
  readonly payload?: string;
}

export interface ParkedEvent extends NewParked {
  readonly id: string;
  readonly parkedAt: number;
}

/** What is known of a feed's log. A feed that nothing was written for has `version` 0 and empty places. */
export interface FeedLogState {
  /** Grows with every write of `progress`. */
  readonly version: number;
  /** Where the poll stands: the feed's own words, kept with the events. */
  readonly progress: JsonValue | undefined;
  /** Place of the newest event; 0 before the first. */
  readonly lastPlace: number;
  /** Place of the oldest event that can still be read; `lastPlace + 1` when there is none. */
  readonly oldestPlace: number;
  readonly parkedCount: number;
  /** Events that are staged and not yet published. */
  readonly stagedCount: number;
}

/**
 * One write. All of it happens, or nothing. Signatures that the feed has seen (logged, staged, parked with one, or named in
 * `seen`) are left out silently, as is the second of two in one page.
 */
export interface FeedPage {
  /** Refused when a larger fence was seen. Absent: the write is not the poller's (a webhook), and may not set `progress`. */
  readonly fence?: number;
  /** Refused unless the state has this version. Goes with `progress`. */
  readonly version?: number;
  readonly progress?: JsonValue;
  /** Logged in this order. */
  readonly events?: readonly NewEvent[];
  /** Kept aside, newest first, until a later page has `publish`; may stand in one page with it. */
  readonly staged?: readonly NewEvent[];
  /** Logs all that is staged, the last staged first, after `events`. */
  readonly publish?: boolean;
  /** Forgets what is staged, and that it was seen. */
  readonly unstage?: boolean;
  /** Marks as seen without logging: the ground that a feed starts from. */
  readonly seen?: readonly string[];
  readonly parked?: readonly NewParked[];
  /**
   * Removes parked events; one that another has removed refuses the page. Those that stand in `events` or `parked` of
   * this page are taken as new; the others stay seen.
   */
  readonly unpark?: readonly string[];
  /** Ids of webhook deliveries; when one was seen within `rememberMs` (default 24 h), nothing is written. */
  readonly delivery?: { readonly id: string; readonly rememberMs?: number };
}

export type AppendResult =
  | { readonly kind: 'appended'; readonly state: FeedLogState; readonly logged: number; readonly known: number }
  /** Somebody with a larger fence, or another version: whoever wrote this page is not the poller any more. */
  | { readonly kind: 'fenced' }
  /** The delivery was accepted before. */
  | { readonly kind: 'repeated' }
  /** A parked event of `unpark` is gone. */
  | { readonly kind: 'gone' };

/** Part of a log, read in one step. */
export interface LogSlice {
  /** In order of their places, without gaps. */
  readonly events: readonly LoggedEvent[];
  readonly lastPlace: number;
  readonly oldestPlace: number;
}

export interface Retention {
  /** Events received longer ago are forgotten. */
  readonly maxAgeMs?: number;
  /** So many of the newest are kept. */
  readonly maxCount?: number;
  /** So many of the newest signatures are kept; never fewer than there are events. */
  readonly maxSeen?: number;
  /** So many of the newest parked events are kept. What is forgotten of them stays seen. */
  readonly maxParked?: number;
  /** Parked events that were parked longer ago are forgotten. */
  readonly maxParkedAgeMs?: number;
}

/**
 * The logs of all feeds. Every method is one atomic step for all processes that share the store, and a write that was
 * answered is on the disk.
 *
 * @throws GatewayError as `Records` does; STORE_RECORD_INVALID for what could not be read back as it is.
 */
export interface FeedLog {
  readonly state: (feed: string) => Promise<FeedLogState>;
  readonly append: (feed: string, page: FeedPage) => Promise<AppendResult>;
  /** The events after a place. At most `limit` (default 500), and as many as fit in `maxBytes` of payload (default 1 MiB), but one at least. */
  readonly read: (
    feed: string,
    after: number,
    options?: { readonly limit?: number; readonly maxBytes?: number },
  ) => Promise<LogSlice>;
  /** Which of these signatures the feed has seen: logged, parked, or named as `seen`. Those that are only staged are not. */
  readonly known: (feed: string, signatures: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Parked events, oldest first. `after` = id of the last one before; limit default 100. */
  readonly parked: (
    feed: string,
    options?: { readonly after?: string; readonly limit?: number; readonly ids?: readonly string[] },
  ) => Promise<readonly ParkedEvent[]>;
  /** Forgets what is older than the retention, in batches of at most `limit` rows (default 1 000). Whether more is left. */
  readonly trim: (feed: string, retention: Retention, limit?: number) => Promise<boolean>;
  /** Forgets a feed: its events, signatures, progress and parked events. Places begin anew. */
  readonly remove: (feed: string) => Promise<void>;
  /**
   * Calls with the id of every feed that was appended to, soon after: at once for writes of this process, within half a
   * second for those of others. It may call more often than needed, never too seldom. Ends with the returned function.
   */
  readonly watch: (listener: (feed: string) => void) => () => void;
}
