/** Binds a connection to the hosts that its tenant had chosen when it was made: its credentials go to no others. */
import type { Connector } from '../connector/definition.ts';
import { oauthWays, type Registration } from './registration.ts';

/** Origins that a tenant chose, each after what goes there; empty: all goes where the connector or the operator says. */
export type Binding = readonly string[];

/**
 * What a connection that is made now is bound to. An endpoint of the connector's own origin counts as the connector's; what
 * the operator configured is the operator's to change.
 */
export function bindingOf(connector: Connector, registration: Registration | undefined): Binding {
  if (registration?.id === undefined) return [];
  const { baseUri, issuer, tokenUrl, revocationUrl } = registration.endpoints;
  const ways = oauthWays(connector);
  const ownServer = originsOf(ways.flatMap((way) => [way.issuer, way.tokenUrl, way.revocationUrl]));
  const ownProvider = originsOf([connector.connection?.baseUri]);
  const provider = originsOf([baseUri]).filter((origin) => !ownProvider.includes(origin));
  const server = originsOf([issuer, tokenUrl, revocationUrl]).filter((origin) => !ownServer.includes(origin));
  return [...provider.map((origin) => `requests ${origin}`), ...server.map((origin) => `tokens ${origin}`)];
}

/** Whether credentials of this binding may be used with the registration as it is now. */
export function isBoundTo(
  { boundTo }: { readonly boundTo?: Binding },
  connector: Connector,
  registration: Registration | undefined,
): boolean {
  return isSameBinding({ boundTo }, { boundTo: bindingOf(connector, registration) });
}

/** Absent is empty. */
export function isSameBinding(one: { readonly boundTo?: Binding }, other: { readonly boundTo?: Binding }): boolean {
  return (one.boundTo ?? []).join() === (other.boundTo ?? []).join();
}

function originsOf(urls: readonly unknown[]): readonly string[] {
  const texts = urls.filter((url) => typeof url === 'string');
  return [...new Set(texts.flatMap((url) => (URL.canParse(url) ? [new URL(url).origin] : [])))].sort();
}
