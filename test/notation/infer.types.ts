/**
 * What the notation says to TypeScript. Nothing here runs: `infer.test.ts` gives this file to the compiler, which fails on
 * every line that is not as it says.
 */
/* oxlint-disable typescript/no-unnecessary-type-parameters, typescript/no-generated-empty-object-type -- Types are compared by what the compiler infers for a parameter, also those of an empty notation. */
import type { Notation, ObjectDefinition } from '../../src/notation/field.ts';
import type { InputOf, OutputOf, RowOf } from '../../src/notation/infer.ts';

/** The same type, not merely one that fits; keys may be told apart by `?` and `readonly`. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function expectType<_T extends true>(): void;
declare function notation<const N extends Notation>(fields: N): N;
declare function object<const N extends Notation>(definition: ObjectDefinition<N>): ObjectDefinition<N>;

// Every scalar type, optional unless it says otherwise.
const scalars = notation([
  { name: 'text' },
  { name: 'id', type: 'integer', optional: false },
  { name: 'big', type: 'integer', format: 'int64', optional: false },
  { name: 'ratio', type: 'number', optional: false },
  { name: 'price', type: 'number', format: 'decimal', optional: false },
  { name: 'open', type: 'boolean', optional: true },
  { name: 'at', type: 'date_time', optional: false },
  { name: 'seen', type: 'timestamp' },
  { name: 'day', type: 'date', optional: false },
]);
expectType<
  Equal<
    InputOf<typeof scalars>,
    {
      id: number;
      big: number | string;
      ratio: number;
      price: string;
      at: Date;
      day: string;
      text?: string | null;
      open?: boolean | null;
      seen?: Date | null;
    }
  >
>();
expectType<
  Equal<
    OutputOf<typeof scalars>,
    {
      id: number;
      big: number | string | bigint;
      ratio: number;
      price: string | number;
      at: Date | string;
      day: string | Date;
      text?: string | null;
      open?: boolean | null;
      seen?: Date | string | null;
    }
  >
>();

// Nested objects and lists, inline and by definition.
const user = object({ key: 'id', fields: [{ name: 'id', type: 'integer', optional: false }, { name: 'login' }] });
const nested = notation([
  { name: 'address', type: 'object', optional: false, properties: [{ name: 'zip', optional: false }] },
  { name: 'lines', type: 'array', properties: [{ name: 'quantity', type: 'integer' }] },
  { name: 'tags', type: 'array', of: 'string' },
  { name: 'author', type: 'object', properties: user },
  { name: 'members', type: 'array', of: user },
  { name: 'named', type: 'object', properties: 'customer' },
  { name: 'anything', type: 'object' },
]);
type User = { id: number; login?: string | null };
expectType<
  Equal<
    InputOf<typeof nested>,
    {
      address: { zip: string };
      lines?: { quantity?: number | null }[] | null;
      tags?: string[] | null;
      author?: User | null;
      members?: User[] | null;
      named?: Record<string, any> | null;
      anything?: any;
    }
  >
>();
expectType<Equal<NonNullable<OutputOf<typeof nested>['lines']>, readonly { quantity?: number | null }[]>>();

// Choices, several of them in one string, defaults.
const choices = notation([
  {
    name: 'state',
    pickList: [
      ['Open', 'open'],
      ['Closed', 'closed'],
    ],
    optional: false,
  },
  { name: 'sort', type: 'string', options: [['New', 'new']] },
  {
    name: 'size',
    type: 'integer',
    pickList: [
      ['S', 1],
      ['L', 2],
    ],
  },
  { name: 'labels', pickList: [['A', 'a']], controlType: 'multiselect' },
  { name: 'project', pickList: 'projects' },
  { name: 'limit', type: 'integer', default: 10 },
  {
    name: 'kinds',
    type: 'array',
    of: 'string',
    pickList: [
      ['A', 'a'],
      ['B', 'b'],
    ],
  },
]);
expectType<
  Equal<
    InputOf<typeof choices>,
    {
      state: 'open' | 'closed';
      limit: number | null;
      sort?: 'new' | null;
      size?: number | null;
      labels?: string | null;
      project?: string | null;
      kinds?: ('a' | 'b')[] | null;
    }
  >
>();
expectType<Equal<OutputOf<typeof choices>['limit'], number | null | undefined>>();

// A toggle: one value of either type under one name, or either of two names.
const toggles = notation([
  {
    name: 'project',
    optional: false,
    pickList: [['A', 'a']],
    toggleHint: 'Choose',
    toggleField: { name: 'project', type: 'integer' },
  },
  { name: 'user', optional: false, toggleHint: 'Choose', toggleField: { name: 'user_id', type: 'integer' } },
]);
expectType<Equal<InputOf<typeof toggles>, { project: 'a' | number; user?: string | null; user_id?: number | null }>>();

// The row of whatever an action may name as its output.
expectType<Equal<RowOf<typeof user>, User>>();
expectType<Equal<RowOf<readonly [{ readonly name: 'a' }]>, { a?: string | null }>>();
expectType<Equal<RowOf<undefined>, Record<string, any>>>();

// What is known only as a notation is anything.
expectType<Equal<InputOf<Notation>, Record<string, any>>>();
expectType<Equal<OutputOf<Notation>, Record<string, any>>>();
expectType<Equal<InputOf<readonly []>, {}>>();

// @ts-expect-error a misspelt type does not compile
notation([{ name: 'id', type: 'int' }]);
// @ts-expect-error nor does a misspelt element type
notation([{ name: 'id', type: 'array', of: 'strings' }]);
// @ts-expect-error nor in a nested field
notation([{ name: 'a', type: 'object', properties: [{ name: 'b', type: 'datetime' }] }]);
// @ts-expect-error a field has a name
notation([{ type: 'integer' }]);
// @ts-expect-error optional is a boolean
notation([{ name: 'id', optional: 'false' }]);

declare const input: InputOf<typeof scalars>;
declare const row: OutputOf<typeof choices>;
// @ts-expect-error a wrong name does not compile
void input.idd;
// @ts-expect-error an optional value may be absent
void input.text.length;
// @ts-expect-error an integer is no string
export const text: string = input.id;
// @ts-expect-error absent and null are two
export const given: string | undefined = input.text;
// @ts-expect-error a choice that is none
void (row.state === 'done');
