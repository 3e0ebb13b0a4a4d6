/** A connection that an operation has opened, as actions are run with it. */
import type { Connections, UsableConnection } from '../connection/connections.ts';
import type { Connector } from '../connector/definition.ts';
import type { ActionRun } from '../connector/run-action.ts';
import type { Caller } from '../connection/caller.ts';
import type { RequestBudget } from '../http/budget.ts';

export interface OpenedConnection {
  readonly connector: Connector;
  /** Whose it is; `undefined`: the tenant's, or nobody's where none is needed. */
  readonly subject: string | undefined;
  readonly run: ActionRun;
  /**
   * Compares the scopes that an action needs with those that were granted, where that is known.
   *
   * @throws AuthorizationError SCOPE_MISSING with the scopes to ask for
   */
  readonly requireGranted: (scopes: readonly string[] | undefined) => void;
}

/**
 * @param tenant - who asks; without a connection its requests count together at the provider.
 * @param signal - ends the work when the client has gone.
 * @param budget - of the requests of the whole operation.
 */
export function toOpenedConnection(
  usable: UsableConnection,
  tenant: string,
  signal: AbortSignal,
  connections: Pick<Connections, 'missingScopes'>,
  budget?: RequestBudget,
): OpenedConnection {
  const { id, subject, connector, credentials, baseUri, scopes: granted } = usable;
  return {
    connector,
    subject,
    run: { id, tenant, credentials, baseUri, signal, ...(budget && { budget }) },
    requireGranted(scopes) {
      if (granted === undefined || id === undefined || scopes === undefined) return;
      const missing = scopes.filter((scope) => !granted.includes(scope));
      if (missing.length > 0) throw connections.missingScopes(connector, id, missing);
    },
  };
}

/**
 * Opens connections of a caller outside an operation.
 *
 * @param signal - ends the work when the client has gone, or it took too long.
 */
export function createOpenRun(
  connections: Pick<Connections, 'open' | 'missingScopes'>,
  caller: Caller,
  signal: AbortSignal,
): (connector: Connector, connection?: string | null, scopes?: readonly string[]) => Promise<ActionRun> {
  return async (connector, connection, scopes) => {
    const usable = await connections.open(caller, connector, connection);
    const opened = toOpenedConnection(usable, caller.tenant, signal, connections);
    opened.requireGranted(scopes);
    return opened.run;
  };
}
