/** A connection that an operation has opened, as actions are run with it. */
import type { UsableConnection } from '../connection/connections.ts';
import type { Connector } from '../connector/definition.ts';
import type { ActionRun } from '../connector/run-action.ts';

export interface OpenedConnection {
  readonly connector: Connector;
  readonly run: ActionRun;
}

/** @param signal - ends the work when the client has gone. */
export function toOpenedConnection(usable: UsableConnection, signal: AbortSignal): OpenedConnection {
  const { id, connector, credentials, registration } = usable;
  return { connector, run: { id, credentials, baseUri: registration?.baseUri, signal } };
}
