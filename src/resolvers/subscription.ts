/** What a subscription is to the server that carries it: events come serialized, once for all that ask the same. */
import type { ExecutionResult } from 'graphql';
import type { WaitingRoom } from './waiting-room.ts';

/** What the server gives with a subscription. */
export interface SubscriptionOptions {
  /** Time limit of executing one event. */
  readonly eventTimeoutMs: number;
  /** The last hand on every result before it is serialized: masks what nobody foresaw. */
  readonly finish: (result: ExecutionResult) => ExecutionResult;
}

/** Where the events of one subscriber go. It is never called from within its own calls. */
export interface EventSink {
  /**
   * Takes one result.
   *
   * @param payload - an ExecutionResult as JSON text, with `extensions.cursor`.
   * @param cursor - the place after this event.
   * @returns `false` when nothing more should come until `resume` of the running subscription is called.
   */
  readonly send: (payload: string, cursor: string | undefined) => boolean;
  /** Asked before each result, where what is sent to has other subscriptions that may have filled it. Default: as `send` said. */
  readonly canTake?: (() => boolean) | undefined;
  /** The subscription is over; with errors when it did not end by itself. Nothing is called afterwards. */
  readonly end: (errors?: ExecutionResult) => void;
  /** Where results wait while nothing more should come; one for all subscriptions of a client. Default: one of its own. */
  readonly waitingRoom?: WaitingRoom | undefined;
}

export interface RunningSubscription {
  /** The sink can take more. */
  readonly resume: () => void;
  /** The subscriber has gone. Its sink is not called any more. */
  readonly stop: () => void;
}

/** A subscription that was accepted: begin it once the subscriber is ready. */
export interface AcceptedSubscription {
  readonly start: (sink: EventSink) => RunningSubscription;
  /** Gives up what was never started. */
  readonly discard: () => void;
}

/** `refused`: errors of the request or of the root field, to be sent as they are. */
export type SubscribeResult =
  | { readonly kind: 'accepted'; readonly subscription: AcceptedSubscription }
  | { readonly kind: 'refused'; readonly result: ExecutionResult };
