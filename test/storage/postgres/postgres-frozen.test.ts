/** A process that is frozen in the midst of a transaction (F21): others go on without it, and when it wakes it writes nothing. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AppendResult, NewEvent } from '../../../src/storage/feed-log.ts';
import { createPostgresStore } from '../../../src/storage/postgres/postgres-store.ts';
import { bundleWorker, Worker } from '../../support/bundled-worker.ts';
import { withPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

const event = (name: string): NewEvent => ({ signature: name, id: name, payload: `"${name}"` });
const blocked = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'plugboard'`;

await withPostgres((postgres) => {
  let bundle: string;
  beforeAll(async () => (bundle = await bundleWorker(new URL('./postgres-log-worker.ts', import.meta.url))));
  afterAll(() => rm(bundle));

  describe('a replica that is frozen while it writes a page', () => {
    it('keeps the others waiting for no longer than a statement may take, and its page is refused', async () => {
      const store = await createPostgresStore({ url: postgres.url });
      const frozen = new Worker(bundle);
      await frozen.call('open', { url: postgres.url, statementTimeoutMs: 3_000 });
      const first = { fence: 1, version: 0, progress: 1, events: [event('a')] };
      const appended = await frozen.call<AppendResult>('append', 'f', first);
      if (appended.kind !== 'appended') throw new Error(appended.kind);
      const { version } = appended.state;

      // It has the row of the feed, and is held where it inserts its events.
      await postgres.ask('BEGIN; LOCK TABLE plugboard.feed_events IN SHARE MODE');
      const late = frozen.call<AppendResult>('append', 'f', {
        fence: 1,
        version,
        progress: 2,
        events: [event('ghost')],
      });
      await until(async () => (await postgres.ask(blocked)).length > 0);
      frozen.process.kill('SIGSTOP');
      await postgres.ask('ROLLBACK');

      const page = { fence: 2, version, progress: 2, events: [event('b'), event('c')] };
      expect(await store.feedLog.append('f', page)).toMatchObject({ kind: 'appended', logged: 2 });
      frozen.process.kill('SIGCONT');
      expect(await late).toEqual({ kind: 'fenced' });
      const { events } = await store.feedLog.read('f', 0);
      expect(events.map(({ place, id }) => [place, id])).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ]);
      await frozen.kill();
      await store.close();
    });
  });
});
