/**
 * Tells who listens which feeds were appended to, by this replica or another one. LISTEN makes it quick; a look at what
 * has changed makes it certain, for notices are lost with the connection, and with the replica that was to send them.
 */
// Not the global one: a test with a fake clock must not stop the store.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedLog } from '../feed-log.ts';
import type { PostgresDatabase } from './database.ts';
import type { Client } from './pg-driver.ts';

/** While notices come. */
const lookEveryMs = 1000;
/** While none can come: the half second that the contract allows. */
const lookOftenMs = 300;
/** A snapshot that nothing is older than, so that all feeds count as changed: too often, but never too seldom. */
const beforeAll = '1:1:';

export interface LogWatch {
  readonly watch: FeedLog['watch'];
  /** This replica appended to the feed, in the transaction of that number. */
  readonly tell: (feed: string, change: string) => void;
  readonly close: () => Promise<void>;
}

type Hear = (feed: string, change: string) => void;

/**
 * @param start - of `readLogMark`. From there on everything is told, and later from where the last look ended: a mark that
 *   was read when somebody began to listen could be later than the first events that it had to hear of.
 */
export function createLogWatch(
  database: PostgresDatabase,
  openClient: () => Client,
  schema: string,
  start: string,
): LogWatch {
  const listeners = new Set<{ readonly hear: (feed: string) => void }>();
  /** Feed → its newest change that was told since the last look, so that the look does not tell it again. */
  let told = new Map<string, string>();
  let looking: Promise<void> | undefined;
  /** Where things stood at the last look. */
  let mark = start;
  let wake = new AbortController();

  const tellOwn: Hear = (feed, change) => {
    told.set(feed, change);
    // Each in its own turn: one that throws keeps nobody else from hearing.
    for (const { hear } of listeners) queueMicrotask(() => hear(feed));
  };
  const hearNotice: Hear = (feed, change) => {
    if (told.get(feed) !== change) tellOwn(feed, change);
  };
  const notify = createNotifier(database, schema);
  const look = async () => {
    const ear = createEar(openClient, schema, hearNotice, () => wake.abort());
    while (listeners.size > 0 && !database.isClosed) {
      ear.listen();
      await sleep(ear.isListening() ? lookEveryMs : lookOftenMs, undefined, { ref: false, signal: wake.signal }).catch(
        () => {},
      );
      wake = new AbortController();
      const before = told;
      told = new Map();
      const found = await readChanges(database, mark).catch(() => undefined);
      if (!found) continue;
      mark = found.mark;
      for (const [feed, change] of found.changes) if (before.get(feed) !== change) hearNotice(feed, change);
    }
    looking = undefined;
    await ear.end();
  };
  return {
    tell(feed, change) {
      if (listeners.size > 0) tellOwn(feed, change);
      notify(feed, change);
    },
    watch(hear) {
      const listener = { hear };
      listeners.add(listener);
      looking ??= look();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) wake.abort();
      };
    },
    async close() {
      listeners.clear();
      wake.abort();
      await looking;
    },
  };
}

/**
 * Sends notices after the commit, many at once: within it they would make all replicas commit one after the other.
 * https://www.postgresql.org/docs/current/sql-notify.html
 */
function createNotifier(database: PostgresDatabase, schema: string): Hear {
  let waiting = new Map<string, string>();
  let isSending = false;
  const send = async () => {
    isSending = true;
    while (waiting.size > 0) {
      const notices = [...waiting].map(([feed, change]) => `${change} ${feed}`);
      waiting = new Map();
      // What is not sent is found by looking.
      await database
        .write('SELECT pg_notify($1, notice) FROM unnest($2::text[]) AS notice', [channelOf(schema), notices])
        .catch(() => {});
    }
    isSending = false;
  };
  return (feed, change) => {
    waiting.set(feed, change);
    if (!isSending) void send();
  };
}

interface Ear {
  /** Begins to listen unless it does. */
  readonly listen: () => void;
  readonly isListening: () => boolean;
  readonly end: () => Promise<void>;
}

/** The connection that hears notices. `onChange` is called when it begins or ceases to. */
function createEar(openClient: () => Client, schema: string, hear: Hear, onChange: () => void): Ear {
  let client: Client | undefined;
  let isListening = false;
  const lose = (lost: Client) => {
    if (client !== lost) return;
    const wasListening = isListening;
    client = undefined;
    isListening = false;
    void lost.end().catch(() => {});
    if (wasListening) onChange();
  };
  const begin = async (opened: Client) => {
    await opened.connect();
    await opened.query(`LISTEN "${channelOf(schema)}"`);
    if (client !== opened) return;
    isListening = true;
    onChange();
  };
  return {
    isListening: () => isListening,
    listen() {
      if (client) {
        const asked = client;
        // A connection that only listens would not notice that nobody is at its other end.
        if (isListening) asked.query('SELECT 1').catch(() => lose(asked));
        return;
      }
      const opened = openClient();
      client = opened;
      opened.on('end', () => lose(opened));
      opened.on('notification', ({ payload = '' }) => {
        const space = payload.indexOf(' ');
        hear(payload.slice(space + 1), payload.slice(0, space));
      });
      begin(opened).catch(() => lose(opened));
    },
    async end() {
      const ended = client;
      client = undefined;
      isListening = false;
      await ended?.end().catch(() => {});
    },
  };
}

function channelOf(schema: string): string {
  return `${schema}_feeds`;
}

/** Where things stand now. */
export async function readLogMark(database: PostgresDatabase): Promise<string> {
  const answer = await database.read('SELECT pg_current_snapshot()::text AS mark').catch(() => undefined);
  return answer ? String(answer.rows[0]!.mark) : beforeAll;
}

/** Exactly what was committed since the mark: a transaction that began early and was committed late is not passed over. */
async function readChanges(database: PostgresDatabase, mark: string) {
  const { rows } = await database.read(
    `SELECT pg_current_snapshot()::text AS mark, id, change::text AS change FROM (SELECT) AS always LEFT JOIN feeds
       ON id IS NOT NULL AND change >= pg_snapshot_xmin($1::pg_snapshot)
       AND NOT pg_visible_in_snapshot(change, $1::pg_snapshot)`,
    [mark],
  );
  const changes = rows.filter(({ id }) => id !== null).map((row) => [String(row.id), String(row.change)] as const);
  return { mark: String(rows[0]!.mark), changes };
}
