/** One subscriber of a group: where it stands, and what waits for it while it takes nothing. */
import { GraphQLError, type ExecutionResult } from 'graphql';
import { type GatewayError, InputError } from '../errors.ts';
import { sizeOf, type EventResult } from './event-results.ts';
import type { EventSink } from './subscription.ts';
import { WaitingRoom } from './waiting-room.ts';

/** While it is blocked, so many results wait for a live subscriber. */
const maxWaitingCount = 1_000;

export interface MemberOptions {
  readonly sink: EventSink;
  /** Nothing up to this place is sent. */
  readonly place: number;
  readonly cursorAt: (place: number) => string;
  readonly finish: (result: ExecutionResult) => ExecutionResult;
  /** It can take more, and nothing waits for it. */
  readonly onReady: () => void;
  /** It is over; called once. */
  readonly onOver: () => void;
}

/** A subscriber that has begun. */
export class SubscriptionMember {
  readonly #options: MemberOptions;
  /** In the order of their places. */
  #waiting: EventResult[] = [];
  readonly #room: WaitingRoom;
  #place: number;
  #isBlocked = false;
  #isSending = false;
  #isOver = false;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#room = options.sink.waitingRoom ?? new WaitingRoom();
    this.#place = options.place;
  }

  /** Place of the last event that it was sent, or that it is not told of. */
  get place(): number {
    return this.#place;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether something may be sent at once. */
  get canTake(): boolean {
    if (this.#isOver || this.#isBlocked) return false;
    const { sink } = this.#options;
    return sink.canTake === undefined || sink.canTake();
  }

  /** Sends the next event; only while it can take one. */
  send(result: EventResult): void {
    this.#place = result.place;
    if (result.payload === undefined) return;
    // The sink may answer with `resume` before it returns.
    this.#isBlocked = true;
    this.#isSending = true;
    try {
      if (this.#options.sink.send(result.payload, result.cursor)) this.#isBlocked = false;
    } catch {
      // A sink that fails has lost its subscriber.
      this.stop();
    } finally {
      this.#isSending = false;
    }
  }

  /** Sends an event that happens now, or keeps it; a subscriber for whom too many are kept is told where to go on. */
  deliver(result: EventResult): void {
    if (this.#isOver || result.place <= this.#place) return;
    if (this.#waiting.length === 0 && this.canTake) return this.send(result);
    if (result.payload === undefined) return;
    if (this.#waiting.length >= maxWaitingCount || !this.#room.take(sizeOf(result))) return this.end(lagged());
    this.#waiting.push(result);
  }

  /** The sink can take more. */
  resume(): void {
    if (this.#isOver) return;
    this.#isBlocked = false;
    // Whoever sends looks again by itself.
    if (this.#isSending) return;
    while (this.canTake && this.#waiting.length > 0) {
      const result = this.#waiting.shift()!;
      this.#room.give(sizeOf(result));
      this.send(result);
    }
    if (this.canTake) this.#options.onReady();
  }

  /** Ends it with an error that says where to go on. */
  end(reason: GatewayError): void {
    if (this.#isOver) return;
    const { sink, finish, cursorAt } = this.#options;
    const extensions = { cursor: cursorAt(this.#place), ...reason.extensions };
    const errors = finish({ errors: [new GraphQLError(reason.message, { originalError: reason, extensions })] });
    const isSending = this.#isSending;
    this.stop();
    // A sink is never called from within its own calls.
    if (isSending) queueMicrotask(() => sink.end(errors));
    else sink.end(errors);
  }

  /** It has gone; its sink is not called any more. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const result of this.#waiting) this.#room.give(sizeOf(result));
    this.#waiting = [];
    this.#options.onOver();
  }
}

function lagged(): InputError {
  const message =
    'Events came faster than they were taken, and more than 1 000 of them, or 1 MiB for all subscriptions of this connection, waited. Subscribe again with the `cursor` of this error as `after`.';
  return new InputError('LAGGED', message);
}
