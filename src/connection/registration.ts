/** A registration: what an operator or a tenant says about a connector, and what of it connector code sees. */
import type { Connector, OAuth2Authorization } from '../connector/definition.ts';
import { hideFields } from '../http/hidden-fields.ts';
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
  /** Where browsers are sent at the end of connecting when the application names nothing else. */
  readonly returnUrl?: string | undefined;
  /** Milliseconds since 1970; absent when it stands in the configuration. */
  readonly createdAt?: number;
}

/**
 * What connector code sees of a registration: the fields that the connector itself declares, never what its OAuth 2.0
 * client proves itself with.
 */
export function declaredFields(
  connector: Connector,
  registration: Registration | undefined,
): Readonly<Record<string, unknown>> {
  const isOAuth = oauthWays(connector).length > 0;
  const names = (connector.registration?.fields ?? [])
    .map(({ name }) => name)
    .filter((name) => !isOAuth || !clientSecretFields.includes(name));
  const given = names.filter((name) => registration?.fields[name] !== undefined);
  return hideFields(Object.fromEntries(given.map((name) => [name, registration?.fields[name]])));
}

/** What an OAuth 2.0 client proves itself with: for the token endpoint alone. */
const clientSecretFields = ['client_secret', 'private_key'];

/** What an operator enters for a connector: its own fields, and for OAuth 2.0 the client's id and what it proves itself with. */
export function registrationNotation(connector: Connector): Notation {
  const own = connector.registration?.fields ?? [];
  const ways = oauthWays(connector).filter(({ clientId }) => clientId === undefined);
  const client = ways.length > 0 ? clientFields : [];
  const key = ways.some(mayProveByKey) ? [privateKeyField] : [];
  return [...[...client, ...key].filter((field) => !own.some(({ name }) => name === field.name)), ...own];
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

/** Where it is not said how the client proves itself, a key that is there is what it does so with. */
const privateKeyField: Field = {
  name: 'private_key',
  label: 'Private key',
  controlType: 'password',
  hint: 'For a client that signs (private_key_jwt): PKCS #8 in PEM, or a JWK as JSON. Leave it out for all others.',
};

function mayProveByKey({ clientAuthentication = 'private_key_jwt' }: OAuth2Authorization): boolean {
  return clientAuthentication === 'private_key_jwt';
}

/** The ways of a connector that are OAuth 2.0. */
export function oauthWays({ connection }: Connector): readonly OAuth2Authorization[] {
  const { authorization } = connection ?? {};
  const ways = authorization?.type === 'multi' ? Object.values(authorization.options) : [authorization];
  return ways.filter((way) => way?.type === 'oauth2');
}
