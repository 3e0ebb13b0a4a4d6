/** Subscribers of one feed who ask the same: each event is executed once, and each of them has its own place. */
import type { ExecutionResult } from 'graphql';
import { GatewayError } from '../errors.ts';
import { expired } from '../feed/event-cursor.ts';
import type { OpenFeed } from '../feed/feeds.ts';
import type { LoggedEvent, LogSlice } from '../storage/feed-log.ts';
import {
  createEventResults,
  maxConcurrentEvents,
  type EventResult,
  type EventResultsOptions,
} from './event-results.ts';
import { SubscriptionMember } from './subscription-member.ts';
import type { AcceptedSubscription, EventSink } from './subscription.ts';

export interface GroupOptions extends EventResultsOptions {
  readonly finish: (result: ExecutionResult) => ExecutionResult;
  /** Nobody can join it any more: it is empty, or its feed is over. */
  readonly onClosed: () => void;
  /** Its last subscriber has gone. */
  readonly onEmpty: () => void;
}

export interface SubscriptionGroup {
  /** Takes a subscriber in. @param feed - released when it leaves */
  readonly accept: (feed: OpenFeed, after: number) => AcceptedSubscription;
}

/** Events that wait to be executed; those beyond are read again from the log. */
const maxPendingCount = 1_000;
/** Characters of their payloads. */
const maxPendingSize = 1024 * 1024;
/** Part of the log that is read at once for a subscriber who catches up; nothing of it is kept while it is blocked. */
const replayPage = { limit: 100, maxBytes: 256 * 1024 };
/** How long events are worked on before others get their turn. */
const sliceMs = 10;
/** Pauses between attempts to read the log. */
const retriesMs = [100, 300, 1_000, 3_000];

/**
 * Makes a group without subscribers.
 *
 * Live events come from the tail of the feed, are executed in order with a few at a time, and go to all who are live. A
 * subscriber whose place is behind `front`, the place of the last event that went to them, replays: it reads the log at its
 * own pace until it has reached `front`, and is live from then on. Both happen in one step, so that nothing is missed and
 * nothing comes twice. Events that come faster than they are executed are forgotten, and read from the log once it is their turn.
 */
export function createSubscriptionGroup(options: GroupOptions): SubscriptionGroup {
  const { cursorAt, finish, onClosed, onEmpty } = options;
  const results = createEventResults(options);
  /** One for each subscriber; the first is the one that the group itself uses. */
  const leases: OpenFeed[] = [];
  const members = new Set<SubscriptionMember>();
  const live = new Set<SubscriptionMember>();
  const replaying = new Set<SubscriptionMember>();
  let listening: { readonly stop: () => void } | undefined;
  let endReason: GatewayError | undefined;

  /** Place of the last event that went to all who are live. */
  let front = 0;
  /** Place of the last event in `pending`. */
  let accepted = 0;
  /** Place of the newest event that is known. */
  let newest = 0;
  let pending: LoggedEvent[] = [];
  let pendingSize = 0;
  /** Being executed, in order. */
  const running: { result: EventResult | undefined }[] = [];
  let isPumping = false;
  let isPaused = false;
  let isCatchingUp = false;

  function listen(feed: OpenFeed): void {
    const listener = feed.listen({ onEvents: takeEvents, onEnd: endFeed });
    listening = listener;
    front = accepted = newest = Math.max(newest, listener.from);
  }

  function takeEvents(events: readonly LoggedEvent[]): void {
    newest = Math.max(newest, events.at(-1)?.place ?? 0);
    // Nobody is live: those who replay will come upon the events in the log.
    if (live.size === 0 && running.length === 0) return skipTo(newest);
    for (const event of events) {
      // After a place that is not here everything is read from the log, in its turn.
      if (event.place === accepted + 1 && hasRoom(event)) keep(event);
    }
    pump();
  }

  function hasRoom({ payload }: LoggedEvent): boolean {
    if (pending.length === 0) return true;
    return pending.length < maxPendingCount && pendingSize + payload.length <= maxPendingSize;
  }

  function keep(event: LoggedEvent): void {
    pending.push(event);
    pendingSize += event.payload.length;
    accepted = event.place;
  }

  function skipTo(place: number): void {
    front = accepted = place;
    pending = [];
    pendingSize = 0;
  }

  /** Executes what is pending and delivers what is done, both in order. */
  function pump(): void {
    if (isPumping || isPaused) return;
    isPumping = true;
    const until = performance.now() + sliceMs;
    let started = 0;
    while (started < pending.length || running[0]?.result) {
      while (started < pending.length && running.length < maxConcurrentEvents) run(pending[started++]!);
      if (!running[0]?.result) break;
      while (running[0]?.result) deliver(running.shift()!.result!);
      if (performance.now() < until) continue;
      isPaused = true;
      setImmediate(unpause);
      break;
    }
    pending.splice(0, started);
    isPumping = false;
    if (!isPaused && pending.length === 0 && running.length === 0) void whenIdle();
  }

  function unpause(): void {
    isPaused = false;
    pump();
  }

  function run(event: LoggedEvent): void {
    pendingSize -= event.payload.length;
    const result = results.of(event);
    if (!(result instanceof Promise)) return void running.push({ result });
    const place: (typeof running)[number] = { result: undefined };
    running.push(place);
    void result.then((done) => {
      place.result = done;
      pump();
    });
  }

  function deliver(result: EventResult): void {
    front = Math.max(front, result.place);
    for (const member of live) member.deliver(result);
  }

  /** Reads what was forgotten, and ends those who are live once a feed that is over has told everything. */
  async function whenIdle(): Promise<void> {
    if (isCatchingUp || members.size === 0) return;
    if (accepted >= newest || live.size === 0) {
      if (endReason) endAll(live, endReason);
      return;
    }
    isCatchingUp = true;
    try {
      const slice = await readLog(accepted, () => members.size === 0);
      if (!slice) return;
      const before = accepted;
      const gap = gapAfter(accepted, slice);
      if (!gap) for (const event of slice.events) if (event.place === accepted + 1) keep(event);
      if (accepted > before) return;
      endAll(live, gap ?? begunAnew());
      skipTo(newest);
    } catch (error) {
      endAll(live, toReason(error));
      skipTo(newest);
    } finally {
      isCatchingUp = false;
      pump();
    }
  }

  /** What a subscriber after this place cannot be given any more. */
  function gapAfter(place: number, { oldestPlace }: LogSlice): GatewayError | undefined {
    return oldestPlace > place + 1 ? expired(cursorAt(oldestPlace - 1)) : undefined;
  }

  function endAll(those: ReadonlySet<SubscriptionMember>, reason: GatewayError): void {
    for (const member of [...those]) member.end(reason);
  }

  function endFeed(reason: GatewayError): void {
    endReason = reason;
    onClosed();
    endAll(new Set([...members].filter((member) => !live.has(member))), reason);
    pump();
  }

  /** Sends what the log has until the member is live, blocked or over. */
  async function replay(member: SubscriptionMember): Promise<void> {
    if (replaying.has(member)) return;
    replaying.add(member);
    try {
      while (member.canTake) {
        if (member.place >= front) return goLive(member);
        const page = await nextResults(member);
        if (!page) return;
        await sendPage(member, page);
        // Whoever replays a long log leaves turns to the others.
        await new Promise((resolve) => void setImmediate(resolve));
      }
    } catch (error) {
      member.end(toReason(error));
    } finally {
      replaying.delete(member);
    }
  }

  function goLive(member: SubscriptionMember): void {
    if (endReason && accepted >= newest && running.length === 0) return member.end(endReason);
    live.add(member);
    // What was forgotten while nobody was live is read now.
    pump();
  }

  /** Events after the place of a member: those that are remembered, else a page of the log. */
  async function nextResults(member: SubscriptionMember): Promise<readonly (LoggedEvent | Recent)[] | undefined> {
    const recent: Recent[] = [];
    for (let place = member.place + 1; recent.length < replayPage.limit; place += 1) {
      const result = results.recent(place);
      if (!result) break;
      recent.push({ result });
    }
    if (recent.length > 0) return recent;
    const { place } = member;
    const slice = await readLog(place, () => !member.canTake);
    if (!slice) return undefined;
    const gap = gapAfter(place, slice);
    if (!gap && slice.events.length > 0) return slice.events;
    member.end(gap ?? begunAnew());
    return undefined;
  }

  async function sendPage(member: SubscriptionMember, page: readonly (LoggedEvent | Recent)[]): Promise<void> {
    const started: (EventResult | Promise<EventResult>)[] = [];
    for (let index = 0; index < page.length && member.canTake; index += 1) {
      // A few are executed ahead, so that their joins are loaded together; none of them when the first needs no wait.
      const ahead = started[index - 1] instanceof Promise ? maxConcurrentEvents : 1;
      while (started.length < Math.min(page.length, index + ahead)) started.push(resultOf(page[started.length]!));
      const result = started[index]!;
      const ready = result instanceof Promise ? await result : result;
      if (member.canTake && ready.place > member.place) member.send(ready);
    }
  }

  function resultOf(next: LoggedEvent | Recent): EventResult | Promise<EventResult> {
    return 'result' in next ? next.result : results.of(next);
  }

  /** Reads the log, again after a while when that fails. `undefined` when nobody wants it any more. */
  async function readLog(after: number, isUnwanted: () => boolean): Promise<LogSlice | undefined> {
    for (const pauseMs of [...retriesMs, undefined]) {
      const [feed] = leases;
      if (!feed || isUnwanted()) return undefined;
      try {
        return await feed.read(after, replayPage);
      } catch (error) {
        if (pauseMs === undefined) throw error;
        await new Promise((resolve) => void setTimeout(resolve, pauseMs).unref());
      }
    }
    return undefined;
  }

  /** One subscriber less; which of the equal leases is given back does not matter, so long as the group keeps its own. */
  function leave(): void {
    leases.pop()?.release();
    if (leases.length > 0) return;
    listening?.stop();
    onClosed();
    onEmpty();
  }

  function begin(sink: EventSink, after: number): SubscriptionMember {
    const member: SubscriptionMember = new SubscriptionMember({
      sink,
      place: after,
      cursorAt,
      finish,
      onReady: () => {
        if (!live.has(member)) void replay(member);
      },
      onOver: () => {
        members.delete(member);
        live.delete(member);
        leave();
      },
    });
    members.add(member);
    if (!listening) listen(leases[0]!);
    // Whoever begins is answered first; nothing comes before.
    queueMicrotask(() => void replay(member));
    return member;
  }

  return {
    accept(feed, after) {
      leases.push(feed);
      let isOpen = true;
      const take = (): void => {
        if (!isOpen) throw new TypeError('A subscription is started once.');
        isOpen = false;
      };
      return {
        start(sink) {
          take();
          const member = begin(sink, after);
          return { resume: () => member.resume(), stop: () => member.stop() };
        },
        discard() {
          if (!isOpen) return;
          take();
          leave();
        },
      };
    },
  };
}

/** A result that is remembered. */
interface Recent {
  readonly result: EventResult | Promise<EventResult>;
}

function begunAnew(): GatewayError {
  return new GatewayError('FEED_ENDED', 'The log of this feed was begun anew.');
}

function toReason(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('INTERNAL_ERROR', 'The events could not be read.', { cause: error });
}
