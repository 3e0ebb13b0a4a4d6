/** What events become for one group of subscribers: each is executed and serialized once, and remembered for a while. */
import type { ExecutionResult } from 'graphql';
import type { LoggedEvent } from '../storage/feed-log.ts';

/** An event, ready to be sent. */
export interface EventResult {
  readonly place: number;
  /** The cursor behind it. */
  readonly cursor: string;
  /** An ExecutionResult as JSON text; absent: these subscribers are not told of the event. */
  readonly payload: string | undefined;
}

export interface EventResults {
  /** At once where nothing has to be waited for. It never rejects: what fails is an error in its own result. */
  readonly of: (event: LoggedEvent) => EventResult | Promise<EventResult>;
  /** What is remembered of the event at a place. */
  readonly recent: (place: number) => EventResult | Promise<EventResult> | undefined;
  /** Nobody is behind: what is remembered is not needed. */
  readonly forget: () => void;
}

/** How much all groups of a graph may remember together: those who remember most lately keep what they have. */
export class ResultMemory {
  readonly #maxSize: number;
  /** What each group remembers; the one that has remembered nothing for longest is first. */
  readonly #groups = new Map<() => void, number>();
  #size = 0;

  /** @param maxSize - characters of payloads. */
  constructor(maxSize = 32 * 1024 * 1024) {
    this.#maxSize = maxSize;
  }

  /** Characters that are remembered now. */
  get size(): number {
    return this.#size;
  }

  /** Says how much a group remembers. @param forget - called when it has to forget everything; it says so then. */
  set(forget: () => void, size: number): void {
    this.#size += size - (this.#groups.get(forget) ?? 0);
    this.#groups.delete(forget);
    if (size > 0) this.#groups.set(forget, size);
    for (const oldest of this.#groups.keys()) {
      if (this.#size <= this.#maxSize || oldest === forget) return;
      oldest();
    }
  }
}

export interface EventResultsOptions {
  readonly cursorAt: (place: number) => string;
  readonly isTold: (event: LoggedEvent) => boolean;
  /** Shared by all groups. */
  readonly memory: ResultMemory;
  /** Whether somebody may still need what others were sent: who is behind replays it. */
  readonly isRemembering: () => boolean;
  /** It never throws. */
  readonly execute: (event: LoggedEvent, cursor: string) => ExecutionResult | Promise<ExecutionResult>;
}

/** Events of one group that are waited for at a time, such as those whose joins are loaded. */
export const maxConcurrentEvents = 8;

/** Results that are remembered, so that subscribers who come back together are served together. */
const maxRecentCount = 1_000;
/** Characters of their payloads. */
const maxRecentSize = 1024 * 1024;

/** Makes and remembers the results of one group. */
export function createEventResults(options: EventResultsOptions): EventResults {
  const { cursorAt, isTold, execute, memory, isRemembering } = options;
  const results = new Map<number, EventResult | Promise<EventResult>>();
  const waiting: (() => void)[] = [];
  let runningCount = 0;
  let size = 0;

  const isFull = (): boolean => runningCount >= maxConcurrentEvents;

  function start(event: LoggedEvent): EventResult | Promise<EventResult> {
    const { place } = event;
    const cursor = cursorAt(place);
    if (!isTold(event)) return { place, cursor, payload: undefined };
    const executed = execute(event, cursor);
    if (!(executed instanceof Promise)) return { place, cursor, payload: serialize(executed, cursor) };
    return finish(executed, place, cursor);
  }

  async function finish(executed: Promise<ExecutionResult>, place: number, cursor: string): Promise<EventResult> {
    runningCount += 1;
    try {
      return { place, cursor, payload: serialize(await executed, cursor) };
    } finally {
      runningCount -= 1;
      waiting.shift()?.();
    }
  }

  async function startLater(event: LoggedEvent): Promise<EventResult> {
    await new Promise<void>((resolve) => void waiting.push(resolve));
    // Somebody who did not wait may have come first.
    if (isFull()) return startLater(event);
    const result = start(event);
    // It did not take the turn that it was given.
    if (!(result instanceof Promise)) waiting.shift()?.();
    return result;
  }

  function remember(result: EventResult): EventResult {
    results.delete(result.place);
    if (!isRemembering()) return result;
    results.set(result.place, result);
    size += sizeOf(result);
    forgetDownTo(maxRecentCount, maxRecentSize);
    memory.set(forget, size);
    return result;
  }

  function forgetDownTo(maxCount: number, maxSize: number): void {
    for (const [place, oldest] of results) {
      if (results.size <= maxCount && size <= maxSize) break;
      // One under way is waited for, and there are but few.
      if (oldest instanceof Promise) continue;
      results.delete(place);
      size -= sizeOf(oldest);
    }
  }

  function forget(): void {
    forgetDownTo(0, 0);
    memory.set(forget, size);
  }

  return {
    recent: (place) => results.get(place),
    forget,
    of(event) {
      const known = results.get(event.place);
      if (known) return known;
      const result = isFull() ? startLater(event) : start(event);
      if (!(result instanceof Promise)) return remember(result);
      const remembered = result.then(remember);
      results.set(event.place, remembered);
      return remembered;
    },
  };
}

/** What counts against limits of memory. */
export function sizeOf({ payload }: EventResult): number {
  return payload?.length ?? 0;
}

function serialize(result: ExecutionResult, cursor: string): string {
  return JSON.stringify({ ...result, extensions: { ...result.extensions, cursor } });
}
