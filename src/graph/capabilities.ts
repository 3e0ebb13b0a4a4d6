/** The capabilities that `schema/capabilities.graphql` says, read into notation: the one place where their fields are said. */
import {
  getDirectiveValues,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLType,
} from 'graphql';
import type { Capability, CapabilityField, CapabilityNotation } from '../connector/capability.ts';
import type { FieldType } from '../notation/field.ts';

export const capabilityDirective = 'capability';

/** The capabilities of a schema, in the order in which it says them. */
export function readCapabilities(schema: GraphQLSchema): Capability[] {
  const directive = schema.getDirective(capabilityDirective);
  if (!directive) return [];
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).flatMap((field) => {
        const said = field.astNode && getDirectiveValues(directive, field.astNode);
        return said ? [readCapability(type, field, said as unknown as Said)] : [];
      }),
    );
}

interface Said {
  readonly name: string;
  readonly of: string;
  readonly takes?: readonly string[];
}

function readCapability(
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  { name, of, takes }: Said,
): Capability {
  const answer = getNamedType(field.type) as GraphQLObjectType;
  const row = rowOf(answer);
  const isTransfer = answer.name === transferType;
  const place = { name, set: of, type: type.name, field: field.name };
  const output = isTransfer ? [] : fieldsOf(row ?? answer);
  const answered = { outputType: (row ?? answer).name, output };
  const shape = isTransfer ? 'transfer' : row ? 'connection' : 'one';
  if (takes) {
    const input = fieldsOf(type).filter((each) => takes.includes(each.name));
    return { ...place, ...answered, shape, readOnly: true, argumentStyle: 'row', input, inputType: type.name };
  }
  const own = field.args.filter(({ name: argument }) => !addedArguments(row !== undefined).has(argument));
  const wrapped = own.length === 1 && own[0]!.name === 'input' ? getNamedType(own[0]!.type) : undefined;
  const readOnly = type.name === 'Query';
  if (!isInputObjectType(wrapped)) {
    return {
      ...place,
      ...answered,
      shape,
      readOnly,
      argumentStyle: 'flat',
      input: own.map(notationOf),
      inputType: name,
    };
  }
  const input = Object.values(wrapped.getFields()).map(notationOf);
  return { ...place, ...answered, shape, readOnly, argumentStyle: 'input', input, inputType: wrapped.name };
}

/** Its fields are filled by whoever streams contents. */
const transferType = 'Transfer';

const ofEveryField = new Set(['connection', 'idempotencyKey']);
const ofLists = new Set([...ofEveryField, 'first', 'after', 'last', 'before']);

function addedArguments(isList: boolean): ReadonlySet<string> {
  return isList ? ofLists : ofEveryField;
}

/** What a Relay connection lists; `undefined` for any other type. */
function rowOf(type: GraphQLObjectType): GraphQLObjectType | undefined {
  const nodes = type.name.endsWith('Connection') ? type.getFields().nodes : undefined;
  return nodes && (getNamedType(nodes.type) as GraphQLObjectType);
}

/** Fields that are capabilities themselves are no part of a row. */
function fieldsOf(type: GraphQLObjectType): CapabilityNotation {
  return Object.values(type.getFields())
    .filter((field) => getNamedType(field.type).name !== transferType)
    .map(notationOf);
}

function notationOf(member: GraphQLField<unknown, unknown> | GraphQLArgument | GraphQLInputField): CapabilityField {
  const { name, type } = member;
  const fallback: unknown = 'defaultValue' in member ? member.defaultValue : undefined;
  return {
    name,
    graphqlName: name,
    ...(isNonNullType(type) && { optional: false }),
    ...(fallback !== undefined && { default: fallback }),
    ...typeOf(type),
  };
}

function typeOf(type: GraphQLType): Partial<CapabilityField> {
  if (isNonNullType(type)) return typeOf(type.ofType);
  if (isListType(type)) {
    const { type: of = 'string', ...rest } = typeOf(type.ofType);
    return { ...rest, type: 'array', of };
  }
  const named = getNamedType(type);
  if (isObjectType(named)) return { type: 'object', typeName: named.name, properties: fieldsOf(named) };
  if (isInputObjectType(named)) {
    return { type: 'object', typeName: named.name, properties: Object.values(named.getFields()).map(notationOf) };
  }
  if (isEnumType(named))
    return { type: 'string', pickList: named.getValues().map(({ name }) => [name, name] as const) };
  const scalar = scalars[named.name];
  if (!scalar) throw new TypeError(`schema/capabilities.graphql: no notation is known for the scalar ${named.name}.`);
  return scalar;
}

const scalar = (type: FieldType): Partial<CapabilityField> => ({ type });
const scalars: Readonly<Record<string, Partial<CapabilityField>>> = {
  ID: { type: 'string', identifier: true },
  String: scalar('string'),
  Int: scalar('integer'),
  Float: scalar('number'),
  Boolean: scalar('boolean'),
  BigInt: { type: 'integer', format: 'int64' },
  DateTime: scalar('date_time'),
  Date: scalar('date'),
  JSON: scalar('object'),
};
