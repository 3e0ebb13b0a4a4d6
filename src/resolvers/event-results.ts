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
}

export interface EventResultsOptions {
  readonly cursorAt: (place: number) => string;
  readonly isTold: (event: LoggedEvent) => boolean;
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
export function createEventResults({ cursorAt, isTold, execute }: EventResultsOptions): EventResults {
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
    results.set(result.place, result);
    size += sizeOf(result);
    for (const [place, oldest] of results) {
      if (results.size <= maxRecentCount && size <= maxRecentSize) break;
      // One under way is waited for, and there are but few.
      if (oldest instanceof Promise) continue;
      results.delete(place);
      size -= sizeOf(oldest);
    }
    return result;
  }

  return {
    recent: (place) => results.get(place),
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
