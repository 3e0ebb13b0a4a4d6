/** A registration: what an operator or a tenant says about a connector, and what of it connector code sees. */
import type { Authorization, Connector } from '../connector/definition.ts';
import type { Field, Notation } from '../notation/field.ts';

/** Where the provider is, when it is not where the connector says: a sandbox, or a host of one's own. */
export interface Endpoints {
  readonly baseUri?: string;
  readonly issuer?: string;
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly deviceAuthorizationUrl?: string;
  readonly revocationUrl?: string;
}

export const endpointNames = [
  'baseUri',
  'issuer',
  'authorizationUrl',
  'tokenUrl',
  'deviceAuthorizationUrl',
  'revocationUrl',
] as const satisfies readonly (keyof Endpoints)[];

/** A registration as it is used. */
export interface Registration {
  /** Absent when it stands in the configuration. */
  readonly id: string | undefined;
  readonly tenant: string;
  readonly connector: string;
  /** Clear and secret fields by name, as they are handed to the OAuth client and to `apply`. Never shown. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[] | undefined;
  readonly endpoints: Endpoints;
}

/** What connector code sees of a registration: the fields that the connector itself declares, never the client's secret. */
export function declaredFields(
  connector: Connector,
  registration: Registration | undefined,
): Readonly<Record<string, unknown>> {
  const names = (connector.registration?.fields ?? []).map(({ name }) => name);
  return Object.fromEntries(
    names.flatMap((name) => (registration?.fields[name] === undefined ? [] : [[name, registration.fields[name]]])),
  );
}

/** What an operator enters for a connector: its own fields, and for OAuth 2.0 the client's id and secret. */
export function registrationNotation(connector: Connector): Notation {
  const own = connector.registration?.fields ?? [];
  const client = needsClient(connector.connection?.authorization) ? clientFields : [];
  return [...client.filter((field) => !own.some(({ name }) => name === field.name)), ...own];
}

/** Public clients have no secret (RFC 6749 §2.1), so it is optional. */
const clientFields: readonly Field[] = [
  {
    name: 'client_id',
    label: 'Client ID',
    optional: false,
    hint: 'From the page where the provider registers applications.',
  },
  { name: 'client_secret', label: 'Client secret', controlType: 'password', hint: 'Leave it out for a public client.' },
];

function needsClient(authorization: Authorization | undefined): boolean {
  if (authorization?.type === 'multi') return Object.values(authorization.options).some(needsClient);
  return authorization?.type === 'oauth2' && authorization.clientId === undefined;
}
