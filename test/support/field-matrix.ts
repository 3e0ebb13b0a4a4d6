/** Asks for any root field of a schema with values for its arguments: what a matrix over all fields is made of. */
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

export type RootField = GraphQLField<unknown, unknown>;
export type Operation = 'query' | 'mutation' | 'subscription';

/** Every root field of the operation. */
export function rootFieldsOf(schema: GraphQLSchema, operation: Operation): readonly RootField[] {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  return Object.values(roots[operation]?.getFields() ?? {});
}

/** The document that asks for the field with these arguments, and for all that can be selected in it. */
export function documentOf(operation: Operation, field: RootField, values: Readonly<Record<string, unknown>>): string {
  const given = field.args.filter(({ name }) => Object.hasOwn(values, name));
  const variables = given.map(({ name, type }) => `$${name}: ${String(type)}`);
  const passed = given.map(({ name }) => `${name}: $${name}`);
  const inParentheses = (parts: readonly string[]) => (parts.length > 0 ? `(${parts.join(', ')})` : '');
  return `${operation} ${inParentheses(variables)} { ${field.name}${inParentheses(passed)}${selectionOf(field.type)} }`;
}

/** Four levels deep, with no arguments but those of the root. */
function selectionOf(type: GraphQLOutputType, depth = 4): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const isLeaf = !isObjectType(getNamedType(field.type));
    if (isLeaf) return [field.name];
    return depth > 1 ? [`${field.name}${selectionOf(field.type, depth - 1)}`] : [];
  });
  return ` { ${fields.length > 0 ? fields.join(' ') : '__typename'} }`;
}

/** A value of the type that says nothing about anybody; `text` stands wherever text can. */
export function sampleOf(type: GraphQLInputType, text: string): unknown {
  if (isNonNullType(type)) return sampleOf(type.ofType, text);
  if (isListType(type)) return [sampleOf(type.ofType, text)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, sampleOf(field.type, text)]));
  }
  const byName: Readonly<Record<string, unknown>> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: '2026-01-01T00:00:00Z',
    JSON: { token: text },
  };
  return byName[type.name] ?? text;
}

/** Whether text can be given in it. */
export function holdsText(argument: GraphQLArgument): boolean {
  return JSON.stringify(sampleOf(argument.type, 'TEXT')).includes('TEXT');
}
