/** Gives the writing requests of one call keys by which their provider knows a repetition. */
import { createHash } from 'node:crypto';
import { isReading, type Request } from '../http/request.ts';
import { emptyAnswer } from './added-credentials.ts';
import type { IdempotencyKeyPlace } from './definition.ts';

/**
 * Keys of one call. Each writing request has one of its own, made of the base, its method and its path: the same whenever
 * the call is made again with the same base, whatever order requests that run side by side go out in. Where several go to
 * one path, they are told apart by their order.
 */
export class WriteKeys {
  readonly #place: IdempotencyKeyPlace;
  readonly #base: string;
  readonly #counts = new Map<string, number>();

  constructor(place: IdempotencyKeyPlace, base: string) {
    this.#place = place;
    this.#base = base;
  }

  /** The call is made again from its beginning. */
  restart(): void {
    this.#counts.clear();
  }

  /** Puts a key into a request that is about to be sent; one that the connector put there itself stays. */
  put(request: Request): void {
    if (isReading(request.method)) return;
    const key = this.#next(`${request.method} ${request.parts.url.split(/[?#]/, 1)[0]}`);
    const place = this.#place;
    if (typeof place === 'function') {
      // The request counts as sent already, so the connector is given a copy that it may still change.
      const open = request.copy(emptyAnswer);
      place(open, key);
      request.parts = open.parts;
      return;
    }
    request.parts.headers = { [place.header.toLowerCase()]: key, ...request.parts.headers };
  }

  #next(request: string): string {
    const count = this.#counts.get(request) ?? 0;
    this.#counts.set(request, count + 1);
    return keyFrom([this.#base, request, count]);
  }
}

/** In the form of a UUID, which every provider takes (version 8, RFC 9562 §5.8). It tells nothing of what it was made of. */
function keyFrom(parts: readonly unknown[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
