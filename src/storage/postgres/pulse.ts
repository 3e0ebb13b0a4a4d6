/**
 * Whether the server answers. It is asked all the while on a connection of its own: a network that swallows everything
 * gives no sign by itself, and whoever waits for it would wait until each statement's own limit.
 */
// Not the global ones: a test with a fake clock must not stop the store.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './pg-driver.ts';
import { SqlFault } from './store-error.ts';

export interface Pulse {
  /** As far as it is known. */
  readonly isThere: () => boolean;
  /** Looks at once when the server was away. @throws SqlFault while it is. */
  readonly untilThere: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface PulseOptions {
  /** A connection that is given up when it is not made within `connectLimitMs`. */
  readonly openClient: (connectLimitMs: number) => { readonly client: Client; readonly cut: () => void };
  /** Nobody is at the other end of the connections that there are: what waits there waits in vain. */
  readonly onSilence: () => void;
}

/** Together under five seconds: within that time an orchestrator is told that the store is away. */
const lookEveryMs = 1000;
const answerLimitMs = 3000;
/** A server that is only slow, as one on a machine that is overloaded, makes a connection within that time. */
const connectLimitMs = 4000;
/** While the server is away. */
const lookAgainMs = 500;

/** Begins to ask at once; the first connection is its own to make. */
export function createPulse({ openClient, onSilence }: PulseOptions): Pulse {
  let current: ReturnType<typeof openClient> | undefined;
  let isSilent = false;
  let away: SqlFault | undefined;
  const closing = new AbortController();
  let wake = new AbortController();
  let waiting: (() => void)[] = [];

  const connect = async (): Promise<SqlFault | undefined> => {
    const opened = openClient(connectLimitMs);
    try {
      await opened.client.connect();
      current = opened;
      return undefined;
    } catch (error) {
      opened.cut();
      const fault = new SqlFault(error);
      // A server that says no is there, e.g. one that has no connection left for us; one that starts or stops is not.
      return fault.isFromServer && !fault.state.startsWith('57P') ? undefined : fault;
    }
  };
  const look = async (): Promise<void> => {
    const asked = current;
    const answer = asked && ask(asked.client);
    isSilent = answer !== undefined && !(await isInTime(answer));
    if (answer && !isSilent && (await answer)) return;
    current = undefined;
    const wasAway = away !== undefined;
    away = await connect();
    // Who answers on a new connection and not on an old one has forgotten the old ones; one that was slow has answered.
    const isForgotten = isSilent && !away && !(await isInTime(answer, 0));
    isSilent = false;
    if (isForgotten || (away && !wasAway)) onSilence();
    // Not by `end()`, which waits for an answer.
    asked?.cut();
  };
  const tellWaiting = () => {
    const told = waiting;
    waiting = [];
    for (const tell of told) tell();
  };
  const beat = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await look();
      tellWaiting();
      if (closing.signal.aborted) break;
      const pauseMs = away ? lookAgainMs : lookEveryMs;
      wake = new AbortController();
      await sleep(pauseMs, undefined, { ref: false, signal: wake.signal }).catch(() => {});
    }
    current?.cut();
    tellWaiting();
  };
  const beating = beat();
  return {
    isThere: () => away === undefined && !isSilent,
    async untilThere() {
      if (!away) return;
      wake.abort();
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (away) throw away;
    },
    async close() {
      closing.abort();
      wake.abort();
      await beating;
    },
  };
}

/** Whether it answered; `false` when the connection was lost. */
function ask(client: Client): Promise<boolean> {
  return client.query('SELECT 1').then(
    () => true,
    () => false,
  );
}

async function isInTime(answer: Promise<boolean> | undefined, limitMs = answerLimitMs): Promise<boolean> {
  const coming = answer?.then(() => true);
  const isThere = await Promise.race([coming, sleep(limitMs, false, { ref: false })]);
  // After a standstill of this process the timer comes first, and the answer that has been there since right after it.
  return isThere || (await Promise.race([coming, afterTurns(3)])) || false;
}

async function afterTurns(count: number): Promise<false> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
  return false;
}
