/** A tick of a descending trigger: pages back from the newest row to known ground, then delivers oldest first. */
import type { PollPage, RunnableTrigger, TriggerEvent } from '../connector/run-trigger.ts';
import { GatewayError, ProviderError } from '../errors.ts';
import type { JsonValue } from '../storage/records.ts';
import { createPageWriter, type News, type PageWriter } from './page-writer.ts';
import { prepareEvents } from './prepare-events.ts';
import { given, readProgress, type DescendingCycle, type FeedProgress } from './progress.ts';
import { highestOf, isBeforeFeed, isKnownGround, lowestOf, partNews } from './known-ground.ts';
import { compareSortBy, timeLike, timeOf } from './sort-order.ts';
import { hasStart } from './start-input.ts';
import { defaultMaxPages, type TickContext, type TickResult } from './tick-context.ts';
import { createTickTally, type TickTally } from './tick-tally.ts';

/**
 * Goes through one cycle, or on with one: every page is staged with the place of the next, and the last page publishes all
 * of them. The first page of a feed is its ground, unless its input says since when.
 *
 * A cycle that another process left, or this one before it died, begins anew. Nothing of it was published, and meanwhile
 * rows may have come or gone, so that the next page of then is no longer the next one.
 *
 * @throws as `tick`
 */
export async function tickDescending(context: TickContext): Promise<TickResult> {
  const { feed, log, fence, replay, maxPages = defaultMaxPages } = context;
  const state = await log.state(feed);
  const writer = createPageWriter(context, state);
  const tally = createTickTally(maxPages);
  let progress = readProgress(feed, state.progress);
  // Whoever completed it died before that was noted.
  if (replay && progress.replayed === replay.id) tally.replayed(replay.id);
  if (progress.cycle && progress.cycle.fence !== fence) progress = await dropCycle(progress, writer);
  if (!progress.isGrounded && !hasStart(context.trigger, context.input))
    await layGround(context, progress, writer, tally);
  else await runCycle(context, progress, writer, tally);
  return tally.result();
}

async function dropCycle({ cycle: _cycle, ...progress }: FeedProgress, writer: PageWriter): Promise<FeedProgress> {
  await writer.write(progress, { unstage: true });
  return progress;
}

/**
 * What is on the first page is known from now on; where there are older rows, they are known by their place. While all rows
 * share one `sortBy` the next page belongs to the ground too: nothing else tells its rows from new ones. So it goes on while the
 * last row of a page came since the feed was started, which are delivered.
 */
async function layGround(
  context: TickContext,
  initial: FeedProgress,
  writer: PageWriter,
  tally: TickTally,
): Promise<void> {
  const { trigger, run, input, now } = context;
  let cursor: JsonValue | undefined;
  let progress = initial;
  let isFirst = true;
  do {
    run.signal.throwIfAborted();
    const page = await trigger.poll(run, input, cursor, { startedAt: context.startedAt });
    tally.wait(page.waitMs);
    const prepared = prepareEvents(trigger, page.rows);
    const news = await writer.newsOf(prepared);
    cursor = page.cursor;
    const floor = cursor === undefined ? undefined : lowestOf(prepared.events);
    const { floor: _floor, ...rest } = progress;
    const highest = highestOf(progress.highest, prepared.events, now());
    progress = { ...rest, ...(highest !== undefined && { highest }), ...(floor !== undefined && { floor }) };
    const { fresh, ground } = partNews(news, context);
    const isLastFresh = cursor !== undefined && fresh.length > 0 && fresh.at(-1) === prepared.events.at(-1);
    const isOver = !isLastFresh && compareSortBy(floor, highest) !== 0;
    progress = { ...progress, isGrounded: isOver };
    // What was staged before belongs to a first poll that came to no end.
    const part = { ground, staged: fresh, ...(isFirst && { unstage: true }), ...(isOver && { publish: true }) };
    tally.page(await writer.write(progress, part), { events: fresh, parked: [] });
    isFirst = false;
    if (isOver) return;
  } while (!tally.isFull());
  await writer.write({ ...progress, isGrounded: true }, { publish: true });
}

async function runCycle(
  context: TickContext,
  initial: FeedProgress,
  writer: PageWriter,
  tally: TickTally,
): Promise<void> {
  const { trigger, run, now } = context;
  const guard = createRepetitionGuard();
  const { answer: _answer, ...rest } = initial;
  let progress: FeedProgress = rest;
  let cycle = initial.cycle ?? beginCycle(context, initial);
  for (;;) {
    run.signal.throwIfAborted();
    const page = await pollCycle(context, initial, cycle, writer);
    tally.wait(page.waitMs);
    if (page.isUnchanged) return;
    const { events, parked } = prepareEvents(trigger, page.rows);
    const news = await writer.newsOf({ events, parked });
    const wanted = await wantedOf(events, news, progress, cycle, writer);
    const highest = highestOf(cycle.highest, news.events, now());
    const knownPages = isKnown(context, cycle, page, events, news) ? (cycle.knownPages ?? 0) + 1 : 0;
    cycle = { ...cycle, nextPage: page.cursor, pages: cycle.pages + 1, knownPages, ...given('highest', highest) };
    const isEnd = page.cursor === undefined || isGroundOf(context, progress, cycle, events, news);
    const isRepeating = guard.repeats([...events, ...parked], page.cursor);
    const isOver = isEnd || isRepeating || knownPages >= maxKnownPages;
    // What was looked at lies on one page: while that is unchanged there is nothing new.
    const answer = cycle.pages === 1 && !cycle.replay && page.etag !== undefined ? firstAnswer(page.etag) : undefined;
    progress = isOver ? { ...endCycle(progress, cycle), ...given('answer', answer) } : { ...progress, cycle };
    const part = { staged: wanted, parked: news.parked, ...(isOver && { publish: true }) };
    tally.page(await writer.write(progress, part), { events: wanted, parked: news.parked });
    // What was staged is delivered all the same: asking again would give the same.
    if (!isEnd && isRepeating) tally.stuck(stuckError(context));
    if (isOver) return cycle.replay && tally.replayed(cycle.replay.id);
    if (tally.isFull()) return;
  }
}

/** The first page of a cycle is always asked for alike. */
function firstAnswer(etag: string): FeedProgress['answer'] {
  return { asked: '', etag };
}

async function pollCycle(
  { trigger, run, input, startedAt }: TickContext,
  { answer, ...progress }: FeedProgress,
  { nextPage, pages, replay }: DescendingCycle,
  writer: PageWriter,
): Promise<PollPage> {
  const etag = pages === 0 && !replay ? answer?.etag : undefined;
  try {
    return await trigger.poll(run, input, nextPage, { startedAt, etag });
  } catch (error) {
    // A page that is asked for late may be gone; the next tick begins with the first one.
    if (pages > 0 && isRefused(error)) await dropCycle(progress, writer);
    throw error;
  }
}

/** A page without anything new; but on the way down to a time, what is known is passed by. */
function isKnown(
  { trigger }: TickContext,
  { replay }: DescendingCycle,
  { rows }: PollPage,
  events: readonly TriggerEvent[],
  news: News,
): boolean {
  const passesBy = replay !== undefined || (lookBackOf(trigger) > 0 && events.length > 0);
  return !passesBy && rows.length > 0 && news.events.length === 0 && news.parked.length === 0;
}

function isGroundOf(
  { trigger }: TickContext,
  progress: FeedProgress,
  cycle: DescendingCycle,
  events: readonly TriggerEvent[],
  { known }: News,
): boolean {
  return isKnownGround({ events, known }, progress, lookBackOf(trigger)) && isReplayed(events, cycle);
}

function lookBackOf({ definition }: RunnableTrigger): number {
  return definition.lookBackMs ?? 0;
}

function beginCycle({ fence, replay }: TickContext, { replayed }: FeedProgress): DescendingCycle {
  const isWanted = replay !== undefined && replayed !== replay.id;
  return { fence, nextPage: undefined, pages: 0, ...(isWanted && { replay: { id: replay.id, from: replay.from } }) };
}

function endCycle({ cycle: _cycle, ...progress }: FeedProgress, { highest, replay }: DescendingCycle): FeedProgress {
  const isHigher = highest !== undefined && (compareSortBy(highest, progress.highest) ?? 1) > 0;
  const { floor } = progress;
  const from = replay && floor !== undefined ? timeLike(replay.from, floor) : undefined;
  const isLower = from !== undefined && (compareSortBy(from, floor) ?? 0) < 0;
  return {
    ...progress,
    isGrounded: true,
    ...(isHigher && { highest }),
    ...(isLower && { floor: from }),
    ...(replay && { replayed: replay.id }),
  };
}

/** What is delivered of a page: what is new and not older than the feed; for a replay also what is ground, or older. */
async function wantedOf(
  events: readonly TriggerEvent[],
  news: News,
  progress: FeedProgress,
  { replay }: DescendingCycle,
  writer: PageWriter,
): Promise<readonly TriggerEvent[]> {
  const wanted = news.events.filter((event) => !isBeforeFeed(event, progress));
  if (!replay) return wanted;
  const asked = await writer.newsOf({ events, parked: [] }, true);
  const all = new Set([...wanted, ...asked.events.filter(({ sortBy }) => (timeOf(sortBy) ?? -1) >= replay.from)]);
  return events.filter((event) => all.has(event));
}

function isReplayed(events: readonly TriggerEvent[], { replay }: DescendingCycle): boolean {
  if (!replay) return true;
  const lowest = timeOf(lowestOf(events));
  return lowest === undefined || lowest < replay.from;
}

/**
 * After so many pages in a row without anything new a cycle ends: rows that share one `sortBy` are all gone through, since a
 * new one may stand anywhere among them, and so are rows that were parked, but not a whole history of them in each cycle.
 */
const maxKnownPages = 100;

/** So many pages in a row without a row that this tick has not met end its cycle. */
const maxRepeatedPages = 3;

/** Notices a provider that would be paged through for ever. */
function createRepetitionGuard() {
  const met = new Set<string | undefined>();
  const cursors = new Set<string>();
  let repeatedPages = 0;
  return {
    repeats(rows: readonly { readonly signature?: string }[], cursor: JsonValue | undefined): boolean {
      const isBarren = rows.every(({ signature }) => met.has(signature));
      for (const { signature } of rows) met.add(signature);
      const key = JSON.stringify(cursor) ?? '';
      const isCircle = cursors.has(key);
      cursors.add(key);
      repeatedPages = isBarren ? repeatedPages + 1 : 0;
      return isCircle || repeatedPages >= maxRepeatedPages;
    },
  };
}

/** The provider understood and refused, so that asking the same again is of no use. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof ProviderError)) return error instanceof GatewayError && error.code === 'CONNECTOR_ERROR';
  const status = error.details.http?.status;
  return status !== undefined && status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status);
}

function stuckError({ trigger: { connector, name } }: TickContext): GatewayError {
  const message =
    `${connector.title ?? connector.name}: triggers.${name} names a next page again and again, and gives only rows that it gave before. ` +
    'Let `nextPage` be blank after the last page, and let `poll` ask for the page that it is given.';
  return new GatewayError('POLL_STUCK', message, { connector: connector.name, raisedIn: `triggers.${name}` });
}
