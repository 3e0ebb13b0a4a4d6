/** A provider's list of rows, in memory: asked since a time, oldest first, or page by page, newest first. */
import type { Trigger } from '../../src/connector/define.ts';

export interface EventRow {
  readonly id: string | number;
  /** ISO 8601. */
  readonly at: string;
}

export interface EventList {
  rows: EventRow[];
  /** What `poll` was given as cursor, in order. */
  readonly asked: unknown[];
  /** Called with the number of the poll, from 1 on, before it answers. */
  beforePoll: (poll: number) => void | Promise<void>;
  /** Oldest first, from `since` on or after the cursor, `pageSize` rows at a time; rows of one time in the order in which they were added. */
  ascending: (options?: { readonly pageSize?: number; readonly carriesPage?: boolean }) => Trigger;
  /** Newest first, by number of page; rows of one time newest added first, or with `isStable` oldest added first. */
  descending: (options?: {
    readonly pageSize?: number;
    readonly isStable?: boolean;
    readonly sorts?: boolean;
  }) => Trigger;
}

/** A time that grows with the minutes given. */
export function minute(minutes: number, seconds = 0): string {
  return new Date(Date.UTC(2026, 0, 1, 0, minutes, seconds)).toISOString();
}

/** Rows `from`, `from + 1` …, one a minute. */
export function rowsAt(from: number, count: number, at: (index: number) => string = (id) => minute(id)): EventRow[] {
  return Array.from({ length: count }, (_, index) => ({ id: from + index, at: at(from + index) }));
}

const output = [{ name: 'id' }, { name: 'at', type: 'date_time' }] as const;

export function eventList(rows: EventRow[] = []): EventList {
  const asked: unknown[] = [];
  const ask = async (cursor: unknown) => {
    asked.push(cursor);
    await list.beforePoll(asked.length);
  };
  const list: EventList = {
    rows,
    asked,
    beforePoll: () => {},
    ascending: ({ pageSize = 100, carriesPage = false } = {}) => ({
      startField: 'since',
      input: [{ name: 'since', type: 'date_time' }],
      output,
      dedup: ({ id }: EventRow) => id,
      sortBy: ({ at }: EventRow) => at,
      async poll(_connection, input: { since?: Date }, cursor) {
        await ask(cursor);
        const { since = input.since?.toISOString(), page = 0 } =
          typeof cursor === 'string' ? { since: cursor } : (cursor ?? {});
        const found = list.rows.filter(({ at }) => since === undefined || at >= since).sort(byTime);
        const events = found.slice(page * pageSize, (page + 1) * pageSize);
        const canPollMore = events.length === pageSize;
        if (!carriesPage) return { events, nextPoll: events.at(-1)?.at, canPollMore };
        return {
          events,
          nextPoll: canPollMore ? { since, page: page + 1 } : { since: events.at(-1)?.at ?? since },
          canPollMore,
        };
      },
    }),
    descending: ({ pageSize = 100, isStable = false, sorts = true } = {}) => ({
      type: 'paging_desc',
      startField: 'since',
      input: [{ name: 'since', type: 'date_time' }],
      output,
      ...(sorts && { sortBy: ({ at }: EventRow) => at }),
      async poll(_connection, input: { since?: Date }, cursor: number | undefined) {
        await ask(cursor);
        const page = cursor ?? 0;
        const since = input.since?.toISOString() ?? '';
        const ordered = isStable ? list.rows.slice() : list.rows.toReversed();
        const found = ordered.filter(({ at }) => at >= since).sort((a, b) => byTime(b, a));
        const events = found.slice(page * pageSize, (page + 1) * pageSize);
        return { events, nextPage: found.length > (page + 1) * pageSize ? page + 1 : undefined };
      },
    }),
  };
  return list;
}

function byTime(a: EventRow, b: EventRow): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
}
