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
}

export interface PageOfTick extends Pick<FeedPage, 'publish' | 'unstage'> {
  readonly events?: readonly TriggerEvent[];
  readonly staged?: readonly TriggerEvent[];
  readonly parked?: readonly NewParked[];
  /** What is never delivered, nor parked, because it was there before the feed. */
  readonly ground?: Pick<News, 'events' | 'parked'>;
}

export function createPageWriter(
  { feed, log, fence }: { readonly feed: string; readonly log: FeedLog; readonly fence: number },
  initial: FeedLogState,
): PageWriter {
  let state = initial;
  let written = initial.progress && JSON.stringify(writeProgress(readProgress(feed, initial.progress)));
  const append = async (page: FeedPage): Promise<number> => {
    const result = await log.append(feed, { ...page, fence });
    if (result.kind !== 'appended') {
      throw new GatewayError('LEASE_LOST', `Feed ${feed} is polled by another process now, so this poll was dropped.`);
    }
    state = result.state;
    return result.logged;
  };
  return {
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
      const { ground, ...rest } = page;
      const seen = [
        ...(ground?.events ?? []).map(({ signature }) => groundSignature(signature)),
        ...(ground?.parked ?? []).flatMap(({ signature }) => signature ?? []),
      ];
      const { version } = state;
      const logged = await append({ ...rest, ...(seen.length > 0 && { seen }), progress: json, version });
      written = text;
      return logged;
    },
  };
}

function hasContent({ events, staged, parked, ground, publish, unstage }: PageOfTick, state: FeedLogState): boolean {
  const isAny = [events, staged, parked, ground?.events, ground?.parked].some(
    (part) => part !== undefined && part.length > 0,
  );
  return isAny || ((publish === true || unstage === true) && state.stagedCount > 0);
}

/**
 * Ground is kept under names of its own: an event that the log has is never logged again, one that only was there before
 * the feed may be, when somebody asks for a replay.
 */
function groundSignature(signature: string): string {
  const name = `ground ${signature}`;
  return name.length <= 512 ? name : `ground ${createHash('sha256').update(signature).digest('base64url')}`;
}
