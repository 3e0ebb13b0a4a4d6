/** Puts the transports of many answers together: WebSocket and server-sent events share operations, limits and callers. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../connection/caller.ts';
import { createKeyRing, type KeyRing } from '../../connection/seal.ts';
import { createCallerWatch } from './caller-watch.ts';
import { createGraphqlWsEndpoint, type GraphqlWsEndpoint } from './graphql-ws-endpoint.ts';
import { createOperationStreams, type OperationStreams, type OperationStreamsOptions } from './operation-stream.ts';
import { originGuard } from '../origin-guard.ts';
import { createPlaces, type Places } from './places.ts';
import { requestIds } from '../request-id.ts';
import { createSseEndpoint, type SseEndpoint } from './sse-endpoint.ts';
import { streamCookie } from './stream-cookie.ts';
import { defaultSubscriptionSettings, type SubscriptionSettings } from './subscription-settings.ts';
import { takeUpgrades, type UpgradeOptions } from './upgrade.ts';

export interface SubscriptionsOptions extends Omit<OperationStreamsOptions, 'eventTimeoutMs'> {
  /** Those that are absent keep their defaults (`defaultSubscriptionSettings`). */
  readonly settings: Partial<SubscriptionSettings> | undefined;
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly isAllowedHost: (host: string | undefined) => boolean;
  readonly isDraining: () => boolean;
  /** Where browsers reach the gateway, if that is known. */
  readonly baseUrl: () => string | undefined;
  /** Seals the cookie of an EventSource. Default: a key that ends with the process. */
  readonly keyRing: KeyRing | undefined;
  /** Places of sockets and streams that are shared with others. Default: of its own. */
  readonly places?: Places;
}

export interface Subscriptions {
  /** Takes the WebSockets of a server at `/graphql`, and at further paths. */
  readonly takeUpgrades: (server: Server, acceptorAt?: UpgradeOptions['acceptorAt']) => void;
  /** Takes one WebSocket. */
  readonly acceptSocket: GraphqlWsEndpoint['accept'];
  readonly addRoutes: (app: FastifyInstance) => void;
  readonly streams: OperationStreams;
  /** Answers a request to another path with a stream of events. */
  readonly answerWithEvents: SseEndpoint['answer'];
  /**
   * Ends subscriptions at once: sockets with 1001, event streams without `complete`, both to be resumed. Queries and
   * mutations under way are answered.
   *
   * @param timeoutMs - after which sockets whose answers are not ready are cut.
   */
  readonly stop: (timeoutMs: number) => Promise<void>;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { caller, baseUrl, logger } = options;
  const settings = { ...defaultSubscriptionSettings, ...options.settings };
  const shared = {
    streams: createOperationStreams({ ...options, eventTimeoutMs: settings.eventTimeoutMs }),
    settings,
    caller,
    callerWatch: createCallerWatch({ caller, everyMs: settings.recheckMs }),
    places: options.places ?? createPlaces(settings.maxSocketsPerSubject),
    originOf: originGuard(settings.allowedOrigins, baseUrl),
    logger,
  };
  const sockets = createGraphqlWsEndpoint({ ...shared, requestId: requestIds() });
  const keyRing = options.keyRing ?? createKeyRing([{ id: 'process', key: randomBytes(32) }]);
  const events = createSseEndpoint({ ...shared, cookie: streamCookie(keyRing, baseUrl) });
  return {
    streams: shared.streams,
    takeUpgrades: (server, acceptorAt) =>
      takeUpgrades(server, {
        ...options,
        originOf: shared.originOf,
        acceptorAt: (path) => (path === '/graphql' ? sockets.accept : acceptorAt?.(path)),
      }),
    acceptSocket: sockets.accept,
    addRoutes: events.addRoutes,
    answerWithEvents: events.answer,
    async stop(timeoutMs) {
      events.stop();
      await sockets.stop(timeoutMs);
    },
  };
}
