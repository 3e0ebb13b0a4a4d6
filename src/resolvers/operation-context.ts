/** What one operation carries from the door to the resolvers. */
import type { IncomingHttpHeaders } from 'node:http';
import type { DocumentNode } from 'graphql';
import type { Caller } from '../connection/caller.ts';

export interface OperationContext {
  readonly caller: Caller;
  /** Aborts when the client has gone or the operation's time is up. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** Header `Idempotency-Key`, as it came: for each mutation field of the operation that has no key of its own. */
  readonly idempotencyKey?: string | undefined;
  /** What the client sent, lower case; remote subgraphs get of it what the operator names. */
  readonly headers?: IncomingHttpHeaders | undefined;
}

export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly context: OperationContext;
  /** What its providers were asked is told with its result: `extensions.upstream`. */
  readonly tellsUpstream?: boolean;
  /** Where a subscription goes on; beats the `after` argument of its root field. SSE has it from `Last-Event-ID`. */
  readonly after?: string;
}
