/** The gateway's own fields about feeds (`schema/gateway.graphql`). */
import type { GraphQLResolveInfo } from 'graphql';
import type { Connector } from '../connector/definition.ts';
import { findByName } from '../connector/find-by-name.ts';
import { type GatewayError, InputError } from '../errors.ts';
import type { FeedStatus } from '../feed/feed.ts';
import { allows } from '../connection/scopes.ts';
import { bindingOf } from '../graph/binding.ts';
import { rootFieldName } from '../graph/names.ts';
import { parseJson } from '../http/parse-json.ts';
import { didYouMean } from '../notation/nearest.ts';
import type { ParkedEvent } from '../storage/feed-log.ts';
import { requireScope } from './check-scopes.ts';
import { feedKeyOf } from './feed-input.ts';
import type { FeedRooms } from './feed-rooms.ts';
import type { OperationState } from './operation-state.ts';
import { readTriggerArguments } from './trigger-arguments.ts';

/** Arguments of `startFeed`. */
export interface StartFeedArguments {
  readonly connector: string;
  readonly trigger: string;
  readonly connection?: string | null;
  readonly input?: unknown;
}

const maxParked = 100;
const defaultParked = 20;

/**
 * Resolvers for what can be asked of feeds.
 *
 * @param findConnector - throws InputError CONNECTOR_UNKNOWN.
 */
export function createFeedResolvers(
  byName: ReadonlyMap<string, Connector>,
  findConnector: (name: string) => Connector,
  rooms: FeedRooms,
) {
  /** A feed of the caller that it may subscribe to. */
  const owned = async ({ caller }: OperationState, id: string): Promise<FeedStatus> => {
    const feed = await rooms.feeds.find(caller, id);
    if (!feed) throw notFound(id);
    requireScope(caller, 'subscribe', feed.connector);
    return feed;
  };
  /** One that the caller may change: its own, and the tenant's where it may administer them. */
  const managed = async (state: OperationState, id: string): Promise<FeedStatus> => {
    const feed = await owned(state, id);
    requireManaging(state, feed);
    return feed;
  };
  return {
    Query: {
      feeds: async (_root: unknown, { connector }: { connector?: string | null }, { caller }: OperationState) => {
        const only = connector ? findConnector(connector).name : undefined;
        if (only !== undefined) requireScope(caller, 'subscribe', only);
        const feeds = await rooms.feeds.list(caller, only);
        return feeds.filter((feed) => allows(caller.scopes, 'subscribe', feed.connector));
      },
      feed: async (_root: unknown, { id }: { id: string }, { caller }: OperationState) => {
        const feed = await rooms.feeds.find(caller, id);
        if (feed) requireScope(caller, 'subscribe', feed.connector);
        return feed ?? null;
      },
    },
    Mutation: {
      startFeed: async (_root: unknown, args: StartFeedArguments, state: OperationState, info: GraphQLResolveInfo) => {
        const connector = findConnector(args.connector);
        requireScope(state.caller, 'subscribe', connector.name);
        const { field, binding } = findTrigger(connector, args.trigger, info);
        const runnable = rooms.triggers(connector.name, binding.trigger.name);
        if (!runnable) throw new TypeError(`${connector.name}.${binding.trigger.name} is in the graph and not served.`);
        const given = readTriggerArguments(field, args.input);
        const opened = await state.open(connector, args.connection, runnable.definition.scopes);
        requireManaging(state, { connector: connector.name, subject: opened.subject });
        const key = await feedKeyOf(binding, runnable, opened, given, state.caller.tenant);
        return rooms.feeds.start(key, opened.run.signal);
      },
      stopFeed: async (_root: unknown, { id }: { id: string }, state: OperationState) => {
        await managed(state, id);
        return (await rooms.feeds.stop(state.caller, id)) ?? notFoundNow(id);
      },
      replayParked: async (
        _root: unknown,
        { feed: id, ids }: { feed: string; ids?: readonly string[] | null },
        state: OperationState,
      ) => {
        await managed(state, id);
        const replayed = (await rooms.feeds.replayParked(state.caller, id, ids ?? undefined)) ?? notFoundNow(id);
        return { ...replayed, feed: await owned(state, id) };
      },
      replayFeed: async (_root: unknown, { feed: id, from }: { feed: string; from: Date }, state: OperationState) => {
        await managed(state, id);
        return (await rooms.feeds.replay(state.caller, id, from)) ?? notFoundNow(id);
      },
    },
    Feed: {
      connector: ({ connector }: FeedStatus) => byName.get(connector) ?? null,
      connection: ({ connection }: FeedStatus) => connection ?? null,
      lastPollAt: ({ lastPollAt }: FeedStatus) => toTime(lastPollAt),
      nextPollAt: ({ nextPollAt }: FeedStatus) => toTime(nextPollAt),
      cursor: ({ id, lastPlace }: FeedStatus) => rooms.cursors.at(id, lastPlace),
      oldestCursor: ({ id, oldestPlace }: FeedStatus) => rooms.cursors.at(id, oldestPlace - 1),
      parked: (
        { id }: FeedStatus,
        { first, after }: { first?: number | null; after?: string | null },
        { caller }: OperationState,
      ) => rooms.feeds.parked(caller, id, { limit: checkFirst(first), ...(after && { after }) }),
    },
    FeedError: { at: ({ at }: { at: number }) => toTime(at) },
    ParkedEvent: {
      payload: ({ payload }: ParkedEvent) => readableOrNull(payload),
      parkedAt: ({ parkedAt }: ParkedEvent) => toTime(parkedAt),
    },
  };
}

/** What belongs to no subject is shared by all of the tenant: one of them may not stop, repair or begin it for the others. */
function requireManaging({ caller }: OperationState, feed: Pick<FeedStatus, 'connector' | 'subject'>): void {
  if (feed.subject === undefined) requireScope(caller, 'admin', feed.connector);
}

/** A trigger by its own name, or by that of its field of Subscription. */
function findTrigger(connector: Connector, name: string, { schema }: GraphQLResolveInfo) {
  const { triggers = {} } = connector;
  const fieldName = (key: string): string => rootFieldName(connector, key, triggers[key], false);
  const keys = Object.keys(triggers);
  const key = findByName(triggers, name)?.[0] ?? keys.find((each) => fieldName(each) === name);
  const field = key === undefined ? undefined : schema.getSubscriptionType()?.getFields()[fieldName(key)];
  const binding = field && bindingOf(field);
  if (field && binding?.kind === 'trigger') return { field, binding };
  const known = keys.map((each) => `${each} (${fieldName(each)})`);
  const guess = didYouMean(name, [...keys, ...keys.map(fieldName)]);
  const expected = known.length > 0 ? `expected one of ${known.join(', ')}` : 'it has none';
  const { title = connector.name } = connector;
  const message = `trigger: ${title} has no trigger ${JSON.stringify(name)}; ${expected}${guess}.`;
  throw new InputError('INPUT_INVALID', message, { connector: connector.name });
}

function checkFirst(first: number | null | undefined): number {
  const limit = first ?? defaultParked;
  if (limit >= 1 && limit <= maxParked) return limit;
  const message = `first: expected a whole number from 1 to ${maxParked}; got ${limit}. Page on with \`after\`.`;
  throw new InputError('PAGE_SIZE_INVALID', message);
}

/** The same for a feed that does not exist and for one of somebody else. */
function notFound(id: string): GatewayError {
  return new InputError('FEED_NOT_FOUND', `There is no feed ${JSON.stringify(id)} of yours.`);
}

/** It was removed while it was asked for. */
function notFoundNow(id: string): never {
  throw notFound(id);
}

/** What is too deep to be read, or no JSON, is why it was parked, as its reason says: no error beside it. */
function readableOrNull(payload: string | undefined): unknown {
  if (payload === undefined) return null;
  try {
    return parseJson(payload);
  } catch {
    return null;
  }
}

function toTime(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
