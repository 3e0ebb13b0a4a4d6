/** One WebSocket of a client: who it is, what runs on it, whether it reads, and when it is closed. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { WaitingRoom } from '../../resolvers/waiting-room.ts';
import type { OperationStreams } from './operation-stream.ts';
import type { NamedDocument } from '../operations/resolve-document.ts';
import { Outbound } from './outbound.ts';
import { SocketCaller, type SocketCallerShared } from './socket-caller.ts';
import { OperationErrors, SocketOperation, type OperationSocket } from './socket-operation.ts';
import type { SubscriptionSettings } from './subscription-settings.ts';
import { nextPrefix, writeNext } from './text-frame.ts';

/** What is asked of a WebSocket; `ws` has it. */
export interface ClientSocket {
  readonly readyState: number;
  readonly OPEN: number;
  readonly send: (text: string) => void;
  readonly ping: () => void;
  readonly pong: (data: Buffer) => void;
  readonly close: (code: number, reason: string) => void;
  readonly terminate: () => void;
}

/** What all sockets share. */
export interface ConnectionShared extends SocketCallerShared {
  readonly streams: OperationStreams;
  readonly settings: SubscriptionSettings;
  readonly requestId: () => string;
  /** UTF-8 bytes of an answer, made once for all sockets that it goes to. */
  readonly bytesOf: (text: string) => Buffer;
}

/** What a `subscribe` message asks for. */
export interface AskedOperation extends NamedDocument {
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
}

/** An id is repeated in each message. */
const maxIdLength = 1_000;

export class GraphqlWsConnection implements OperationSocket {
  readonly waitingRoom = new WaitingRoom();
  readonly canTake = (): boolean => !this.#outbound.isBlocked;
  readonly #shared: ConnectionShared;
  readonly #socket: ClientSocket;
  readonly #duplex: Duplex;
  readonly #outbound: Outbound;
  readonly #operations = new Set<SocketOperation>();
  readonly #caller: SocketCaller;
  readonly #headers: IncomingHttpHeaders;
  /** Bytes of the message that is being handled. */
  #messageBytes = 0;
  #keptBytes = 0;
  #pingedAt: number;
  #isPingOpen = false;
  #isClosing = false;
  #isLeaving = false;

  constructor(shared: ConnectionShared, socket: ClientSocket, duplex: Duplex, headers: IncomingHttpHeaders) {
    this.#shared = shared;
    this.#socket = socket;
    this.#duplex = duplex;
    this.#caller = new SocketCaller(shared, this, headers);
    this.#headers = headers;
    this.#pingedAt = performance.now();
    this.#outbound = new Outbound(duplex, shared.settings.maxBufferedBytes, () => this.#resume());
  }

  get streams(): OperationStreams {
    return this.#shared.streams;
  }

  get isOpen(): boolean {
    return !this.#isClosing && this.#socket.readyState === this.#socket.OPEN;
  }

  /** A message has come; what it asks for is judged by its size too. */
  heard(bytes: number): void {
    this.#messageBytes = bytes;
  }

  /** Any sign of life. */
  answeredPing(): void {
    this.#isPingOpen = false;
  }

  pinged(data: Buffer): void {
    // A client that only asks and never reads must not fill our memory with answers.
    if (this.isOpen && !this.#outbound.isBlocked) this.#socket.pong(data);
    this.#outbound.mayWrite();
  }

  /** Sends a message of the protocol. */
  send(text: string): void {
    if (!this.isOpen) return;
    if (this.#outbound.isOverfull) return this.close(...tooSlow);
    this.#socket.send(text);
    this.#outbound.mayWrite();
  }

  /** As `send`, for answers, which are on their way to other sockets too. */
  sendNext(prefix: Buffer, payload: string): boolean {
    if (!this.isOpen) return false;
    if (this.#outbound.isOverfull) {
      this.close(...tooSlow);
      return false;
    }
    writeNext(this.#duplex, prefix, this.#shared.bytesOf(payload));
    return this.#outbound.mayWrite();
  }

  /** Judges who the client is. @returns `false` when it may not be here; graphql-ws then closes with 4403. */
  authorize(payload: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    return this.#caller.authorize(payload);
  }

  /** Makes the operation that a `subscribe` message asks for; it begins when it is iterated. */
  operation(id: string, asked: AskedOperation): AsyncIterableIterator<never> {
    const refusal = this.#refuse(id);
    if (refusal) return failing(refusal);
    const { query, documentId, extensions, operationName, variables } = asked;
    const requestId = this.#shared.requestId();
    const known = { caller: this.#caller.known!, requestId, headers: this.#headers };
    const operation = new SocketOperation({
      socket: this,
      prefix: nextPrefix(id),
      asked: { query, documentId, extensions, operationName, variables, ...known },
      bytes: this.#messageBytes,
    });
    this.#operations.add(operation);
    this.#keptBytes += operation.bytes;
    return operation;
  }

  ended(operation: SocketOperation): void {
    if (!this.#operations.delete(operation)) return;
    this.#keptBytes -= operation.bytes;
    if (this.#isLeaving) this.#leaveWhenAnswered();
  }

  /** Closes the socket; `ws` cuts it when it does not say goodbye in time. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    // First, so that nothing follows the goodbye.
    for (const operation of this.#operations) operation.stop();
    this.#socket.close(code, reason);
  }

  cut(): void {
    this.#socket.terminate();
  }

  /** The gateway stops: subscriptions end at once and are to be resumed elsewhere, what is answered once is answered. */
  leave(): void {
    this.#isLeaving = true;
    for (const operation of this.#operations) if (operation.isSubscription) operation.stop();
    this.#leaveWhenAnswered();
  }

  /** The socket is closed. */
  gone(): void {
    this.#caller.gone();
    for (const operation of this.#operations) void operation.return();
  }

  /** Does what is due; to be called a few times per `keepAliveMs`. */
  tick(now: number): void {
    const { keepAliveMs, stuckMs } = this.#shared.settings;
    if (!this.isOpen) return;
    if (this.#outbound.isOverfull || this.#outbound.isStuckFor(stuckMs)) return this.close(...tooSlow);
    if (this.#outbound.isBlocked) {
      // It may not even have come to read the question.
      this.#isPingOpen = false;
      this.#pingedAt = now;
    }
    if (now - this.#pingedAt < keepAliveMs) return;
    if (this.#isPingOpen) return this.cut();
    this.#isPingOpen = true;
    this.#pingedAt = now;
    this.#socket.ping();
  }

  #refuse(id: string): OperationErrors | undefined {
    const { maxOperationsPerSocket } = this.#shared.settings;
    if (this.#isLeaving) return refusal('NOT_READY', 'The gateway is stopping. Connect again.');
    if (id.length > maxIdLength) {
      return refusal('BODY_INVALID', `The id of an operation is at most ${maxIdLength} characters long.`);
    }
    if (this.#operations.size >= maxOperationsPerSocket) {
      const message = `This socket runs ${maxOperationsPerSocket} operations, which is the limit. Complete some of them, or open another socket.`;
      return refusal('SUBSCRIPTION_LIMIT', message);
    }
    if (this.#keptBytes + this.#messageBytes <= maxKeptBytes) return undefined;
    const message = `The operations of this socket are larger than ${maxKeptBytes} bytes together, which is the limit. Complete some of them, or open another socket.`;
    return refusal('SUBSCRIPTION_LIMIT', message);
  }

  /** One after the other, as long as the socket takes what they send; the others come first the next time. */
  #resume(): void {
    for (let left = this.#operations.size; left > 0 && !this.#outbound.isBlocked; left -= 1) {
      const [first] = this.#operations;
      if (!first) return;
      this.#operations.delete(first);
      this.#operations.add(first);
      first.resume();
    }
  }

  #leaveWhenAnswered(): void {
    for (const operation of this.#operations) if (!operation.isSubscription) return;
    this.close(1001, 'Going away');
  }
}

/** What all running operations of a socket may have said, in bytes: variables are kept as long as they run. */
const maxKeptBytes = 1024 * 1024;

/** Trying again later, the client resumes by its cursors. */
const tooSlow = [1013, 'The client reads too slowly'] as const;

function refusal(code: string, message: string): OperationErrors {
  return new OperationErrors([{ message, extensions: { code } }]);
}

/** What graphql-ws iterates when there is nothing to run. */
function failing(errors: OperationErrors): AsyncIterableIterator<never> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => Promise.reject(errors),
    return: async () => ({ done: true, value: undefined }),
  };
}
