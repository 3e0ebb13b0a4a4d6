/** Subscribers of one feed who ask the same: each event is executed once, and each of them has its own place. */
import type { ExecutionResult } from 'graphql';
import type { GatewayError } from '../errors.ts';
import type { OpenFeed } from '../feed/feeds.ts';
import { createEventResults, type EventResultsOptions } from './event-results.ts';
import { createLiveEvents } from './live-events.ts';
import { createReadLogPage } from './log-pages.ts';
import { createReplay } from './replay-log.ts';
import { SubscriptionMember } from './subscription-member.ts';
import type { AcceptedSubscription, EventSink } from './subscription.ts';

export interface GroupOptions extends Omit<EventResultsOptions, 'isRemembering'> {
  readonly finish: (result: ExecutionResult) => ExecutionResult;
  /** Nobody can join it any more: it is empty, or its feed is over. Called once at least. */
  readonly onClosed: () => void;
  /** Its last subscriber has gone. */
  readonly onEmpty: () => void;
}

export interface SubscriptionGroup {
  /** Takes a subscriber in. @param feed - released when it leaves @throws TypeError after `onClosed` */
  readonly accept: (feed: OpenFeed, after: number) => AcceptedSubscription;
}

/**
 * Makes a group without subscribers.
 *
 * What happens goes to all who are live. A subscriber whose place is behind theirs replays the log at its own pace, and is
 * live from the step in which it has reached their place: nothing is missed and nothing comes twice.
 */
export function createSubscriptionGroup(options: GroupOptions): SubscriptionGroup {
  const { cursorAt, finish, onClosed, onEmpty } = options;
  /** One for each subscriber; the first is the one that the group itself uses. */
  const leases: OpenFeed[] = [];
  const members = new Set<SubscriptionMember>();
  const live = new Set<SubscriptionMember>();
  let listening: { readonly stop: () => void } | undefined;
  let endReason: GatewayError | undefined;
  let isClosed = false;

  const results = createEventResults({ ...options, isRemembering: () => live.size < members.size });
  const readPage = createReadLogPage(() => leases[0], cursorAt);
  const events = createLiveEvents({
    results,
    readPage,
    isWanted: () => live.size > 0,
    deliver: (result) => live.forEach((member) => member.deliver(result)),
    // A feed that is over has told everything now.
    onRest: () => endReason && endAll([...live], endReason),
    onGap: (reason) => endAll([...live], reason),
  });
  const replay = createReplay({ results, readPage, front: events.front, onCaughtUp: goLive });

  function goLive(member: SubscriptionMember): void {
    live.add(member);
    forgetIfLive();
    events.proceed();
  }

  /** What members who are live and blocked have not taken is kept by them. */
  function forgetIfLive(): void {
    if (live.size === members.size) results.forget();
  }

  function listen(feed: OpenFeed): void {
    const { from, stop } = feed.listen({ onEvents: events.take, onEnd: endFeed });
    listening = { stop };
    events.begin(from);
  }

  function close(): void {
    isClosed = true;
    onClosed();
  }

  function endFeed(reason: GatewayError): void {
    endReason = reason;
    close();
    endAll(
      [...members].filter((member) => !live.has(member)),
      reason,
    );
    events.proceed();
  }

  function endAll(those: readonly SubscriptionMember[], reason: GatewayError): void {
    for (const member of those) member.end(reason);
  }

  function begin(sink: EventSink, after: number): SubscriptionMember {
    const member: SubscriptionMember = new SubscriptionMember({
      sink,
      place: after,
      cursorAt,
      finish,
      onReady: () => {
        if (!live.has(member)) replay(member);
      },
      onOver: () => {
        members.delete(member);
        live.delete(member);
        forgetIfLive();
        leave();
      },
    });
    members.add(member);
    if (!listening) listen(leases[0]!);
    // Whoever begins is answered first; nothing comes before.
    queueMicrotask(() => replay(member));
    return member;
  }

  /** One subscriber less. Which of the equal leases is given back does not matter, so long as the group keeps its own. */
  function leave(): void {
    leases.pop()?.release();
    if (leases.length > 0) return;
    listening?.stop();
    close();
    onEmpty();
  }

  return {
    accept(feed, after) {
      if (isClosed) throw new TypeError('A group that is closed takes nobody in.');
      leases.push(feed);
      let isTaken = false;
      return {
        start(sink) {
          if (isTaken) throw new TypeError('A subscription is started once.');
          isTaken = true;
          const member = begin(sink, after);
          return { resume: () => member.resume(), stop: () => member.stop() };
        },
        discard() {
          if (isTaken) return;
          isTaken = true;
          leave();
        },
      };
    },
  };
}
