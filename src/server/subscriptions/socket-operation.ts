/** One operation on a socket, in the shape that graphql-ws drives: an iterator that never yields, because we send its answers. */
import type { GraphQLFormattedError } from 'graphql';
import type { WaitingRoom } from '../../resolvers/waiting-room.ts';
import type { ClientLink } from '../client-operation.ts';
import type { AskedStream, Ending, OperationStream, OperationStreams } from './operation-stream.ts';

/** The socket, as its operations see it. */
export interface OperationSocket {
  readonly streams: OperationStreams;
  /** Of all its operations. */
  readonly waitingRoom: WaitingRoom;
  /** Whether it takes an event now; after `false` it calls `resume`. */
  readonly canTake: () => boolean;
  /** Sends one `next` message. `false`: no more until `resume`. */
  readonly sendNext: (prefix: Buffer, payload: string) => boolean;
  /** The operation is over, whatever ended it. Called once. */
  readonly ended: (operation: SocketOperation) => void;
}

export interface SocketOperationOptions {
  readonly socket: OperationSocket;
  /** How each of its `next` messages begins. */
  readonly prefix: Buffer;
  readonly asked: Omit<AskedStream, 'link'>;
  /** Bytes of the message that asked for it; they are kept as long as it runs. */
  readonly bytes: number;
}

/** What ends an operation with an `error` message; graphql-ws asks for its errors. */
export class OperationErrors extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super('The operation failed.');
    this.errors = errors;
  }
}

export class SocketOperation implements AsyncIterableIterator<never> {
  readonly #options: SocketOperationOptions;
  #stream: OperationStream | undefined;
  #link: OperationLink | undefined;
  #settle: { readonly done: () => void; readonly fail: (error: Error) => void } | undefined;
  #isOver = false;

  constructor(options: SocketOperationOptions) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Called once, when graphql-ws is ready. It ends when there are no more answers. */
  async next(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) {
      await new Promise<void>((done, fail) => {
        this.#settle = { done, fail };
        this.#begin();
      });
    }
    return { done: true, value: undefined };
  }

  /** The client has completed the operation, or its socket is closed. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.stop();
    this.#over();
    this.#settle?.done();
    return { done: true, value: undefined };
  }

  get bytes(): number {
    return this.#options.bytes;
  }

  /** Whether many answers may come. Until it was judged this is not known, and it counts as one that is answered once. */
  get isSubscription(): boolean {
    return this.#stream?.isSubscription ?? false;
  }

  /** The socket can take more. */
  resume(): void {
    this.#stream?.resume();
  }

  /** Ends the work and sends nothing any more, not even that it is over. */
  stop(): void {
    this.#stream?.stop();
    this.#link?.close();
  }

  #begin(): void {
    const { socket, prefix, asked } = this.#options;
    this.#link = new OperationLink();
    this.#stream = socket.streams.begin(
      { ...asked, link: this.#link },
      {
        next: (payload) => socket.sendNext(prefix, payload),
        canTake: socket.canTake,
        end: (ending) => this.#end(ending),
        waitingRoom: socket.waitingRoom,
      },
    );
  }

  #end(ending: Ending): void {
    this.#link?.finish();
    this.#over();
    if (ending.kind === 'complete') this.#settle?.done();
    else this.#settle?.fail(new OperationErrors(ending.errors));
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.socket.ended(this);
  }
}

/** What one operation waits on. */
class OperationLink implements ClientLink {
  destroyed = false;
  writableFinished = false;
  #listeners: (() => void)[] = [];

  once(_event: 'close', listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Everything was answered. */
  finish(): void {
    this.writableFinished = true;
    this.close();
  }

  close(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
