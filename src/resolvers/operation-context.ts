/** What one operation carries from the door to the resolvers. */
import type { Caller } from '../connection/caller.ts';

export interface OperationContext {
  readonly caller: Caller;
  /** Aborts when the client has gone or the operation's time is up. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}
