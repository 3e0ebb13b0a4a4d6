/** Prints types as SDL with their applied directives, which graphql-js leaves out. */
import {
  astFromValue,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  print,
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLEnumValue,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
} from 'graphql';

/** The directives of a type and its parts, as printed, e.g. `@shareable`. */
export interface Directives {
  readonly type?: (type: GraphQLNamedType) => readonly string[];
  readonly field?: (type: GraphQLNamedType, field: GraphQLField<unknown, unknown>) => readonly string[];
  /** Whether a field of an object or interface is printed at all. Default: every field is. */
  readonly isPrinted?: (field: GraphQLField<unknown, unknown>) => boolean;
  readonly enumValue?: (type: GraphQLEnumType, value: GraphQLEnumValue) => readonly string[];
}

/** One type as SDL, without a line break at its end. */
export function printType(type: GraphQLNamedType, directives: Directives = {}): string {
  const head = (keyword: string): string =>
    `${printDescription(type.description, '')}${[keyword, type.name, ...implemented(type), ...(directives.type?.(type) ?? [])].join(' ')}`;
  if (isObjectType(type) || isInterfaceType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => directives.isPrinted?.(field) ?? true);
    return `${head(isObjectType(type) ? 'type' : 'interface')} ${printFields(fields, (field) => directives.field?.(type, field))}`;
  }
  if (isUnionType(type))
    return `${head('union')} = ${type
      .getTypes()
      .map((member) => member.name)
      .join(' | ')}`;
  if (isEnumType(type))
    return `${head('enum')} ${block(type.getValues().map((value) => printEnumValue(type, value, directives)))}`;
  if (isInputObjectType(type))
    return `${head('input')} ${block(Object.values(type.getFields()).map((field) => printInput(field, '  ')))}`;
  return withDirectives(
    head('scalar'),
    type.specifiedByURL ? [`@specifiedBy(url: ${JSON.stringify(type.specifiedByURL)})`] : [],
  );
}

/** The fields of an object type in their braces, so that a part of a root type can be printed. */
export function printFields(
  fields: readonly GraphQLField<unknown, unknown>[],
  directives?: (field: GraphQLField<unknown, unknown>) => readonly string[] | undefined,
): string {
  return block(fields.map((field) => printField(field, directives?.(field) ?? [])));
}

function implemented(type: GraphQLNamedType): string[] {
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  const names = type.getInterfaces().map((each) => each.name);
  return names.length > 0 ? [`implements ${names.join(' & ')}`] : [];
}

function printField(field: GraphQLField<unknown, unknown>, directives: readonly string[]): string {
  const head = `${printDescription(field.description, '  ')}  ${field.name}${printArguments(field.args)}: ${String(field.type)}`;
  return withDirectives(head, [...directives, ...deprecated(field)]);
}

function printArguments(args: readonly GraphQLArgument[]): string {
  if (args.length === 0) return '';
  if (args.every((argument) => !argument.description))
    return `(${args.map((argument) => printInput(argument, '')).join(', ')})`;
  return `(\n${args.map((argument) => printInput(argument, '    ')).join('\n')}\n  )`;
}

function printInput(input: GraphQLArgument | GraphQLInputField, indent: string): string {
  const value = input.defaultValue === undefined ? undefined : astFromValue(input.defaultValue, input.type);
  const head = `${printDescription(input.description, indent)}${indent}${input.name}: ${String(input.type)}${value ? ` = ${print(value)}` : ''}`;
  return withDirectives(head, deprecated(input));
}

function printEnumValue(type: GraphQLEnumType, value: GraphQLEnumValue, directives: Directives): string {
  const head = `${printDescription(value.description, '  ')}  ${value.name}`;
  return withDirectives(head, [...(directives.enumValue?.(type, value) ?? []), ...deprecated(value)]);
}

function printDescription(description: string | null | undefined, indent: string): string {
  if (!description) return '';
  return `${print({ kind: Kind.STRING, value: description, block: true }).replace(/^(?=.)/gm, indent)}\n`;
}

function deprecated({ deprecationReason }: { readonly deprecationReason?: string | null | undefined }): string[] {
  if (deprecationReason === undefined || deprecationReason === null) return [];
  return [`@deprecated(reason: ${print({ kind: Kind.STRING, value: deprecationReason })})`];
}

function withDirectives(head: string, directives: readonly string[]): string {
  return [head, ...directives].join(' ');
}

function block(lines: readonly string[]): string {
  return `{\n${lines.join('\n')}\n}`;
}
