/**
 * A service of Sciebo RDS as a connector, made of its name alone: what it said when it registered is a registration of this
 * connector, and a token that is stored for it a connection.
 */
import type { MakeConnector } from '../../connector/connectors-by-name.ts';
import { AuthorizationError } from '../../errors.ts';
import { defineConnector } from '../../connector/define.ts';
import type { ConnectionFields, Connector } from '../../connector/definition.ts';
import type { Request } from '../../http/request.ts';
import type { Notation } from '../../notation/field.ts';
import { fileStorageActions } from './file-storage.ts';
import { metadataStorageActions } from './metadata-storage.ts';
import { connectorNameOf, serviceNameOf } from './service-name.ts';

/** What the installation says about all services. */
export interface RdsInstallation {
  /** `redirect_uri` of token requests, as RDS sends it with refreshes too. */
  readonly redirectUri: () => string;
}

/** What a service says of itself beside its URLs and its client, by the names of RDS; objects and lists are JSON. */
export const serviceFields: Notation = [
  { name: 'implements', optional: false, hint: 'A JSON list of fileStorage, metadata, or both.' },
  { name: 'fileTransferMode', type: 'integer' },
  { name: 'fileTransferArchive', type: 'integer' },
  { name: 'description', hint: 'JSON: texts by language.' },
  { name: 'icon', hint: 'A data: URI.' },
  { name: 'infoUrl' },
  { name: 'helpUrl' },
  { name: 'displayName' },
  { name: 'metadataProfile' },
  { name: 'projectLinkTemplate' },
  { name: 'credentials', hint: 'JSON: what a user enters where there is no OAuth 2.0.' },
];

/** A service has a client where it authorizes by OAuth 2.0; where it does not, users enter names and passwords. */
const clientFields: Notation = [
  { name: 'client_id', label: 'Client ID' },
  { name: 'client_secret', label: 'Client secret', controlType: 'password' },
];

/** Name of the account at the service: some address files by it. */
const userField = { name: 'user', label: 'User name', hint: 'Of the account at the service.' } as const;

/** A service whose address is known here, and what it implements. */
export interface RdsPort {
  readonly url: string;
  /** Default both. */
  readonly implements?: readonly ('fileStorage' | 'metadata')[];
}

/**
 * The connector of a service.
 *
 * @param servicename - in small letters.
 * @param port - absent: tokens can be kept for it, and nothing asked of it.
 */
export function rdsConnector(servicename: string, { redirectUri }: RdsInstallation, port?: RdsPort): Connector {
  const apply = carryIn(servicename);
  return defineConnector({
    name: connectorNameOf(servicename),
    title: servicename,
    description: 'A service that registered in the way of Sciebo RDS.',
    registration: { fields: [...clientFields, ...serviceFields] },
    connection: {
      fields: [userField],
      ...(port && { baseUri: port.url.endsWith('/') ? port.url : `${port.url}/` }),
      authorization: {
        type: 'multi',
        selected: ({ password }) => (password === undefined ? 'oauth2' : 'login'),
        options: {
          oauth2: {
            type: 'oauth2',
            clientAuthentication: 'client_secret_basic_and_post',
            // Where they are the service says when it registers.
            authorizationUrl: () => unregistered(servicename),
            tokenUrl: () => unregistered(servicename),
            get tokenParams() {
              return { redirect_uri: redirectUri() };
            },
            apply: (request, { fields }, accessToken) => apply(request, fields, accessToken),
          },
          login: {
            type: 'api_key',
            fields: [{ name: 'password', controlType: 'password' }],
            apply: (request, { fields }) => apply(request, fields, fields.password),
          },
        },
      },
    },
    ...(port && { actions: actionsOf(port) }),
  });
}

/**
 * The credentials as a port takes them: in the body of each request, as `userId` in its session format, so that it need not
 * ask a Token Storage for them.
 */
function carryIn(servicename: string) {
  const port = servicename.includes('port-') ? servicename : `port-${servicename}`;
  return (request: Request, { user }: ConnectionFields, secret: unknown) =>
    // Before all else: in a form whoever reads it must know it before the file comes.
    void request.payload((given: object) => ({ userId: `${port}://${textOf(user)}:${textOf(secret)}`, ...given }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function actionsOf({ implements: implemented = ['fileStorage', 'metadata'] }: RdsPort): Connector['actions'] {
  return {
    ...(implemented.includes('fileStorage') && fileStorageActions),
    ...(implemented.includes('metadata') && metadataStorageActions),
  };
}

function unregistered(servicename: string): never {
  const message = `${servicename} has not registered with URLs of OAuth 2.0 yet.`;
  throw new AuthorizationError('REGISTRATION_REQUIRED', message, { connector: connectorNameOf(servicename) });
}

/** Makes the connectors of services as they are asked for, the same one for the same name. */
export function createRdsConnectors(installation: RdsInstallation): MakeConnector {
  const made = new Map<string, Connector>();
  return (name) => {
    const known = made.get(name);
    if (known) return known;
    const servicename = serviceNameOf(name);
    if (servicename === undefined) return undefined;
    const connector = rdsConnector(servicename, installation);
    // Names that nobody registered are asked for too: they are made anew rather than kept for ever.
    if (made.size >= maxKept) made.delete(made.keys().next().value!);
    made.set(name, connector);
    return connector;
  };
}

const maxKept = 10_000;
