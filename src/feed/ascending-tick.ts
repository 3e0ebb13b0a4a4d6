/** A tick of an ascending trigger: asks from the stored cursor on, page after page, and moves the cursor with each. */
import { GatewayError } from '../errors.ts';
import type { JsonValue } from '../storage/records.ts';
import { isEarlier, setBack } from './look-back.ts';
import { partNews } from './known-ground.ts';
import { createPageWriter, type News, type PageWriter } from './page-writer.ts';
import { prepareEvents } from './prepare-events.ts';
import { readProgress, type FeedProgress } from './progress.ts';
import { hasStart, inputSince } from './start-input.ts';
import { defaultMaxPages, type TickContext, type TickResult } from './tick-context.ts';
import { createTickTally, nothing, type TickTally } from './tick-tally.ts';

/**
 * Polls until the provider has no more, at most `maxPages` times. A blank `nextPoll` keeps the cursor. The first tick of
 * a feed whose input does not say since when goes through what is there without delivering it. With `lookBackMs` the
 * first poll asks from so long before the cursor, which stays where it is.
 *
 * @throws as `tick`
 */
export async function tickAscending(context: TickContext): Promise<TickResult> {
  const { feed, log, replay, maxPages = defaultMaxPages } = context;
  const state = await log.state(feed);
  const progress = readProgress(feed, state.progress);
  const writer = createPageWriter(context, state);
  const tally = createTickTally(maxPages);
  const caughtUp = await catchUp(context, progress, writer, tally);
  // Whoever completed it died before that was noted.
  if (replay && caughtUp.replayed === replay.id) tally.replayed(replay.id);
  else if (replay && !tally.isFull()) {
    await replaySince(context, replay.id, inputSince(context, replay.from), caughtUp, writer, tally);
  }
  return tally.result();
}

/** Which poll comes next, and where the feed stands after it. */
interface Walk {
  /** What the next poll is given. */
  readonly asked: JsonValue | undefined;
  readonly stored: JsonValue | undefined;
  /** Between look-back and stored cursor: the walk moves, the stored cursor does not. */
  readonly isLookingBack: boolean;
}

async function catchUp(
  context: TickContext,
  initial: FeedProgress,
  writer: PageWriter,
  tally: TickTally,
): Promise<FeedProgress> {
  const { trigger, input, run, startedAt } = context;
  const delivers = initial.isGrounded || hasStart(trigger, input);
  const { goesOnAt: _goesOnAt, answer: lastAnswer, ...rest } = initial;
  let progress: FeedProgress = rest;
  let walk = beginWalk(context, initial, tally);
  let visited = new Set([keyOf(walk.asked)]);
  for (let isFirst = true; ; isFirst = false) {
    run.signal.throwIfAborted();
    const asked = keyOf(walk.asked);
    const etag = isFirst && lastAnswer?.asked === asked ? lastAnswer.etag : undefined;
    const page = await trigger.poll(run, input, walk.asked, { startedAt, etag });
    tally.wait(page.waitMs);
    if (page.isUnchanged) return initial;
    const news = await writer.newsOf(prepareEvents(trigger, page.rows));
    walk = nextWalk(walk, page.cursor);
    const isStuck = page.canPollMore && !hasNews(news) && visited.has(keyOf(walk.asked));
    visited.add(keyOf(walk.asked));
    // A provider that repeats itself leads no further: what comes after is new.
    const isGrounded = delivers || !page.canPollMore || isStuck;
    const answer = isFirst && !page.canPollMore && page.etag !== undefined ? { asked, etag: page.etag } : undefined;
    progress = { ...progress, cursor: walk.stored, isGrounded, ...(answer && { answer }) };
    await logPage(context, delivers, news, progress, writer, tally);
    if (!page.canPollMore) return progress;
    if (isStuck) {
      const onward = leaveStandstill(context, walk, tally);
      if (!onward) return progress;
      walk = onward;
      visited = new Set([keyOf(walk.asked)]);
    }
    if (!tally.isFull()) continue;
    if (delivers && hasLookBack(context)) await writer.write({ ...progress, goesOnAt: walk.asked }, {});
    return progress;
  }
}

function hasNews({ events, parked }: News): boolean {
  return events.length > 0 || parked.length > 0;
}

/** Where the first tick finds the ground, only what happened since the start of the feed is delivered. */
async function logPage(
  context: TickContext,
  delivers: boolean,
  news: News,
  progress: FeedProgress,
  writer: PageWriter,
  tally: TickTally,
): Promise<void> {
  const { fresh, ground } = delivers ? { fresh: news.events, ground: nothing } : partNews(news, context);
  const delivered = { events: fresh, parked: delivers ? news.parked : [] };
  tally.page(await writer.write(progress, { ...delivered, ground }), delivered);
}

function hasLookBack({ trigger }: TickContext): boolean {
  return (trigger.definition.lookBackMs ?? 0) > 0;
}

function beginWalk(context: TickContext, initial: FeedProgress, tally: TickTally): Walk {
  const { cursor, isGrounded, goesOnAt } = initial;
  const { lookBackMs = 0 } = context.trigger.definition;
  const plain = { asked: cursor, stored: cursor, isLookingBack: false };
  if (!isGrounded || lookBackMs === 0 || cursor === undefined) return plain;
  // A look-back longer than a tick is gone through once, not begun anew with each.
  if (goesOnAt !== undefined) return { asked: goesOnAt, stored: cursor, isLookingBack: isEarlier(goesOnAt, cursor) };
  const asked = setBack(cursor, lookBackMs);
  if (asked !== undefined) return { asked, stored: cursor, isLookingBack: true };
  tally.warn(timelessError(context));
  return plain;
}

function nextWalk(walk: Walk, given: JsonValue | undefined): Walk {
  // What came from before the cursor may point to before the cursor; it is walked along, not kept.
  const isBefore = walk.isLookingBack && isEarlier(given, walk.stored);
  if (isBefore) return { asked: given, stored: walk.stored, isLookingBack: true };
  const cursor = given ?? walk.stored;
  return { asked: cursor, stored: cursor, isLookingBack: false };
}

/** Rows that come late are no reason to miss those that come now; where it does not look back there is no way on. */
function leaveStandstill(context: TickContext, { isLookingBack, stored }: Walk, tally: TickTally): Walk | undefined {
  if (isLookingBack) {
    tally.warn(cutShortError(context));
    return { asked: stored, stored, isLookingBack: false };
  }
  tally.stuck(stuckError(context));
  return undefined;
}

/** Asks once more from a time on, with the cursor of its own; what the log has or had is left out by its signature. */
async function replaySince(
  { trigger, run, startedAt }: TickContext,
  id: string,
  since: Promise<Readonly<Record<string, unknown>>>,
  caughtUp: FeedProgress,
  writer: PageWriter,
  tally: TickTally,
): Promise<void> {
  const input = await since;
  let cursor = caughtUp.replay?.id === id ? caughtUp.replay.cursor : undefined;
  const visited = new Set([keyOf(cursor)]);
  for (;;) {
    run.signal.throwIfAborted();
    const page = await trigger.poll(run, input, cursor, { startedAt });
    tally.wait(page.waitMs);
    const news = await writer.newsOf(prepareEvents(trigger, page.rows), true);
    cursor = page.cursor ?? cursor;
    const isOver = !page.canPollMore || visited.has(keyOf(cursor));
    visited.add(keyOf(cursor));
    const { replay: _replay, ...rest } = caughtUp;
    const progress: FeedProgress = isOver ? { ...rest, replayed: id } : { ...rest, replay: { id, cursor } };
    const { events, parked } = news;
    tally.page(await writer.write(progress, { events, parked }), news);
    if (isOver) return tally.replayed(id);
    if (tally.isFull()) return;
  }
}

function keyOf(cursor: JsonValue | undefined): string {
  return JSON.stringify(cursor) ?? '';
}

function stuckError(context: TickContext): GatewayError {
  return pollError(
    context,
    'POLL_STUCK',
    'says that more can be polled, but gave only what the feed has seen, and its cursor leads nowhere new. ' +
      'More rows share one place than a page holds, or `nextPoll` is missing: let it carry the page too.',
  );
}

function cutShortError(context: TickContext): GatewayError {
  return pollError(
    context,
    'POLL_STUCK',
    'looks back, but more rows share one place than a page holds, so that late ones among them may be missed. ' +
      'The feed goes on from its cursor. Let `nextPoll` carry the page too.',
  );
}

function timelessError(context: TickContext): GatewayError {
  return pollError(
    context,
    'POLL_CURSOR_INVALID',
    'has `lookBackMs`, but its cursor holds no time that can be set back, so that rows which show late are missed. Let `nextPoll` ' +
      'be a time of ISO 8601, seconds or milliseconds since 1970, or an object with times of ISO 8601.',
  );
}

function pollError(
  { trigger: { connector, name } }: TickContext,
  code: 'POLL_STUCK' | 'POLL_CURSOR_INVALID',
  what: string,
): GatewayError {
  const message = `${connector.title ?? connector.name}: triggers.${name} ${what}`;
  return new GatewayError(code, message, { connector: connector.name, raisedIn: `triggers.${name}` });
}
