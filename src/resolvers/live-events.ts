/** The events of a feed as they happen, for one group: executed a few at a time, delivered in order. */
import type { GatewayError } from '../errors.ts';
import type { LoggedEvent } from '../storage/feed-log.ts';
import { maxConcurrentEvents, type EventResult, type EventResults } from './event-results.ts';
import type { ReadLogPage } from './log-pages.ts';

export interface LiveEvents {
  /** Place of the last event that was delivered, or passed over because nobody wanted it. */
  readonly front: () => number;
  /** Begins after this place. */
  readonly begin: (place: number) => void;
  /** Takes events that are new, in order. */
  readonly take: (events: readonly LoggedEvent[]) => void;
  /** Works on; to be called when somebody begins to want what happens, or the feed is over. */
  readonly proceed: () => void;
}

export interface LiveEventsOptions {
  readonly results: EventResults;
  readonly readPage: ReadLogPage;
  /** Whether somebody wants what happens now. */
  readonly isWanted: () => boolean;
  readonly deliver: (result: EventResult) => void;
  /** Nothing is left to be done. */
  readonly onRest: () => void;
  /** Events are missing; it goes on with the newest. */
  readonly onGap: (reason: GatewayError) => void;
}

/** Events that wait to be executed; those beyond are forgotten, and read again from the log in their turn. */
const maxPendingCount = 1_000;
/** Characters of their payloads; one waits however large it is. */
const maxPendingSize = 1024 * 1024;
/** How long events are worked on before others get their turn. */
const sliceMs = 10;

export function createLiveEvents(options: LiveEventsOptions): LiveEvents {
  const { results, readPage, isWanted, deliver, onRest, onGap } = options;
  let front = 0;
  /** Place of the last event in `pending`, or after it in `running`. */
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

  function take(events: readonly LoggedEvent[]): void {
    newest = Math.max(newest, events.at(-1)?.place ?? 0);
    // Those who replay come upon the events in the log.
    if (!isWanted() && running.length === 0) return skipTo(newest);
    keep(events);
    pump();
  }

  /** Keeps what follows upon the last that was kept, as far as there is room. */
  function keep(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.place !== accepted + 1) continue;
      const size = event.payload.length;
      const isFull = pending.length >= maxPendingCount || pendingSize + size > maxPendingSize;
      if (isFull && pending.length > 0) return;
      pending.push(event);
      pendingSize += size;
      accepted = event.place;
    }
  }

  function skipTo(place: number): void {
    front = accepted = newest = Math.max(newest, place);
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
      while (running[0]?.result) deliverNext(running.shift()!.result!);
      if (performance.now() < until) continue;
      isPaused = true;
      setImmediate(unpause);
      break;
    }
    pending.splice(0, started);
    isPumping = false;
    if (!isPaused && pending.length === 0 && running.length === 0) void rest();
  }

  function unpause(): void {
    isPaused = false;
    pump();
  }

  function run(event: LoggedEvent): void {
    pendingSize -= event.payload.length;
    const result = results.of(event);
    const slot: (typeof running)[number] = { result: undefined };
    running.push(slot);
    if (result instanceof Promise) void fill(slot, result);
    else slot.result = result;
  }

  async function fill(slot: (typeof running)[number], executing: Promise<EventResult>): Promise<void> {
    slot.result = await executing;
    pump();
  }

  function deliverNext(result: EventResult): void {
    front = Math.max(front, result.place);
    deliver(result);
  }

  /** Reads what was forgotten, where somebody wants it. */
  async function rest(): Promise<void> {
    if (isCatchingUp) return;
    if (accepted >= newest || !isWanted()) return onRest();
    isCatchingUp = true;
    try {
      keep((await readPage(accepted, () => !isWanted())) ?? []);
    } catch (reason) {
      onGap(reason as GatewayError);
      skipTo(newest);
    } finally {
      isCatchingUp = false;
      pump();
    }
  }

  return {
    front: () => front,
    begin: skipTo,
    take,
    proceed: pump,
  };
}
