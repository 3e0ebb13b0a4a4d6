/**
 * TypeScript types from a notation that is written as a literal (`const` type parameters). A notation known only as
 * `Notation` is a `Record<string, any>`.
 *
 * | notation | input of connector code | what connector code may answer |
 * | --- | --- | --- |
 * | string | `string` | `string` |
 * | integer, number | `number` | `number` |
 * | integer, `int64` | `number`, or a `string` of digits outside ±2⁵³ | `number`, `bigint` or `string` |
 * | number, `decimal` | `string`, exact | `number` or `string` |
 * | boolean | `boolean` | `boolean` |
 * | date_time, timestamp | `Date` | `Date` or a `string` in RFC 3339 |
 * | date | `string`, `YYYY-MM-DD`: a day has no time zone | `Date` or `string` |
 * | static choices | the union of their values | the same |
 * | object or array of `properties` | nested | nested |
 * | object without `properties` | `any`: JSON | `any` |
 * | stream | `Content` | `Content`, or a request for one |
 *
 * `optional: false` makes the key required and never null; any other key may be absent (`undefined`: not given) or
 * `null` (given as null), and both arrive as they came. A `default` makes the key present.
 */
import type { Content } from '../content.ts';
import type { Field, FieldType, Notation, ObjectDefinition, StaticChoice } from './field.ts';

/** What `execute` receives. */
export type InputOf<N extends Notation> = Notation extends N ? Record<string, any> : Shape<N[number], 'input'>;

/** What `execute` may answer: one row. More keys than the notation has are allowed and never read. */
export type OutputOf<N extends Notation> = Notation extends N ? Record<string, any> : Shape<N[number], 'output'>;

/** `OutputOf` for whatever an action may name as its output. */
export type RowOf<O> = O extends Notation
  ? OutputOf<O>
  : O extends ObjectDefinition<infer Fields>
    ? OutputOf<Fields>
    : Record<string, any>;

type Direction = 'input' | 'output';

type Shape<F extends Field, D extends Direction> = string extends F['name']
  ? Record<string, any>
  : Flatten<
      { -readonly [X in F as RequiredName<X>]: ValueOf<X, D> } & {
        -readonly [X in F as DefaultedName<X, D>]: ValueOf<X, D> | null;
      } & { -readonly [X in F as OptionalName<X, D>]?: ValueOf<X, D> | null } & {
        -readonly [X in F as OtherToggle<X>['name']]?: ValueOf<OtherToggle<X>, D> | null;
      }
    >;

type Flatten<T> = { [K in keyof T]: T[K] };

/** The toggle field, where it has a name of its own: then either of the two is given. */
type OtherToggle<F extends Field> = F extends { readonly toggleField: infer T extends Field }
  ? T['name'] extends F['name']
    ? never
    : T
  : never;

type RequiredName<F extends Field> = F extends { readonly optional: false }
  ? [OtherToggle<F>] extends [never]
    ? F['name']
    : never
  : never;
type DefaultedName<F extends Field, D extends Direction> = D extends 'input'
  ? F extends { readonly default: {} }
    ? Exclude<F['name'], RequiredName<F>>
    : never
  : never;
type OptionalName<F extends Field, D extends Direction> = Exclude<F['name'], RequiredName<F> | DefaultedName<F, D>>;

type ValueOf<F extends Field, D extends Direction> = F extends { readonly toggleField: infer T extends Field }
  ? T['name'] extends F['name']
    ? OwnValue<F, D> | OwnValue<T, D>
    : OwnValue<F, D>
  : OwnValue<F, D>;

type OwnValue<F extends Field, D extends Direction> = F extends { readonly type: 'array' }
  ? D extends 'input'
    ? ElementOf<F, D>[]
    : readonly ElementOf<F, D>[]
  : F extends { readonly type: infer T extends FieldType }
    ? TypedValue<F, T, D>
    : TypedValue<F, 'string', D>;

type ElementOf<F extends Field, D extends Direction> = F extends { readonly of: ObjectDefinition<infer Fields> }
  ? NestedShape<Fields, D>
  : F extends { readonly of: infer T extends FieldType }
    ? TypedValue<F, T, D>
    : TypedValue<F, 'object', D>;

type TypedValue<F extends Field, T extends FieldType, D extends Direction> = T extends 'object'
  ? Properties<F, D>
  : T extends 'string'
    ? ChoiceOf<F>
    : T extends keyof Scalars<F, D>
      ? Scalars<F, D>[T]
      : any;

interface Scalars<F extends Field, D extends Direction> {
  integer: F extends { readonly format: 'int64' } ? number | string | (D extends 'output' ? bigint : never) : number;
  number: F extends { readonly format: 'decimal' } ? string | (D extends 'output' ? number : never) : number;
  boolean: boolean;
  date_time: Date | (D extends 'output' ? string : never);
  timestamp: Date | (D extends 'output' ? string : never);
  date: string | (D extends 'output' ? Date : never);
  stream: Content | (D extends 'output' ? PromiseLike<Content> : never);
}

type Properties<F extends Field, D extends Direction> = F extends { readonly properties: infer P }
  ? P extends Notation
    ? NestedShape<P, D>
    : P extends ObjectDefinition<infer Fields>
      ? NestedShape<Fields, D>
      : Record<string, any>
  : any;

type NestedShape<N extends Notation, D extends Direction> = Notation extends N
  ? Record<string, any>
  : Shape<N[number], D>;

/** The values of static choices; several of them joined into one string are just a string. */
type ChoiceOf<F extends Field> = F extends { readonly delimiter: string } | { readonly controlType: 'multiselect' }
  ? string
  : F extends { readonly pickList: infer Choices extends readonly StaticChoice[] }
    ? Choices[number][1]
    : F extends { readonly options: infer Choices extends readonly StaticChoice[] }
      ? Choices[number][1]
      : string;
