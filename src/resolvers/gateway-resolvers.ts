/** What the gateway tells of itself: its connectors, what can be asked of them and what can happen there. */
import type { Connector, Presentation } from '../connector/definition.ts';
import { rootFieldName } from '../graph/names.ts';
import { labelize } from '../notation/labelize.ts';
import { createConnectionResolvers, type ConnectionRooms } from './connection-resolvers.ts';

export interface GatewayKnowledge {
  readonly connectors: readonly Connector[];
  readonly rooms: ConnectionRooms;
}

/** Resolvers for the types of `schema/gateway.graphql`. */
export function createGatewayResolvers({ connectors, rooms }: GatewayKnowledge) {
  const byName = new Map(
    connectors.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((connector) => [connector.name, connector]),
  );
  const { Query, Connector: connectorFields, ...others } = createConnectionResolvers(byName, rooms);
  return {
    ...others,
    Query: {
      ...Query,
      connectors: () => [...byName.values()],
      connector: (_root: unknown, { name }: { readonly name: string }) => byName.get(name) ?? null,
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
