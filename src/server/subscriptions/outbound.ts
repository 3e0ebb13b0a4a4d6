/** Says whether a client reads as fast as it is written to. */
import type { Writable } from 'node:stream';

/** What is asked of a connection; a socket has it, and a response. */
export type Flow = Pick<Writable, 'writableLength' | 'writableNeedDrain' | 'on'>;

/** So many bytes may wait before events are held back. */
const highWaterBytes = 64 * 1024;

export class Outbound {
  readonly #flow: Flow;
  readonly #highWaterBytes: number;
  readonly #maxBufferedBytes: number;
  readonly #now: () => number;
  #blockedSince: number | undefined;

  /** @param onDrain - called when all that waited was taken, if anything was held back. */
  constructor(flow: Flow, maxBufferedBytes: number, onDrain: () => void, now: () => number = () => performance.now()) {
    this.#flow = flow;
    this.#highWaterBytes = Math.min(highWaterBytes, maxBufferedBytes);
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#now = now;
    flow.on('drain', () => {
      if (this.#blockedSince === undefined) return;
      this.#blockedSince = undefined;
      onDrain();
    });
  }

  /** Whether more may be written. To be asked after each write: only what needs to drain will tell that it has. */
  mayWrite(): boolean {
    if (this.#blockedSince !== undefined) return false;
    if (!this.#flow.writableNeedDrain || this.#flow.writableLength < this.#highWaterBytes) return true;
    this.#blockedSince = this.#now();
    return false;
  }

  /** Something waits for the client to read. */
  get isBlocked(): boolean {
    return this.#blockedSince !== undefined;
  }

  /** More waits than may: nothing is to be written any more. */
  get isOverfull(): boolean {
    return this.#flow.writableLength > this.#maxBufferedBytes;
  }

  /** What waits has waited for longer than this. */
  isStuckFor(milliseconds: number): boolean {
    return this.#blockedSince !== undefined && this.#now() - this.#blockedSince >= milliseconds;
  }
}
