/** A subscriber of tests: it writes down what it is sent, and takes it as slowly as it is told to. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import type { EventSink } from '../../src/resolvers/subscription.ts';
import type { WaitingRoom } from '../../src/resolvers/waiting-room.ts';

export interface RecordingSink extends EventSink {
  readonly payloads: readonly string[];
  readonly cursors: readonly (string | undefined)[];
  /** Errors with which it ended; `undefined` while it has not. */
  readonly ended: () => ExecutionResult | 'complete' | undefined;
  /** So many results it takes before it wants to wait. */
  room: number;
}

/** @param room - default: without end. @param waitingRoom - shared with other sinks of one client. */
export function recordingSink(room = Infinity, waitingRoom?: WaitingRoom): RecordingSink {
  const payloads: string[] = [];
  const cursors: (string | undefined)[] = [];
  let ended: ExecutionResult | 'complete' | undefined;
  let isCalled = false;
  const alone = <T>(work: () => T): T => {
    if (isCalled) throw new Error('A sink was called from within its own call.');
    if (ended !== undefined) throw new Error('A sink was called after its end.');
    isCalled = true;
    try {
      return work();
    } finally {
      isCalled = false;
    }
  };
  const sink: RecordingSink = {
    payloads,
    cursors,
    ended: () => ended,
    room,
    waitingRoom,
    send: (payload, cursor) =>
      alone(() => {
        payloads.push(payload);
        cursors.push(cursor);
        sink.room -= 1;
        return sink.room > 0;
      }),
    end: (errors) => alone(() => (ended = errors ?? 'complete')),
  };
  return sink;
}

/** Waits until something is so; the test's own time limit ends it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** Lets whatever is under way in memory come to rest. */
export async function atRest(): Promise<void> {
  for (let index = 0; index < 50; index += 1) await turn();
}
