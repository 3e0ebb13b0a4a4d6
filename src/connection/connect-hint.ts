/** What a subject has to do so that a field answers: `extensions.connect` of an error. */
import type { Connector } from '../connector/definition.ts';
import type { ErrorDetails } from '../errors.ts';

/** Where a person begins to connect; scopes only where a connection is known to need them. */
export type ConnectLink = (connector: string, scopes: readonly string[]) => string;

/** The part of an error that says it. */
export type ConnectHint = (connector: Connector, scopes?: readonly string[]) => NonNullable<ErrorDetails['connect']>;

/** @param link - absent: only the application knows where, and nothing is said of it. */
export function createConnectHint(link?: ConnectLink): ConnectHint {
  return ({ name }, scopes = []) => ({
    connector: name,
    ...(link && { url: link(name, scopes) }),
    ...(scopes.length > 0 && { scopes }),
  });
}

/** Scopes that connections of a connector ask for unless the registration says otherwise; with several ways, those of all. */
export function requestedScopes({ connection }: Connector): readonly string[] {
  const { authorization } = connection ?? {};
  const ways = authorization?.type === 'multi' ? Object.values(authorization.options) : [authorization];
  return [...new Set(ways.flatMap((way) => (way?.type === 'oauth2' ? (way.scopes ?? []) : [])))];
}

/** What a connection is connected with again: all that it always asks for, and all that it could do before. */
export function scopesAgain(
  connector: Connector,
  registration: { readonly scopes: readonly string[] | undefined } | undefined,
  { scopes }: { readonly scopes: readonly string[] },
): readonly string[] {
  return [...new Set([...(registration?.scopes ?? requestedScopes(connector)), ...scopes])];
}

/** What stands in a template of the operator, and is replaced. */
export const linkParts = ['connector', 'scopes'] as const;

/** Fills in the operator's template, e.g. `https://app.example.com/connect?to={connector}&scopes={scopes}`. */
export function linkByTemplate(template: string): ConnectLink {
  return (connector, scopes) =>
    template
      .replaceAll('{connector}', encodeURIComponent(connector))
      .replaceAll('{scopes}', encodeURIComponent(scopes.join(' ')));
}

/** Our own page, which begins for whoever opens it. @param baseUrl - it may have a path, which stays. */
export function linkToOwnPage(baseUrl: () => string): ConnectLink {
  return (connector, scopes) => {
    const base = baseUrl();
    const url = new URL(`connect/${connector}`, base.endsWith('/') ? base : `${base}/`);
    if (scopes.length > 0) url.searchParams.set('scope', scopes.join(' '));
    return url.href;
  };
}
