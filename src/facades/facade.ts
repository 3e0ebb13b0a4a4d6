/** What every facade is given: who asks, and the rooms below as they are served at the time. */
import type { IncomingHttpHeaders } from 'node:http';
import type { AuthenticateOptions } from '../connection/authenticate.ts';
import type { Caller } from '../connection/caller.ts';
import type { Connecting } from '../connection/connecting.ts';
import type { Connections } from '../connection/connections.ts';
import type { Registrations } from '../connection/registrations.ts';
import type { ForeignTokens } from '../connection/foreign-tokens.ts';
import type { StoredConnections } from '../connection/stored-connections.ts';
import type { StateTokens } from '../connection/state-tokens.ts';
import type { Subjects } from '../connection/subjects.ts';
import type { Connector } from '../connector/definition.ts';
import type { RunOptions } from '../connector/run-action.ts';
import type { Research } from '../research/research.ts';
import type { Things } from '../things/things.ts';
import type { Capability } from '../connector/capability.ts';
import type { RequestBudget } from '../http/budget.ts';
import type { ActionResolverOptions } from '../resolvers/action-resolver.ts';
import type { FindCapability } from '../resolvers/capability-action.ts';
import type { FileLimits } from '../transfers/file-limits.ts';
import type { Admit } from '../transfers/transfer-admission.ts';
import type { Transfers } from '../transfers/transfers.ts';

/** A facade is a Fastify plugin that is made of these, thin, and keeps nothing itself (design §8). */
export interface FacadeRooms {
  /** Who asks. @throws CallerError, InputError as `Authenticator.authenticate` */
  readonly caller: (headers: IncomingHttpHeaders, options?: AuthenticateOptions) => Caller | Promise<Caller>;
  /** Where clients reach the gateway, from the configuration and never from `Host`. */
  readonly baseUrl: () => string;
  /** Bounds of contents that a facade streams itself. */
  readonly contents: { readonly limits: FileLimits; readonly admit: Admit };
  /** Of the connectors that are served at the time of the call: asked at each request, never kept. */
  readonly served: () => ServedRooms;
}

export interface ServedRooms {
  /** By name (`connectorsByName`). */
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly subjects: Subjects;
  readonly foreignTokens: ForeignTokens;
  readonly stateTokens: StateTokens;
  readonly registrations: Registrations;
  readonly stored: StoredConnections;
  readonly connecting: Connecting;
  readonly connections: Connections;
  readonly things: Things;
  readonly research: Research;
  /** With which actions are prepared (`prepareAction`). */
  readonly runOptions: RunOptions;
  /** What several connectors can do alike. */
  readonly capabilities: readonly Capability[];
  /** One of them, as a connector does it. */
  readonly capability: FindCapability;
  /** How lists are read, and their cursors sealed. */
  readonly lists: ActionResolverOptions;
  /** One-time URLs for contents; a facade that streams itself has `connector/run-content`. */
  readonly transfers: Transfers;
  /** For the requests of one call of a facade, as for one operation. */
  readonly operationBudget: () => RequestBudget;
}
