/** Why nobody may poll a feed now, as far as this process can tell: the store takes no lease of it. */
import type { FeedDesk } from './feed-desk.ts';
import { failureOf } from './feed-health.ts';
import type { FeedFailure } from './feed-record.ts';

export class Hindrances {
  readonly #desk: Pick<FeedDesk, 'logger' | 'now'>;
  readonly #failures = new Map<string, FeedFailure>();

  constructor(desk: Pick<FeedDesk, 'logger' | 'now'>) {
    this.#desk = desk;
  }

  of(id: string): FeedFailure | undefined {
    return this.#failures.get(id);
  }

  /** Keeps since when it has been so, and logs it once. @param reason - `undefined`: it may be polled again. */
  note(id: string, reason: unknown): void {
    if (reason === undefined) return this.forget(id);
    const { logger, now } = this.#desk;
    const known = this.#failures.get(id);
    const { code, message, at } = failureOf(reason, now());
    if (!known) logger.warn({ feed: id, code }, `A feed is not polled. ${message}`);
    this.#failures.set(id, { code, message, at: known?.at ?? at });
  }

  forget(id: string): void {
    this.#failures.delete(id);
  }
}
