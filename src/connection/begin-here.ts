/** Begins for whoever opens `/connect/<connector>`, where nobody is asked for credentials: on one's own machine alone. */
import type { Connector } from '../connector/definition.ts';
import { GatewayError } from '../errors.ts';
import { insecureCaller } from './caller.ts';
import type { BrowserStep, Connecting } from './connecting.ts';
import type { StoredConnections } from './stored-connections.ts';

/** @param scopes - OAuth scopes beside those that the connector always asks for. */
export type BeginHere = (connectorName: string, scopes: readonly string[]) => Promise<BrowserStep>;

/**
 * Gives what `connect` does without an application, for the local subject: the link, or the end where nothing is to be
 * entered. What is connected already is connected again.
 *
 * @throws GatewayError CONNECTOR_UNKNOWN, and as `Connecting.begin`
 */
export function createBeginHere(
  connectors: readonly Connector[],
  stored: Pick<StoredConnections, 'list'>,
  connecting: Pick<Connecting, 'begin' | 'beginAgain'>,
): BeginHere {
  return async (name, scopes) => {
    const connector = connectors.find((one) => one.name === name);
    if (!connector) {
      const message = `There is no connector ${JSON.stringify(name)}.`;
      throw new GatewayError('CONNECTOR_UNKNOWN', message, { connector: name });
    }
    const all = await stored.list(insecureCaller, name);
    const own = all.find(({ value }) => value.subject === insecureCaller.subject && value.label === null);
    const isNew = !own || own.value.state === 'PENDING' || own.value.state === 'ERROR';
    // What was granted before is asked for again: a provider may grant no more than the latest request names.
    const wanted = isNew ? scopes : [...new Set([...own.value.scopes, ...scopes])];
    const { connection, authorizationUrl } = isNew
      ? await connecting.begin(insecureCaller, connector, { scopes: wanted })
      : await connecting.beginAgain(insecureCaller, own.id, { scopes: wanted });
    if (authorizationUrl !== null) return { step: 'return', url: authorizationUrl };
    return { step: 'end', connector, identity: connection.value.identity, problem: null };
  };
}
