/** Operations on a generated schema, as text: valid for the most part, and the oracle passes over the others. */
import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import type { Dice } from './dice.ts';

export interface GeneratedOperation {
  readonly query: string;
  readonly isMutation: boolean;
  /** Sets of variables to execute it with. */
  readonly variables: readonly Readonly<Record<string, unknown>>[];
}

/** Names that mean something to JavaScript. */
const aliases = ['__proto__', 'constructor', 'then', 'toJSON', 'hasOwnProperty', 'valueOf', 'x', 'y', 'length'];

interface Writing {
  readonly dice: Dice;
  readonly schema: GraphQLSchema;
  readonly queries: readonly string[] | undefined;
  readonly declared: Map<string, string>;
  readonly values: Map<string, readonly unknown[]>;
  readonly fragments: string[];
  fields: number;
}

/** @param queries - of which fields of Query the operation is made; absent: of all, or of those of Mutation. */
export function generateOperation(dice: Dice, schema: GraphQLSchema, queries?: readonly string[]): GeneratedOperation {
  const writing: Writing = { dice, schema, queries, declared: new Map(), values: new Map(), fragments: [], fields: 0 };
  const isMutation = !queries && dice.chance(20);
  const root = isMutation ? schema.getMutationType()! : schema.getQueryType()!;
  const selection = writeSelection(writing, root, 4);
  const declared = [...writing.declared].map(([name, type]) => `$${name}: ${type}`).join(' ');
  const head = `${isMutation ? 'mutation' : 'query'} Generated${declared === '' ? '' : `(${declared})`}`;
  return {
    isMutation,
    query: [`${head} ${selection}`, ...writing.fragments].join('\n'),
    variables: [0, 1, 2].map(() => chooseValues(writing)),
  };
}

/** A variable is given, null, of another type, or not given at all. */
function chooseValues({ dice, values }: Writing): Record<string, unknown> {
  const chosen: Record<string, unknown> = {};
  for (const [name, choices] of values) {
    if (dice.chance(20)) continue;
    chosen[name] = dice.chance(4) ? { wrong: [dice.below(9)] } : dice.oneOf(choices);
  }
  return chosen;
}

function writeSelection(writing: Writing, type: GraphQLCompositeType, depth: number): string {
  const { dice } = writing;
  const parts = dice.some(1, 4, () => {
    if (depth > 0 && dice.chance(15)) return writeFragment(writing, type, depth);
    return writeField(writing, type, depth);
  });
  return `{ ${dice.chance(10) ? '__typename ' : ''}${parts.join(' ')} }`;
}

function writeFragment(writing: Writing, type: GraphQLCompositeType, depth: number): string {
  const { dice, schema } = writing;
  const possible = isObjectType(type) ? [type] : [type, ...schema.getPossibleTypes(type)];
  const condition = dice.oneOf(possible);
  const body = writeSelection(writing, condition, depth - 1);
  if (dice.chance(50)) {
    return `... ${dice.chance(70) ? `on ${condition.name}` : ''}${writeCondition(writing)} ${
      dice.chance(70) ? body : writeSelection(writing, type, depth - 1)
    }`;
  }
  const name = `F${writing.fragments.length}`;
  writing.fragments.push(`fragment ${name} on ${condition.name} ${body}`);
  const spread = () => `...${name}${writeCondition(writing)}`;
  // Twice, each with a condition of its own.
  return dice.chance(40) ? `${spread()} ${spread()}` : spread();
}

function writeField(writing: Writing, type: GraphQLCompositeType, depth: number): string {
  const { dice } = writing;
  writing.fields += 1;
  if (isUnionType(type)) return '__typename';
  const fields = type.getFields();
  const isChosen = type === writing.schema.getQueryType() && writing.queries !== undefined;
  const field = isChosen ? fields[dice.oneOf(writing.queries)]! : dice.oneOf(Object.values(fields));
  const named = getNamedType(field.type);
  if (isCompositeType(named) && (depth <= 0 || writing.fields > 60)) return '__typename';
  const args = writeArguments(writing, field);
  // With arguments it needs a name of its own, so that it can be merged with itself.
  const alias = args !== '' ? `n${writing.fields}: ` : dice.chance(12) ? `${dice.oneOf(aliases)}: ` : '';
  const selection = isCompositeType(named) ? ` ${writeSelection(writing, named, depth - 1)}` : '';
  return `${alias}${field.name}${args}${writeCondition(writing)}${selection}`;
}

function writeCondition(writing: Writing): string {
  const { dice } = writing;
  if (!dice.chance(15)) return '';
  const kind = dice.oneOf(['skip', 'include']);
  if (dice.chance(30)) return ` @${kind}(if: ${String(dice.chance(50))})`;
  const name = `c${dice.below(4)}`;
  const isOptional = name === 'c0';
  writing.declared.set(name, isOptional ? 'Boolean = true' : 'Boolean!');
  writing.values.set(name, isOptional ? [true, false, null] : [true, false]);
  return ` @${kind}(if: $${name})`;
}

function writeArguments(writing: Writing, field: GraphQLField<unknown, unknown>): string {
  const { dice } = writing;
  const written = field.args.flatMap(({ name, type, defaultValue }) => {
    const isRequired = isNonNullType(type) && defaultValue === undefined;
    if (!isRequired && dice.chance(30)) return [];
    if (!dice.chance(50)) return [`${name}: ${literal(writing, type, 2)}`];
    return [`${name}: ${declare(writing, type)}`];
  });
  return written.length === 0 ? '' : `(${written.join(', ')})`;
}

function declare(writing: Writing, type: GraphQLInputType): string {
  const { dice } = writing;
  const name = `v${writing.declared.size}`;
  const fallback = dice.chance(30) ? ` = ${constant(writing, type)}` : '';
  writing.declared.set(name, `${String(type)}${fallback}`);
  writing.values.set(name, valuesOf(dice, type, 2));
  return `$${name}`;
}

/** A literal without variables. */
function constant(writing: Writing, type: GraphQLInputType): string {
  return literal({ ...writing, declared: new Map(), values: new Map() }, type, 0);
}

function literal(writing: Writing, type: GraphQLInputType, depth: number): string {
  const { dice } = writing;
  if (isNonNullType(type)) return literal(writing, type.ofType, depth);
  if (depth > 0 && dice.chance(15)) return declare(writing, type);
  if (dice.chance(6)) return 'null';
  if (isListType(type)) {
    if (dice.chance(20)) return literal(writing, type.ofType, 0);
    return `[${dice.some(0, 2, () => literal(writing, type.ofType, depth - 1)).join(', ')}]`;
  }
  if (isEnumType(type)) return dice.oneOf(['RED', 'GREEN', 'BLUE']);
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => !isDeep(field.type, depth) && dice.chance(50));
    return `{${fields.map((field) => `${field.name}: ${literal(writing, field.type, depth - 1)}`).join(', ')}}`;
  }
  return scalarLiteral(dice, type.name);
}

function isDeep(type: GraphQLInputType, depth: number): boolean {
  return depth <= 0 && isInputObjectType(getNamedType(type));
}

function scalarLiteral(dice: Dice, name: string): string {
  if (name === 'Int' || name === 'Even') return String(2 * dice.below(8));
  if (name === 'Boolean') return String(dice.chance(50));
  if (name === 'DateTime') return '"2026-01-31T09:30:00Z"';
  if (name === 'Date') return '"2026-01-31"';
  if (name === 'BigInt' || name === 'Decimal' || name === 'Float') return '12';
  if (name === 'Json' || name === 'JSON') return dice.oneOf(['{a: [1, "b", C]}', '"text"', 'null', '[true, {}]']);
  return dice.oneOf(['"text"', '"\\"); process.exit(); (\\""', '"${process.exit()}"', '""']);
}

function valuesOf(dice: Dice, type: GraphQLInputType, depth: number): unknown[] {
  if (isNonNullType(type)) return valuesOf(dice, type.ofType, depth);
  if (isListType(type)) return [[], valuesOf(dice, type.ofType, depth), valuesOf(dice, type.ofType, depth)[0], null];
  if (isEnumType(type)) return ['RED', 'GREEN', 'PURPLE', null];
  if (isInputObjectType(type)) {
    const small = { text: 'small', limit: 2 };
    const deep = { colours: ['RED'], and: { even: 2, or: [small] } };
    return [small, {}, null, deep, { limit: null }, { and: deep, unknown: 1 }, JSON.parse('{"__proto__":{"text":1}}')];
  }
  return (
    { Int: [1, 0, 'one', null], Even: [2, 3, null], Boolean: [true, null, 'yes'], Json: [{ a: [1] }, null, 'j'] }[
      type.name
    ] ?? ['text', '");process.exit();("', null, 5]
  );
}
