/** How much may wait for one client that takes nothing, all its subscriptions together. */

/** Characters of payloads. */
const maxSize = 1024 * 1024;
/** What a result takes beside its payload, so that many small ones are bounded too. */
const overhead = 256;

export class WaitingRoom {
  #size = 0;

  /** Takes the room that a result needs; `false` when it is full. In an empty one there is room for any. */
  take(size: number): boolean {
    const needed = size + overhead;
    if (this.#size > 0 && this.#size + needed > maxSize) return false;
    this.#size += needed;
    return true;
  }

  /** A result that had room waits no more. */
  give(size: number): void {
    this.#size -= size + overhead;
  }
}
