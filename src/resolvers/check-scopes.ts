/** Refuses fields that the caller's scopes do not allow: each alone, so that its neighbours still answer. */
import type { GraphQLFieldResolver } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { allows, allowsSome, everyScope, forbidden, scopeOf, type OperationKind } from '../connection/scopes.ts';

/** @throws CallerError FORBIDDEN, with the scope that is missing. */
export function requireScope(caller: Pick<Caller, 'scopes'>, kind: OperationKind, connector?: string): void {
  if (!allows(caller.scopes, kind, connector)) throw forbidden(scopeOf(kind, connector), connector);
}

type Resolver = GraphQLFieldResolver<any, any>;

/** What a resolver's context has to hold. */
interface Asked {
  readonly caller: Pick<Caller, 'scopes'>;
}

/** Puts the check before a resolver of a connector's root field; a caller who may do everything costs one comparison. */
export function withScope(resolve: Resolver, kind: OperationKind, connector: string): Resolver {
  return (root, args, context: Asked, info) => {
    if (context.caller.scopes !== everyScope) requireScope(context.caller, kind, connector);
    return resolve(root, args, context, info);
  };
}

/** What a root field of the gateway's own part needs: `anyone` is every caller that is known at all. */
const gatewayFields: Readonly<Record<string, OperationKind | 'anyone' | readonly OperationKind[]>> = {
  'Query.connectors': 'anyone',
  'Query.connector': 'anyone',
  // These know their connector, or whose connection it is, only when they have looked, and ask `requireScope` then.
  'Query.registrations': ['admin'],
  'Query.subjects': 'admin',
  'Query.connections': ['connect', 'admin'],
  'Query.connection': ['connect', 'admin'],
  'Mutation.registerConnector': ['admin'],
  'Mutation.unregisterConnector': ['admin'],
  'Mutation.connect': ['connect', 'admin'],
  'Mutation.finishConnection': ['connect', 'admin'],
  'Mutation.reconnect': ['connect', 'admin'],
  'Mutation.testConnection': ['connect', 'admin'],
  'Mutation.disconnect': ['connect', 'admin'],
  'Subscription.connectionChanged': ['connect', 'admin'],
  'Query.feeds': ['subscribe'],
  'Query.feed': ['subscribe'],
  'Mutation.startFeed': ['subscribe'],
  'Mutation.stopFeed': ['subscribe'],
  'Mutation.replayParked': ['subscribe'],
  'Mutation.replayFeed': ['subscribe'],
  'Query.things': ['read'],
  'Query.thing': ['read'],
  'Mutation.createThing': ['write'],
  'Mutation.setThingProperty': ['write'],
  'Mutation.setThingStatus': ['write'],
  'Mutation.removeThing': ['write'],
  'Mutation.requestThingAction': ['write'],
  'Subscription.thingChanged': ['subscribe'],
  'Query.researchContexts': 'read',
  'Query.researchContext': 'read',
  'Mutation.createResearchContext': 'write',
  'Mutation.renameResearchContext': 'write',
  'Mutation.setResearchPort': 'write',
  'Mutation.removeResearchPort': 'write',
  'Mutation.advanceResearchContext': 'write',
  'Mutation.finishResearchContext': 'write',
  'Mutation.deleteResearchContext': 'write',
  'Query.webhookAddresses': ['admin'],
  'Mutation.createWebhookAddress': ['admin'],
  'Mutation.removeWebhookAddress': ['admin'],
};

/** Puts the check before the root fields of the gateway's own part. A field that the table does not know needs `admin`. */
export function withGatewayScopes<Resolvers extends object>(resolvers: Resolvers): Resolvers {
  const guarded = Object.entries(resolvers).map(([type, fields]: [string, Record<string, unknown>]) => {
    if (!rootTypes.has(type)) return [type, fields];
    const entries = Object.entries(fields).map(([name, field]) => [name, guardField(`${type}.${name}`, field)]);
    return [type, Object.fromEntries(entries)];
  });
  return Object.fromEntries(guarded) as Resolvers;
}

const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

function guardField(name: string, field: unknown): unknown {
  const needed = Object.hasOwn(gatewayFields, name) ? gatewayFields[name]! : 'admin';
  if (needed === 'anyone') return field;
  const check = (caller: Asked['caller']) => {
    if (caller.scopes === everyScope) return;
    if (typeof needed === 'string') return requireScope(caller, needed);
    const [first] = needed;
    if (first && !needed.some((kind) => allowsSome(caller.scopes, kind))) requireScope(caller, first);
  };
  const guard =
    (resolve: Resolver): Resolver =>
    (root, args, context: Asked, info) => {
      check(context.caller);
      return resolve(root, args, context, info);
    };
  if (typeof field === 'function') return guard(field as Resolver);
  // A field of Subscription: `{ subscribe, resolve }`; the source is asked once, and each of its events again.
  return Object.fromEntries(Object.entries(field as Record<string, Resolver>).map(([key, each]) => [key, guard(each)]));
}
