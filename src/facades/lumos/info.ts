/** What a connector tells Lumos of itself: its capabilities with their JSON schemas, and how one authorizes. */
import type { Connector, SingleAuthorization } from '../../connector/definition.ts';
import type { Capability, CapabilityField, CapabilityNotation } from '../../connector/capability.ts';
import { lumosNameOf, rowsKeys, wireFields } from '../../importers/lumos/wire-names.ts';
import { elementTypeOf, type Field, type FieldType, type Notation } from '../../notation/field.ts';
import { isSecretField } from '../../notation/secret-field.ts';
import type { ServedRooms } from '../facade.ts';

export interface LumosInfo {
  readonly app_id: string;
  /** Sorted. */
  readonly capabilities: readonly string[];
  readonly authentication_schema: object;
  /** The schemas are JSON in a text, their keys sorted. */
  readonly capability_schema: Readonly<Record<string, { readonly argument: string; readonly output: string }>>;
  readonly logo_url: string | null;
  readonly user_friendly_name: string;
  readonly description: string | null;
  readonly categories: readonly string[];
}

export function infoOf(rooms: ServedRooms, connector: Connector): LumosInfo {
  const known = rooms.capabilities.filter((capability) => {
    return lumosNameOf(capability.name) !== undefined && rooms.capability(connector, capability) !== undefined;
  });
  const named = known.map((capability) => [lumosNameOf(capability.name)!, capability] as const);
  const sorted = named.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    app_id: connector.name,
    capabilities: sorted.map(([name]) => name),
    authentication_schema: authenticationSchema(connector),
    capability_schema: Object.fromEntries(
      sorted.map(([name, capability]) => [
        name,
        { argument: sortedJson(argumentSchema(capability)), output: sortedJson(outputSchema(capability)) },
      ]),
    ),
    logo_url: connector.logo ?? null,
    user_friendly_name: connector.title ?? connector.name,
    description: connector.description ?? null,
    categories: [],
  };
}

type Schema = Readonly<Record<string, unknown>>;

function argumentSchema({ inputType, input }: Capability): Schema {
  const page = object(
    { token: nullable({ type: 'string' }), size: nullable({ type: 'integer', exclusiveMinimum: 0 }) },
    [],
  );
  return object(
    {
      request: objectOf(inputType, input),
      settings: nullable({ type: 'object' }),
      auth: nullable({ type: 'object' }),
      page: nullable({ ...page, additionalProperties: false }),
      include_raw_data: { type: 'boolean', default: false },
      request_id: nullable({ type: 'string' }),
    },
    ['request'],
  );
}

function outputSchema({ name, field, outputType, output, shape }: Capability): Schema {
  const row = objectOf(outputType, output);
  const key = rowsKeys[name] ?? field;
  const response = shape === 'connection' ? object({ [key]: { type: 'array', items: row } }, [key]) : row;
  const error = object(
    {
      message: { type: 'string' },
      status_code: nullable({ type: 'integer' }),
      error_code: nullable({ type: 'string' }),
      raised_by: nullable({ type: 'string' }),
      raised_in: nullable({ type: 'string' }),
    },
    ['message'],
  );
  return object(
    {
      response: nullable(response),
      raw_data: nullable({ type: 'object' }),
      page: nullable(object({ token: nullable({ type: 'string' }), size: nullable({ type: 'integer' }) }, [])),
      error: nullable(error),
    },
    [],
  );
}

function objectOf(owner: string, notation: CapabilityNotation): Schema {
  const fields = wireFields(owner, notation);
  const required = fields.filter(({ field }) => field.optional === false && field.default === undefined);
  return object(
    Object.fromEntries(fields.map(({ field, wireName }) => [wireName, schemaOf(field)])),
    required.map(({ wireName }) => wireName),
  );
}

function schemaOf(field: CapabilityField): Schema {
  const { properties, typeName = '' } = field;
  const type = field.type === 'array' ? elementTypeOf(field) : (field.type ?? 'string');
  const choices = Array.isArray(field.pickList) ? { enum: field.pickList.map(([, value]) => value as unknown) } : {};
  const one = properties ? objectOf(typeName, properties) : { ...scalars[type], ...choices };
  const schema = field.type === 'array' ? { type: 'array', items: one } : one;
  return field.optional === false ? schema : nullable(schema);
}

const scalars: Readonly<Record<FieldType, Schema>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  date_time: { type: 'string', format: 'date-time' },
  timestamp: { type: 'string', format: 'date-time' },
  date: { type: 'string', format: 'date' },
  object: { type: 'object' },
  array: { type: 'array' },
  stream: { type: 'string', format: 'binary' },
};

const secret = { type: 'string', 'x-field_type': 'SECRET' };

/** As a request brings them (`given-connection`). */
function authenticationSchema({ connection }: Connector): Schema {
  const { authorization, fields = [] } = connection ?? {};
  if (authorization?.type !== 'multi') return schemaOfWay(authorization, fields);
  const ways = Object.values(authorization.options);
  return { anyOf: ways.map((way) => schemaOfWay(way, [...fields, ...(way.fields ?? [])])) };
}

function schemaOfWay(way: SingleAuthorization | undefined, fields: Notation): Schema {
  if (way?.type === 'oauth2') {
    const token = { access_token: secret, refresh_token: nullable(secret), scope: nullable({ type: 'string' }) };
    return object({ model: { const: 'oauth' }, ...token }, ['model', 'access_token']);
  }
  if (way?.type === 'basic') {
    const credentials = { model: { const: 'basic' }, username: { type: 'string' }, password: secret };
    return object(credentials, ['model', 'username', 'password']);
  }
  const required = fields.filter(({ optional }) => optional === false).map(({ name }) => name);
  return object(Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])), required);
}

function fieldSchema(field: Field): Schema {
  const title = field.label === undefined ? {} : { title: field.label };
  return { ...(isSecretField(field) ? secret : scalars[field.type ?? 'string']), ...title };
}

function object(properties: Schema, required: readonly string[]): Schema {
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }], default: null };
}

function sortedJson(schema: Schema): string {
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sort);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, sort(item)]),
    );
  };
  return JSON.stringify(sort(schema));
}
