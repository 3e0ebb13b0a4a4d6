/** One of several processes on one log of feeds; `bundled-worker` starts it and calls it. */
import { appendFileSync } from 'node:fs';
import type { FeedLog, NewEvent } from '../../../src/storage/feed-log.ts';
import { findDrivers } from '../../../src/storage/sqlite/find-driver.ts';
import { createSqliteStore } from '../../../src/storage/sqlite/sqlite-store.ts';

let log: FeedLog;
let path: string;
let watched: string[] = [];

const event = (name: number): NewEvent => ({
  signature: `${name}@2026`,
  id: String(name),
  payload: JSON.stringify({ name, padding: 'x'.repeat((name * 37) % 700) }),
});
/** The events of one page of a poll. */
const page = (n: number, size: number) => Array.from({ length: size }, (_, index) => event(n * size + index));

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(file: string, driverName: string) {
    const driver = (await findDrivers()).find(({ name }) => name === driverName);
    path = file;
    log = (await createSqliteStore({ file, ...(driver ? { driver } : {}) })).feedLog;
  },
  async isSound(driverName: string) {
    const database = (await findDrivers()).find(({ name }) => name === driverName)!.open(path);
    return database.prepare('PRAGMA integrity_check').get([])?.integrity_check === 'ok';
  },
  state: () => log.state('f'),
  async ids() {
    const ids: number[] = [];
    for (let after = 0; ;) {
      const { events } = await log.read('f', after);
      if (events.length === 0) return ids;
      // A gap or a repeat would show here.
      if (events.some(({ place }, index) => place !== after + index + 1)) throw new Error('Places are not in order.');
      ids.push(...events.map(({ id }) => Number(id)));
      after = events.at(-1)!.place;
    }
  },
  async known(names: readonly number[]) {
    return (
      await log.known(
        'f',
        names.map((name) => event(name).signature),
      )
    ).size;
  },
  /** Polls pages for ever, or to `last`, and writes the number of each into `answers` once it was answered. */
  async poll(answers: string, size: number, last: number) {
    let { version, progress } = await log.state('f');
    for (let n = Number(progress ?? -1) + 1; n <= last; n += 1) {
      const result = await log.append('f', { fence: 1, version, progress: n, events: page(n, size) });
      if (result.kind !== 'appended') throw new Error('Nobody else was to poll.');
      ({ version, progress } = result.state);
      appendFileSync(answers, `${n}\n`);
    }
  },
  /** Stages pages for ever, newest first, and publishes each ten; a cycle of ten logs its hundred events oldest first. */
  async pollDescending(answers: string) {
    let { version, progress } = await log.state('f');
    for (let n = Number(progress ?? -1) + 1; ; n += 1) {
      const cycle = Math.floor(n / 10);
      const staged = page(cycle * 10 + 9 - (n % 10), 10).toReversed();
      const result = await log.append('f', { fence: 1, version, progress: n, staged, publish: n % 10 === 9 });
      if (result.kind !== 'appended') throw new Error('Nobody else was to poll.');
      ({ version, progress } = result.state);
      appendFileSync(answers, `${n}\n`);
    }
  },
  /** Brings all of so many events, in an order of its own, as several deliveries of webhooks do. */
  async deliver(count: number, from: number) {
    let logged = 0;
    for (let done = 0; done < count; done += 5) {
      const events = Array.from({ length: 5 }, (_, index) => event((from + (done + index) * 7) % count));
      const result = await log.append('f', { events, delivery: { id: `${events[0]!.id} of ${process.pid}` } });
      if (result.kind === 'appended') logged += result.logged;
    }
    return logged;
  },
  async watch() {
    watched = [];
    log.watch((feed) => watched.push(feed));
  },
  /** Waits until it has heard of the feed. */
  async hears(feed: string) {
    while (!watched.includes(feed)) await new Promise((resolve) => setTimeout(resolve, 5));
    return true;
  },
  append: (feed: string, n: number) => log.append(feed, { events: page(n, 3) }),
  /** Removes and makes a feed again for ever. */
  async removeAgainAndAgain(answers: string) {
    for (let n = 0; ; n += 1) {
      await log.append('f', { events: page(0, 2500) });
      appendFileSync(answers, `${n}\n`);
      await log.remove('f');
    }
  },
};

process.on('message', (message: { call: number; name: string; given: never[] }) => {
  const { call, name, given } = message;
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
