/** Stops feeds that nobody needs, and ends those that are over for good. */
import { GatewayError } from '../errors.ts';
import type { FeedDesk } from './feed-desk.ts';
import type { FeedEntries, FeedEntry } from './feed-entries.ts';
import { failureOf } from './feed-health.ts';
import type { FeedKey } from './feed.ts';
import { isRunning, type FeedRecord } from './feed-record.ts';
import type { FeedTails } from './feed-tail.ts';
import type { ListenerMarks } from './listener-marks.ts';
import type { PollClock } from './poll-clock.ts';

export interface EndFeedsOptions {
  readonly desk: FeedDesk;
  readonly entries: FeedEntries;
  readonly clock: Pick<PollClock, 'begin' | 'end' | 'isOurs' | 'leave'>;
  readonly tails: Pick<FeedTails, 'end'>;
  readonly marks: Pick<ListenerMarks, 'areElsewhere'>;
  /** Lets a feed run again. */
  readonly begin: (key: FeedKey) => Promise<unknown>;
  /** Nothing runs here for it any more; those who listen stay. */
  readonly forget: (id: string) => void;
}

/** Every method @throws GatewayError of the store. */
export class EndFeeds {
  readonly #options: EndFeedsOptions;

  constructor(options: EndFeedsOptions) {
    this.#options = options;
  }

  /** Stops a feed where nobody listens, in whichever process, and it is not durable. */
  async stopIdle(id: string): Promise<void> {
    const { entries, clock, begin } = this.#options;
    const entry = entries.find(id);
    if (!entry || entry.subscribers > 0) return;
    // Where another process polls it, that one stops it when nobody listens.
    if (!clock.isOurs(id)) await this.#leave(id);
    else if (!(await this.#stop(id, entry))) return;
    // Who came while it was being stopped has it started again.
    if (entry.subscribers > 0) await begin(entry.key);
  }

  /** Ends a feed for good, in all processes. One that is durable begins again should its connector be served again (`resume`). */
  async end(id: string, reason: GatewayError): Promise<void> {
    const { records, now } = this.#options.desk;
    const ended = { state: 'STOPPED', nextPollAt: null, lastError: failureOf(reason, now()) } as const;
    await records.change(id, (value) => (value.state === 'STOPPED' ? undefined : ended));
    await this.#endHere(id, reason);
  }

  /** Ends it, and forgets it with its log: its connection was removed, so that nobody can ask for it any more. */
  async remove(id: string): Promise<void> {
    const { records, log } = this.#options.desk;
    await this.end(id, connectionRemoved());
    const record = await records.read(id);
    if (record) await records.remove(record);
    await log.remove(id);
  }

  /** Its record is gone, or says that it is stopped: over for good, or only for the process that stopped it. */
  async followStopped(id: string): Promise<void> {
    const { entries, desk, begin } = this.#options;
    const entry = entries.find(id);
    const record = await desk.records.read(id);
    if (!entry || (record && isRunning(record))) return;
    if (!record || record.value.lastError?.code === 'FEED_ENDED') return this.#endHere(id, endedElsewhere(record));
    await this.#leave(id);
    if (entry.subscribers > 0) await begin(entry.key);
  }

  /** Whether it is stopped. One that others listen to is looked at again with the records. */
  async #stop(id: string, entry: FeedEntry): Promise<boolean> {
    const { desk, clock, marks, begin, forget } = this.#options;
    if (await marks.areElsewhere(id)) return false;
    const record = await desk.records.change(id, ({ durable, state }) =>
      durable || state === 'STOPPED' || entry.subscribers > 0 ? undefined : { state: 'STOPPED', nextPollAt: null },
    );
    if (record?.value.durable || (record && isRunning(record))) return false;
    if (await marks.areElsewhere(id)) {
      // Somebody listens who may have found it running. Whoever comes from now on finds it stopped, and begins it.
      await begin(entry.key);
      return false;
    }
    forget(id);
    // Before another process may poll it: the webhook that it asks for is then a new one, and not the one that ends.
    await clock.end(id, async () => desk.webhooks?.end(entry.key));
    // Whoever began it meanwhile may have told a clock that all share before it was ended there.
    const now = desk.isShared ? await desk.records.read(id) : undefined;
    if (now && isRunning(now)) clock.begin(id);
    return true;
  }

  async #endHere(id: string, reason: GatewayError): Promise<void> {
    const { tails, clock, forget } = this.#options;
    tails.end(id, reason);
    forget(id);
    await clock.end(id);
  }

  async #leave(id: string): Promise<void> {
    this.#options.forget(id);
    await this.#options.clock.leave(id);
  }
}

function endedElsewhere(record: FeedRecord | undefined): GatewayError {
  const message = record?.value.lastError?.message;
  return message === undefined ? connectionRemoved() : new GatewayError('FEED_ENDED', message);
}

function connectionRemoved(): GatewayError {
  return new GatewayError('FEED_ENDED', 'The connection of this feed was removed.');
}
