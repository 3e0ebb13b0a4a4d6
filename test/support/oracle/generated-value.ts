/** Values for the fields of generated schemas: right ones, wrong ones, promises, and objects that make them when they are read. */
import {
  getNamedType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { Dice } from './dice.ts';

/** Makes the same value each time it is called, with promises of its own. */
export type MakeValue = () => unknown;

/** A source for an object type: a property for each of its fields. */
export function generateObject(dice: Dice, schema: GraphQLSchema, type: GraphQLObjectType, depth: number): MakeValue {
  const properties = Object.values(type.getFields()).map(
    (field) => [field.name, generateValue(dice, schema, field.type, depth), dice.chance(5)] as const,
  );
  const kind = dice.chance(4) ? dice.oneOf<unknown>(['Nobody', null, 7, 'Named', 'Fig']) : type.name;
  const later = dice.chance(10);
  const hasTypename = dice.chance(50);
  return () => {
    const made: Record<string, unknown> = { kind, later, ...(hasTypename && { __typename: kind }) };
    for (const [name, make, isMethod] of properties) {
      Object.defineProperty(made, name, isMethod ? { value: make } : { get: make });
    }
    return made;
  };
}

function generateValue(dice: Dice, schema: GraphQLSchema, type: GraphQLOutputType, depth: number): MakeValue {
  if (dice.chance(6)) return () => null;
  if (dice.chance(3)) return () => undefined;
  if (dice.chance(3)) return () => new Error('An error as a value.');
  if (dice.chance(2)) {
    return () => {
      throw new Error('A property that cannot be read.');
    };
  }
  const make = generateRight(dice, schema, type, depth);
  if (!dice.chance(8)) return make;
  const ticks = dice.below(4);
  const isRejected = dice.chance(25);
  const keep = async () => {
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    if (isRejected) throw new Error('A promise that is not kept.');
    return make();
  };
  return () => {
    const promise = keep();
    // Who gives it hears of it; what is made of it is the executor's.
    promise.catch(() => {});
    return promise;
  };
}

function generateRight(dice: Dice, schema: GraphQLSchema, type: GraphQLOutputType, depth: number): MakeValue {
  if (isNonNullType(type)) return generateRight(dice, schema, type.ofType, depth);
  if (isListType(type)) {
    const items = dice.some(0, 3, () => generateValue(dice, schema, type.ofType, depth - 1));
    const isSet = dice.chance(10);
    const isNone = dice.chance(3);
    return () => {
      if (isNone) return 'no list';
      const made = items.map((make) => make());
      return isSet ? new Set(made) : made;
    };
  }
  if (isLeafType(type)) return leafValue(dice, isEnumType(type));
  if (depth <= 0) return () => null;
  const types = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  return generateObject(dice, schema, dice.oneOf(types), depth - 1);
}

function leafValue(dice: Dice, isEnum: boolean): MakeValue {
  const usual = isEnum ? [1, 'g', 'BLUE'] : ['text', 12, 2, true, 0.5, 'quote " \\ \u2028', -0];
  const value = dice.chance(85)
    ? dice.oneOf<unknown>(usual)
    : dice.oneOf<unknown>([4, 'no', Number.NaN, 2 ** 40, { nested: [1] }, [1], 12n, '']);
  return () => value;
}

/** The object types that a field can give. */
export function concreteTypes(schema: GraphQLSchema, type: GraphQLOutputType): readonly GraphQLObjectType[] {
  const named = getNamedType(type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named);
  return isObjectType(named) ? [named] : [];
}
