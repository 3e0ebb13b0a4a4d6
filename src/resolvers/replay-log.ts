/** Sends a subscriber what it has not seen, at its own pace, until it has caught up with those who are live. */
import type { GatewayError } from '../errors.ts';
import type { LoggedEvent } from '../storage/feed-log.ts';
import { maxConcurrentEvents, type EventResult, type EventResults } from './event-results.ts';
import type { ReadLogPage } from './log-pages.ts';
import type { SubscriptionMember } from './subscription-member.ts';

export interface ReplayOptions {
  readonly results: EventResults;
  readonly readPage: ReadLogPage;
  /** Place of the last event that went to those who are live. */
  readonly front: () => number;
  /** It has seen all up to there. Called in the same step in which that was found out, so nothing comes in between. */
  readonly onCaughtUp: (member: SubscriptionMember) => void;
}

/** Results that are sent in one turn. */
const maxTurn = 100;

/** Makes the function that sends until the member has caught up, is blocked, or is over; it may be called at any time. */
export function createReplay({ results, readPage, front, onCaughtUp }: ReplayOptions) {
  const replaying = new Set<SubscriptionMember>();

  async function replay(member: SubscriptionMember): Promise<void> {
    if (replaying.has(member)) return;
    replaying.add(member);
    try {
      while (member.canTake) {
        if (member.place >= front()) return onCaughtUp(member);
        const next = recentAfter(member.place) ?? (await readPage(member.place, () => !member.canTake));
        await send(member, next ?? []);
        // Whoever replays a long log leaves turns to the others.
        await new Promise((resolve) => void setImmediate(resolve));
      }
    } catch (reason) {
      member.end(reason as GatewayError);
    } finally {
      replaying.delete(member);
    }
  }

  /** What is remembered of the events after a place. */
  function recentAfter(after: number): readonly Executing[] | undefined {
    const recent: Executing[] = [];
    while (recent.length < maxTurn) {
      const result = results.recent(after + recent.length + 1);
      if (!result) break;
      recent.push(result);
    }
    return recent.length > 0 ? recent : undefined;
  }

  async function send(member: SubscriptionMember, next: readonly (LoggedEvent | Executing)[]): Promise<void> {
    const started: Executing[] = [];
    for (let index = 0; index < next.length && member.canTake; index += 1) {
      // A few are executed ahead, so that their joins are loaded at the same time; none where nothing is waited for.
      const ahead = started[index - 1] instanceof Promise ? maxConcurrentEvents : 1;
      while (started.length < Math.min(next.length, index + ahead)) started.push(resultOf(next[started.length]!));
      const result = started[index]!;
      const ready = result instanceof Promise ? await result : result;
      if (member.canTake && ready.place > member.place) member.send(ready);
    }
  }

  function resultOf(next: LoggedEvent | Executing): Executing {
    return 'receivedAt' in next ? results.of(next) : next;
  }

  return (member: SubscriptionMember): void => void replay(member);
}

type Executing = EventResult | Promise<EventResult>;
