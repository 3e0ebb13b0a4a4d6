/** The gateway's own fields about registrations and connections (`schema/gateway.graphql`). */
import type { Connector } from '../connector/definition.ts';
import { authorizationType } from '../connector/authorization-type.ts';
import { requestedScopes } from '../connection/connect-hint.ts';
import type { ConnectionRecord } from '../connection/connection-record.ts';
import { askedFields } from '../connection/entered-fields.ts';
import type { BegunDevice, ConnectInput, Connecting } from '../connection/connecting.ts';
import { registrationNotation, type Registration } from '../connection/registration.ts';
import type { RegistrationInput, Registrations } from '../connection/registrations.ts';
import { allows, managingKind } from '../connection/scopes.ts';
import { isSecretField } from '../notation/secret-field.ts';
import type { StoredConnections } from '../connection/stored-connections.ts';
import { AuthorizationError, InputError } from '../errors.ts';
import { choicesOf, controlTypeOf, type Field } from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';
import { didYouMean } from '../notation/nearest.ts';
import { requireScope } from './check-scopes.ts';
import type { OperationContext } from './operation-context.ts';

/** What these fields work with. */
export interface ConnectionRooms {
  readonly registrations: Registrations;
  readonly stored: StoredConnections;
  readonly connecting: Connecting;
  /** Where a provider sends browsers back to, for a tenant and connector. */
  readonly redirectUri: (tenant: string, connector: string) => string;
}

/** @throws InputError CONNECTOR_UNKNOWN */
export type Find = (name: string) => Connector;
/** Arguments of `connect`. */
export interface ConnectArguments extends ConnectInput {
  readonly connector: string;
}
/** Arguments of `registerConnector`. */
export interface RegisterArguments extends RegistrationInput {
  readonly connector: string;
}
/** Arguments of what concerns one connection. */
export interface ConnectionArguments {
  readonly connection: string;
}

/** Resolvers for everything that needs the store. @param served - connectors by name. */
export function createConnectionResolvers(find: Find, served: ReadonlyMap<string, Connector>, rooms: ConnectionRooms) {
  const { registrations, stored, connecting } = rooms;
  const owned = async ({ caller }: OperationContext, id: string) => {
    const record = await stored.find(caller, id);
    if (!record) throw notFound(id);
    requireScope(caller, managingKind(record.value.subject), record.value.connector);
    return record;
  };
  return {
    Query: {
      registrations: (_root: unknown, _args: unknown, { caller }: OperationContext) => {
        requireScope(caller, 'admin');
        return registrations.list(caller.tenant);
      },
      connections: async (
        _root: unknown,
        { connector }: { connector?: string | null },
        { caller }: OperationContext,
      ) => {
        if (connector && !allows(caller.scopes, 'admin', connector)) requireScope(caller, 'connect', connector);
        const all = await stored.list(caller, connector ?? undefined);
        return all.filter((record) =>
          allows(caller.scopes, managingKind(record.value.subject), record.value.connector),
        );
      },
      connection: async (_root: unknown, { id }: { id: string }, { caller }: OperationContext) => {
        const record = await stored.find(caller, id);
        if (!record) return null;
        requireScope(caller, managingKind(record.value.subject), record.value.connector);
        return connecting.advance(record);
      },
    },
    Mutation: {
      registerConnector: (_root: unknown, { connector, ...input }: RegisterArguments, { caller }: OperationContext) => {
        requireScope(caller, 'admin', connector);
        return registrations.register(caller.tenant, find(connector), input);
      },
      unregisterConnector: (_root: unknown, { connector }: ConnectArguments, { caller }: OperationContext) => {
        requireScope(caller, 'admin', connector);
        return registrations.remove(caller.tenant, find(connector));
      },
      connect: (_root: unknown, { connector, ...input }: ConnectArguments, { caller }: OperationContext) => {
        requireScope(caller, managingKind(input.owner === 'TENANT' ? null : caller.subject), connector);
        return connecting.begin(caller, find(connector), input);
      },
      finishConnection: (_root: unknown, { code }: { code: string }, { caller }: OperationContext) =>
        connecting.finish(caller, code),
      reconnect: async (_root: unknown, args: ConnectInput & ConnectionArguments, context: OperationContext) => {
        const { connection, ...input } = args;
        return connecting.beginAgain(context.caller, (await owned(context, connection)).id, input);
      },
      testConnection: async (_root: unknown, { connection }: ConnectionArguments, context: OperationContext) =>
        connecting.test(context.caller, (await owned(context, connection)).id),
      disconnect: async (_root: unknown, { connection }: ConnectionArguments, context: OperationContext) => ({
        id: connection,
        revoked: await connecting.disconnect(context.caller, (await owned(context, connection)).id),
      }),
    },
    Connector: {
      authorization: (connector: Connector) => authorizationType(connector).toUpperCase(),
      scopes: (connector: Connector) => requestedScopes(connector),
      registrationFields: (connector: Connector) => registrationNotation(connector).map(toConfigurationField),
      connectionFields: (connector: Connector) =>
        askedFields(connector).map(({ field, option }) => ({ ...toConfigurationField(field), option })),
    },
    DeviceCode: { expiresAt: ({ expiresAt }: BegunDevice) => toTime(expiresAt) },
    Registration: {
      connector: ({ connector }: Registration) => served.get(connector) ?? null,
      fields: ({ fields }: Registration) => Object.keys(fields).sort(),
      values: (registration: Registration) => clearValues(registration, served.get(registration.connector)),
      configured: ({ id }: Registration) => id === undefined,
      redirectUri: ({ tenant, connector }: Registration) => rooms.redirectUri(tenant, connector),
    },
    Connection: {
      connector: ({ value }: ConnectionRecord) => served.get(value.connector) ?? null,
      owner: ({ value }: ConnectionRecord) => (value.subject === null ? 'TENANT' : 'SUBJECT'),
      subject: ({ value }: ConnectionRecord) => value.subject,
      label: ({ value }: ConnectionRecord) => value.label,
      state: ({ value }: ConnectionRecord) => value.state,
      reason: ({ value }: ConnectionRecord) => value.reason,
      identity: ({ value }: ConnectionRecord) => value.identity,
      scopes: ({ value }: ConnectionRecord) => value.scopes,
      expiresAt: ({ value }: ConnectionRecord) => toTime(value.expiresAt),
      createdAt: ({ createdAt }: ConnectionRecord) => toTime(createdAt),
      connectedAt: ({ value }: ConnectionRecord) => toTime(value.connectedAt ?? null),
    },
  };
}

/** Finds connectors by the names that clients give. */
export function createFind(byName: ReadonlyMap<string, Connector>): Find {
  return (name) => {
    const connector = byName.get(name);
    if (connector) return connector;
    const known = [...byName.keys()];
    const message = `connector: expected the name of a connector, one of ${known.join(', ')}${didYouMean(name, known)}; got ${JSON.stringify(name)}.`;
    throw new InputError('CONNECTOR_UNKNOWN', message);
  };
}

/** The same for a connection that does not exist and for one of somebody else. */
function notFound(id: string): AuthorizationError {
  return new AuthorizationError('CONNECTION_NOT_FOUND', `There is no connection ${JSON.stringify(id)} of yours.`);
}

/** Of a connector that is not served any more nobody knows which fields are secret. */
function clearValues({ fields }: Registration, connector: Connector | undefined): Readonly<Record<string, unknown>> {
  const notation = connector ? registrationNotation(connector) : [];
  const clear = notation.filter((field) => !isSecretField(field) && fields[field.name] !== undefined);
  return Object.fromEntries(clear.map(({ name }) => [name, fields[name]]));
}

function toConfigurationField(field: Field) {
  return {
    name: field.name,
    label: field.label ?? labelize(field.name),
    hint: field.hint,
    type: field.type ?? 'string',
    controlType: controlTypeOf(field),
    required: field.optional === false,
    secret: isSecretField(field),
    choices: choicesOf(field)?.map(([label, value]) => ({ label, value: String(value) })),
  };
}

function toTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
