/** Which feeds run in this process, and for whom: subscribers, durable feeds, and those of a process that has died. */
import { EndFeeds } from './end-feeds.ts';
import { retentionOf, type FeedDesk } from './feed-desk.ts';
import { FeedEntries, type FeedEntry } from './feed-entries.ts';
import { failureOf, type HealthState } from './feed-health.ts';
import type { FeedKey } from './feed.ts';
import { keyOfRecord, type FeedFailure, type FeedRecord, type FeedValue } from './feed-record.ts';
import type { FeedTails } from './feed-tail.ts';
import { createFollowIntervals, type FollowIntervals } from './follow-intervals.ts';
import { Hindrances } from './hindrances.ts';
import { createHoldings, type Holdings } from './holdings.ts';
import type { ListenerMarks } from './listener-marks.ts';
import type { HeldFeed, PollClock } from './poll-clock.ts';
import { dueInMs } from './poll-pace.ts';

export class RunningFeeds {
  readonly #desk: FeedDesk;
  readonly #clock: PollClock;
  readonly #marks: ListenerMarks;
  readonly #entries: FeedEntries;
  readonly #holdings: Holdings;
  readonly #hindrances: Hindrances;
  readonly #endFeeds: EndFeeds;
  readonly #followIntervals: FollowIntervals;
  readonly #floorMs: number;

  constructor(desk: FeedDesk, clock: PollClock, tails: FeedTails, marks: ListenerMarks) {
    this.#desk = desk;
    this.#clock = clock;
    this.#marks = marks;
    this.#floorMs = desk.limits.minIntervalMs ?? 1_000;
    this.#hindrances = new Hindrances(desk);
    this.#followIntervals = createFollowIntervals(desk, clock, this.#floorMs);
    const entries = new FeedEntries({
      graceMs: desk.limits.graceMs,
      onGraceOver: (id) => this.#inBackground(id, this.stopIdle(id)),
    });
    this.#entries = entries;
    const forget = (id: string): void => this.#forget(id);
    const begin = (key: FeedKey): Promise<unknown> => this.begin(key);
    const endFeeds = new EndFeeds({ desk, entries, clock, tails, marks, begin, forget });
    this.#endFeeds = endFeeds;
    this.#holdings = createHoldings(desk, {
      onEnd: (id, reason) => this.#inBackground(id, endFeeds.end(id, reason)),
      onStopped: (id) => this.#inBackground(id, endFeeds.followStopped(id)),
      areElsewhere: marks.areElsewhere,
    });
  }

  /** Somebody listens, or is about to: the feed is not stopped until as many have left. */
  enter(key: FeedKey): void {
    this.#entries.enter(key);
  }

  /** With the last one the feed stops after a grace time, unless it is durable. */
  leave(id: string): void {
    this.#entries.leave(id);
  }

  countOf(id: string): number {
    return this.#entries.find(id)?.subscribers ?? 0;
  }

  /** Tells the other processes that somebody listens here; to be awaited before `begin`. @throws GatewayError of the store */
  async mark(id: string): Promise<void> {
    await this.#marks.set(id);
  }

  /** Lets it run, here or where it runs already. @throws GatewayError of the store */
  async begin(key: FeedKey, change: Partial<FeedValue> = {}): Promise<FeedRecord> {
    const record = await this.#desk.records.write(key, (value) => {
      if (value.state !== 'STOPPED') return Object.keys(change).length > 0 ? change : undefined;
      return { state: 'RUNNING', lastError: null, failures: 0, nextPollAt: null, ...change };
    });
    this.#run(record);
    if (!this.#entries.isClosed) this.#clock.begin(record.id);
    return record;
  }

  /** Stops it where nobody listens, in whichever process, and it is not durable. @throws GatewayError of the store */
  async stopIdle(id: string): Promise<void> {
    await this.#endFeeds.stopIdle(id);
  }

  /** Ends it for good, and forgets it with its log. @throws GatewayError of the store */
  async remove(id: string): Promise<void> {
    await this.#endFeeds.remove(id);
  }

  /** For the clock: one poll. */
  async poll(id: string, held: HeldFeed, signal: AbortSignal): Promise<number | undefined> {
    const entry = this.#entries.find(id);
    if (!entry) return this.#holdings.poll(id, held, signal);
    entry.isPolling = true;
    entry.isDueAgain = false;
    try {
      const inMs = await this.#holdings.poll(id, held, signal);
      const isBackingOff = this.#holdings.health(id)?.state !== 'RUNNING';
      return inMs === undefined || isBackingOff || !entry.isDueAgain ? inMs : Math.min(inMs, this.#floorMs);
    } finally {
      entry.isPolling = false;
    }
  }

  /** For the clock: another process polls it. Whether somebody here listens all the same. */
  isNeeded(id: string): boolean {
    if (this.countOf(id) > 0) return true;
    this.#forget(id);
    return false;
  }

  /** For the clock: the store takes no lease of it; `undefined`: it does again. */
  hinder(id: string, reason: unknown): void {
    this.#hindrances.note(id, reason);
  }

  /** Why nobody may poll it now, as far as this process can tell. */
  hindrance(id: string): FeedFailure | undefined {
    return this.#hindrances.of(id);
  }

  /** As this process knows it; `undefined` where it was not polled here. */
  health(id: string): HealthState | undefined {
    return this.#holdings.health(id);
  }

  /** A provider says that it is due: no earlier than the operator's floor allows, and not while it backs off. @throws GatewayError of the store */
  async pollInTime(id: string): Promise<boolean> {
    const entry = this.#entries.find(id);
    if (entry?.isPolling) {
      entry.isDueAgain = true;
      return true;
    }
    const state = this.#holdings.held(id)?.state ?? (await this.#desk.records.read(id))?.value.state;
    // One that backs off is polled when it said, and one that is stopped not at all.
    if (state !== 'RUNNING') return true;
    return this.#clock.pollSoon(id, this.#floorMs);
  }

  /** The connectors are others: feeds whose interval is shorter now are due by it. @throws GatewayError of the store */
  async followIntervals(): Promise<void> {
    await this.#followIntervals();
  }

  /** Looks at what runs: takes over what a dead process left, follows what others have changed. @throws GatewayError of the store */
  async look(): Promise<void> {
    const { records, now } = this.#desk;
    await this.#marks.renew(this.#entries.listenedTo());
    const running = await records.listRunning(true);
    if (this.#entries.isClosed) return;
    for (const record of running) this.#follow(record);
    await this.#followIntervals(running);
    await this.#clock.keep(running.map((record) => ({ feed: record.id, inMs: dueInMs(record, now()) })));
    const ids = new Set(running.map(({ id }) => id));
    const stopped = this.#entries.begun().filter((id) => !ids.has(id));
    await Promise.all(stopped.map((id) => this.#endFeeds.followStopped(id)));
  }

  /** Lets durable feeds run again whose connector was away, and trims what does not run. @throws GatewayError of the store */
  async tidy(): Promise<void> {
    for (const record of await this.#desk.records.listRunning(false)) {
      if (this.#entries.isClosed) return;
      const { connector, trigger, durable } = record.value;
      if (durable && this.#desk.triggers(connector, trigger)) await this.begin(keyOfRecord(record));
      else await this.#trim(record.id);
    }
  }

  async close(): Promise<void> {
    this.#entries.close();
    await this.#clock.close();
  }

  #run(record: FeedRecord): FeedEntry {
    const { id } = record;
    const entry = this.#entries.of(id, keyOfRecord(record));
    if (entry.isBegun || this.#entries.isClosed) return entry;
    entry.isBegun = true;
    if (entry.subscribers === 0 && !record.value.durable) this.#entries.beginGrace(id, entry);
    return entry;
  }

  #follow(record: FeedRecord): void {
    const entry = this.#run(record);
    if (record.value.durable || entry.subscribers > 0 || entry.grace) return;
    // Another process looks as well, at another time.
    this.#entries.beginGrace(record.id, entry, 1 + this.#desk.random());
  }

  /** Nothing runs here for it any more; those who listen stay. */
  #forget(id: string): void {
    if (!this.#entries.forget(id)) return;
    this.#holdings.forget(id);
    this.#hindrances.forget(id);
  }

  async #trim(id: string): Promise<void> {
    const { log, limits } = this.#desk;
    while ((await log.trim(id, retentionOf(limits))) && !this.#entries.isClosed);
  }

  #inBackground(id: string, work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#desk.logger.warn({ feed: id, code: failureOf(error, 0).code }, 'A feed could not be looked after.'),
    );
  }
}
