/** One stream of server-sent events: the frames of one operation, and whether its client reads them. */
import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import type { Ending, OperationStream, Outlet } from './operation-stream.ts';
import { Outbound } from './outbound.ts';
import type { SubscriptionSettings } from './subscription-settings.ts';

export interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  readonly settings: SubscriptionSettings;
  /** Frame of an answer, made once for all streams that it goes to. */
  readonly frameOf: (payload: string, cursor: string | undefined) => Buffer;
  /** The client has gone, or everything was sent. Called once. */
  readonly onClose: () => void;
}

/** Whether the client of a response has gone already: nothing tells of it any more. */
export function hasLeft({ destroyed, req }: ServerResponse): boolean {
  return destroyed || req.socket.destroyed;
}

/**
 * Distinct connections mode of GraphQL over SSE: `next` events, then `complete`.
 *
 * A stream that is cut without `complete` is to be resumed: EventSource does so by itself, with `Last-Event-ID`.
 *
 * @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */
export class EventStream implements Outlet {
  readonly #response: ServerResponse;
  readonly #frameOf: EventStreamOptions['frameOf'];
  readonly #outbound: Outbound;
  readonly #settings: SubscriptionSettings;
  #operation: OperationStream | undefined;
  #wroteAt = performance.now();
  #isOver = false;

  constructor({ response, headers, settings, frameOf, onClose }: EventStreamOptions) {
    this.#response = response;
    this.#frameOf = frameOf;
    this.#settings = settings;
    response.writeHead(200, { ...headers, ...eventStreamHeaders });
    // Spread, so that many who lost one gateway do not come back at one moment.
    response.write(`retry: ${1_000 + Math.floor(Math.random() * 2_000)}\n\n`);
    this.#outbound = new Outbound(response, settings.maxBufferedBytes, () => this.#operation?.resume());
    response.once('close', () => {
      this.#isOver = true;
      this.#operation?.stop();
      onClose();
    });
  }

  /** Tells whose answers these are, so that it is told when to go on and when to stop. */
  serve(operation: OperationStream): void {
    this.#operation = operation;
    if (this.#response.destroyed) operation.stop();
  }

  readonly next = (payload: string, cursor: string | undefined): boolean => {
    if (this.#isOver) return false;
    if (this.#outbound.isOverfull) {
      this.cut();
      return false;
    }
    this.#wroteAt = performance.now();
    this.#response.write(this.#frameOf(payload, cursor));
    return this.#outbound.mayWrite();
  };

  readonly end = (ending: Ending): void => {
    if (this.#isOver) return;
    if (ending.kind !== 'complete') this.#fail(ending.errors);
    this.#isOver = true;
    this.#response.end(completeFrame);
  };

  /** Ends with an error that stands beside the operation. */
  fail(errors: readonly GraphQLFormattedError[]): void {
    this.#operation?.stop();
    this.end({ kind: 'broken', errors });
  }

  /**
   * The gateway stops: a subscription ends without `complete`, to be resumed; what is answered once is answered.
   *
   * @returns whether it has ended.
   */
  leave(): boolean {
    if (!this.#isOver && this.#operation?.isSubscription) {
      this.#isOver = true;
      this.#operation.stop();
      this.#response.end();
    }
    return this.#isOver;
  }

  /** Ends at once; what was not read is lost, and is to be resumed. */
  cut(): void {
    this.#response.destroy();
  }

  /** Does what is due; to be called a few times per `keepAliveMs`. */
  tick(now: number): void {
    const { keepAliveMs, stuckMs } = this.#settings;
    if (this.#outbound.isOverfull || this.#outbound.isStuckFor(stuckMs)) return this.cut();
    if (this.#isOver || this.#outbound.isBlocked || now - this.#wroteAt < keepAliveMs) return;
    this.#wroteAt = now;
    this.#response.write(':\n\n');
  }

  #fail(errors: readonly GraphQLFormattedError[]): void {
    this.#response.write(this.#frameOf(JSON.stringify({ errors }), undefined));
  }
}

const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-store, no-transform',
  // Proxies of the nginx kind would collect events otherwise.
  'x-accel-buffering': 'no',
};

/** EventSource tells its page of an event only when it has data. */
const completeFrame = 'event: complete\ndata: \n\n';

/** Gives the frame of an answer; the latest is remembered, because one event goes to many streams. */
export function createFrames(): EventStreamOptions['frameOf'] {
  let latest: { readonly payload: string; readonly cursor: string | undefined; readonly frame: Buffer } | undefined;
  return (payload, cursor) => {
    if (latest?.payload === payload && latest.cursor === cursor) return latest.frame;
    // A line feed would end the data; in JSON it can stand between values only.
    const data = payload.includes('\n') || payload.includes('\r') ? payload.replaceAll(/[\r\n]/g, ' ') : payload;
    const id = cursor === undefined ? '' : `id: ${cursor}\n`;
    latest = { payload, cursor, frame: Buffer.from(`${id}event: next\ndata: ${data}\n\n`) };
    return latest.frame;
  };
}
