/** Rows as providers give them for types of the real graph: right values, wrong ones, and none. */
import {
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';
import { bindingOf } from '../../../src/graph/binding.ts';
import type { Dice } from './dice.ts';

/** The source of an object type: for a page of a list what `relay-connection` gives, else a row. */
export function generateSource(dice: Dice, type: GraphQLObjectType, depth: number): object {
  return type.getFields()['pageInfo'] ? generatePage(dice, type, depth) : generateRow(dice, type, depth);
}

function generatePage(dice: Dice, type: GraphQLObjectType, depth: number): object {
  const nodes = type.getFields()['nodes']!.type;
  const node = isListType(nodes) ? nodes.ofType : nodes;
  const isLater = dice.chance(50);
  return {
    edges: dice.some(0, 3, (index) => ({ node: generateRaw(dice, node, depth), position: index })),
    totalCount: dice.oneOf([undefined, 3, 'many']),
    hasPreviousPage: dice.chance(50),
    hasNextPage: () => (isLater ? Promise.resolve(true) : false),
    cursorOf: ({ position }: { readonly position: number }) => `cursor ${position}`,
  };
}

function generateRow(dice: Dice, type: GraphQLObjectType, depth: number): object {
  const row: Record<string, unknown> = {};
  for (const field of Object.values(type.getFields())) {
    if (dice.chance(12)) continue;
    const binding = bindingOf(field);
    if (binding?.kind === 'property') row[binding.field.name] = generateRaw(dice, field.type, depth);
    else if (binding?.kind === 'join' && !binding.embedded) {
      row[binding.field.name] = binding.list ? dice.some(0, 3, () => generateKey(dice)) : generateKey(dice);
    } else if (binding?.kind === 'join') row[binding.field.name] = generateRaw(dice, field.type, depth);
    else row[field.name] = generateRaw(dice, field.type, depth);
  }
  return row;
}

export function generateKey(dice: Dice): unknown {
  return dice.oneOf<unknown>([1, 2, 3, '4', 5, 6, '', null]);
}

/** What a provider has for a type. */
export function generateRaw(dice: Dice, type: GraphQLOutputType, depth: number): unknown {
  if (dice.chance(8)) return null;
  if (isNonNullType(type)) return generateRaw(dice, type.ofType, depth);
  if (isListType(type))
    return dice.chance(5) ? 'no list' : dice.some(0, 3, () => generateRaw(dice, type.ofType, depth));
  if (isObjectType(type)) {
    if (depth <= 0) return null;
    return dice.chance(3) ? 'no row' : generateSource(dice, type, depth - 1);
  }
  return isLeafType(type) ? leafOf(dice, type.name) : null;
}

function leafOf(dice: Dice, name: string): unknown {
  if (dice.chance(20))
    return dice.oneOf<unknown>(['', 'text', {}, [], Number.NaN, 2 ** 40, true, 'open', new Error('No value.')]);
  const usual: Record<string, readonly unknown[]> = {
    Int: [1, '12', -3],
    Float: [1.5, '2.5', 3],
    Boolean: [true, 'no', 1, '0'],
    DateTime: [
      '2026-01-31T09:30:00Z',
      '2026-01-31T09:30:00.123456+02:00',
      new Date(0),
      'Tue, 15 Nov 1994 08:12:31 GMT',
      '9999-12-31T23:59:59-05:00',
    ],
    Date: ['2026-01-31', new Date(0), '2026-01-31T09:30:00Z'],
    BigInt: [1, '9007199254740993', 9007199254740993n],
    Decimal: ['1.50', 1.5, 12n],
    JSON: [{ nested: [1, 2n] }, 'text', [null], 5],
    ID: ['a', 1, 9007199254740993n],
  };
  return dice.oneOf<unknown>(usual[name] ?? ['text', 'open', 1, true, 'quote " \\ \u2028', new Date(0)]);
}
