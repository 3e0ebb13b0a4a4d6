/** Writes the pages of one tick: what is new in each, with the progress, in one transaction. */
import { createHash } from 'node:crypto';
import type { TriggerEvent } from '../connector/run-trigger.ts';
import { GatewayError } from '../errors.ts';
import type { FeedLog, FeedLogState, FeedPage, NewParked } from '../storage/feed-log.ts';
import type { PreparedEvents } from './prepare-events.ts';
import { readProgress, writeProgress, type FeedProgress } from './progress.ts';

/** What of a page the feed has not seen. */
export interface News {
  readonly events: readonly TriggerEvent[];
  readonly parked: readonly NewParked[];
  /** Signatures of events of the page that were seen: logged, parked or ground. */
  readonly known: ReadonlySet<string>;
}

export interface PageWriter {
  /** Signatures that are ground count as seen, unless `isReplay`: what was there before the feed is news to its log. */
  readonly newsOf: (prepared: PreparedEvents, isReplay?: boolean) => Promise<News>;
  /**
   * Writes a page, or nothing when it would change nothing: an idle poll costs no flush to the disk. How many events the
   * log has more.
   *
   * @throws GatewayError LEASE_LOST when another process polls this feed.
   */
  readonly write: (progress: FeedProgress, page: PageOfTick) => Promise<number>;
  /** What was left out of the last write because it is staged already. */
  readonly repeated: () => number;
}

export interface PageOfTick extends Pick<FeedPage, 'publish' | 'unstage'> {
  readonly events?: readonly TriggerEvent[];
  readonly staged?: readonly TriggerEvent[];
  readonly parked?: readonly NewParked[];
  /** Events that are never delivered, because they were there before the feed. */
  readonly ground?: readonly TriggerEvent[];
}

/** Events of one transaction; a larger page is written in several, of which only the last moves the cursor. */
const maxEventsPerWrite = 1_000;

export function createPageWriter(
  { feed, log, fence }: { readonly feed: string; readonly log: FeedLog; readonly fence: number },
  initial: FeedLogState,
): PageWriter {
  let state = initial;
  let repeated = 0;
  let written = initial.progress && JSON.stringify(writeProgress(readProgress(feed, initial.progress)));
  const append = async (page: FeedPage): Promise<number> => {
    const result = await log.append(feed, { ...page, fence });
    if (result.kind !== 'appended') {
      throw new GatewayError('LEASE_LOST', `Feed ${feed} is polled by another process now, so this poll was dropped.`);
    }
    state = result.state;
    repeated += result.known;
    return result.logged;
  };
  return {
    repeated: () => repeated,
    async newsOf({ events, parked }, isReplay = false) {
      const signatures = [...events, ...parked].flatMap(({ signature }) => signature ?? []);
      const grounds = isReplay ? [] : events.map(({ signature }) => groundSignature(signature));
      if (signatures.length === 0) return { events, parked, known: new Set() };
      const found = await log.known(feed, [...signatures, ...grounds]);
      const isKnown = (signature: string) =>
        found.has(signature) || (!isReplay && found.has(groundSignature(signature)));
      return {
        events: events.filter(({ signature }) => !isKnown(signature)),
        parked: parked.filter(({ signature }) => signature === undefined || !found.has(signature)),
        known: new Set(events.map(({ signature }) => signature).filter(isKnown)),
      };
    },
    async write(progress, page) {
      const json = writeProgress(progress);
      const text = JSON.stringify(json);
      if (text === written && !hasContent(page, state)) return 0;
      const { events: _events, staged: _staged, ground = [], ...rest } = page;
      const seen = ground.map(({ signature }) => groundSignature(signature));
      const parts = split(page);
      const last = parts.pop();
      let logged = 0;
      repeated = 0;
      for (const part of parts) logged += await append(part);
      const { version } = state;
      logged += await append({ ...rest, ...(seen.length > 0 && { seen }), ...last, progress: json, version });
      written = text;
      return logged;
    },
  };
}

function hasContent({ events, staged, parked, ground, publish, unstage }: PageOfTick, state: FeedLogState): boolean {
  const isAny = [events, staged, parked, ground].some((part) => part !== undefined && part.length > 0);
  return isAny || ((publish === true || unstage === true) && state.stagedCount > 0);
}

/** In parts of at most a thousand events, in their order. */
function split({ events, staged }: PageOfTick): Pick<FeedPage, 'events' | 'staged'>[] {
  const key = events ? 'events' : 'staged';
  const all = events ?? staged ?? [];
  const parts: Pick<FeedPage, 'events' | 'staged'>[] = [];
  for (let start = 0; start < all.length; start += maxEventsPerWrite) {
    parts.push({ [key]: all.slice(start, start + maxEventsPerWrite) });
  }
  return parts;
}

/**
 * Ground is kept under names of its own: an event that the log has is never logged again, one that only was there before
 * the feed may be, when somebody asks for a replay.
 */
function groundSignature(signature: string): string {
  const name = `ground ${signature}`;
  return name.length <= 512 ? name : `ground ${createHash('sha256').update(signature).digest('base64url')}`;
}
