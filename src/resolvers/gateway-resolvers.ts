/** What the gateway tells of itself: its connectors, what can be asked of them and what can happen there. */
import { connectorsByName, type MakeConnector } from '../connector/connectors-by-name.ts';
import type { Connector, Presentation } from '../connector/definition.ts';
import type { Subjects } from '../connection/subjects.ts';
import { capabilityNames } from '../graph/implementations.ts';
import { rootFieldName } from '../graph/names.ts';
import { labelize } from '../notation/labelize.ts';
import type { Research } from '../research/research.ts';
import type { Things } from '../things/things.ts';
import { createConnectionChanged } from './connection-changed.ts';
import { createConnectionResolvers, createFind, type ConnectionRooms } from './connection-resolvers.ts';
import { createFeedResolvers } from './feed-resolvers.ts';
import type { FeedRooms } from './feed-rooms.ts';
import type { OperationContext } from './operation-context.ts';
import { createResearchResolvers } from './research-resolvers.ts';
import { createThingResolvers } from './thing-resolvers.ts';
import { createWebhookAddressResolvers } from './webhook-address-resolvers.ts';

export interface GatewayKnowledge {
  readonly connectors: readonly Connector[];
  /** Makes those that are not loaded and may have been registered all the same. */
  readonly makeConnector?: MakeConnector | undefined;
  /** Absent: whoever asks for subjects is told that there are none. */
  readonly subjects?: Pick<Subjects, 'list'>;
  readonly rooms: ConnectionRooms;
  readonly feeds: FeedRooms;
  readonly things: Things;
  readonly research: Research;
}

/** Resolvers for the types of `schema/gateway.graphql`. */
export function createGatewayResolvers(knowledge: GatewayKnowledge) {
  const { connectors, rooms, feeds, things, research, subjects } = knowledge;
  const byName = connectorsByName(
    connectors.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    knowledge.makeConnector,
  );
  const findConnector = createFind(byName);
  const {
    Query,
    Mutation,
    Connector: connectorFields,
    ...others
  } = createConnectionResolvers(findConnector, byName, rooms);
  const aboutFeeds = createFeedResolvers(byName, findConnector, feeds);
  const aboutAddresses = createWebhookAddressResolvers(findConnector, feeds.addresses);
  const aboutThings = createThingResolvers({ things, feeds, stored: rooms.stored, served: byName });
  const { changes, cursors } = feeds;
  const connectionChanged = createConnectionChanged({ changes, cursors, stored: rooms.stored, findConnector });
  const aboutResearch = createResearchResolvers(research);
  return {
    ...others,
    ...aboutFeeds,
    ...connectionChanged,
    ...aboutThings,
    ...aboutResearch,
    Subscription: { ...connectionChanged.Subscription, ...aboutThings.Subscription },
    Mutation: {
      ...Mutation,
      ...aboutFeeds.Mutation,
      ...aboutAddresses.Mutation,
      ...aboutThings.Mutation,
      ...aboutResearch.Mutation,
    },
    Query: {
      ...Query,
      ...aboutThings.Query,
      ...aboutResearch.Query,
      ...aboutFeeds.Query,
      ...aboutAddresses.Query,
      connectors: () => [...byName.values()],
      connector: async (_root: unknown, { name }: { readonly name: string }, { caller }: OperationContext) => {
        const connector = byName.get(name);
        if (!connector || byName.has(name)) return connector ?? null;
        // One that is made of its name alone is there for whoever registered it.
        return (await rooms.registrations.find(caller.tenant, connector)) ? connector : null;
      },
      subjects: (_root: unknown, _args: unknown, { caller }: OperationContext) => subjects?.list(caller.tenant) ?? [],
    },
    Connector: {
      ...connectorFields,
      title: (connector: Connector) => connector.title ?? labelize(connector.name),
      actions: (connector: Connector) =>
        Object.entries(connector.actions ?? {}).map(([name, action]) => ({
          ...present(connector, name, action, action.readOnly === true),
          readOnly: action.readOnly === true,
        })),
      triggers: (connector: Connector) =>
        Object.entries(connector.triggers ?? {}).map(([name, trigger]) => present(connector, name, trigger, false)),
      capabilities: capabilityNames,
      entities: (connector: Connector) =>
        Object.entries(connector.objects ?? {}).flatMap(([name, object]) => (object.key === undefined ? [] : [name])),
    },
  };
}

function present(connector: Connector, name: string, part: Presentation, reads: boolean) {
  return {
    name,
    title: part.title ?? labelize(name),
    description: part.description ?? part.subtitle,
    field: rootFieldName(connector, name, part, reads),
    scopes: part.scopes ?? [],
  };
}
