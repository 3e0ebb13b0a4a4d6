/**
 * The scalars that all subgraphs share; what they read and write is the notation's.
 *
 * They have the names and meanings of graphql-scalars, and are made here because that package has no Decimal, lets DateTime
 * leave as a `Date` object, writes to the console for a large BigInt, and takes 300 ms to load for four scalars.
 */
import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped, type ValueNode } from 'graphql';
import { Content } from '../content.ts';
import { Mismatch } from '../notation/mismatch.ts';
import { readDecimal, readInt64 } from '../notation/scalars.ts';
import { dayText, instant, utcText } from '../notation/times.ts';

/** RFC 3339 in UTC on the wire; what a client gives becomes a `Date`. */
export const dateTimeScalar = scalar(
  'DateTime',
  'A moment, as RFC 3339: `2026-01-31T09:30:00Z`. Answers are in UTC.',
  (value) => utcText(value, 'UTC'),
  (value) => {
    // Without an offset nobody knows which moment is meant.
    if (value instanceof Date || (typeof value === 'string' && /T.*(?:Z|[+-]\d\d:?\d\d)$/i.test(value))) {
      return instant(value, 'UTC');
    }
    throw Mismatch.none('a moment with its offset, such as "2026-01-31T09:30:00Z"', value);
  },
);

/** `2026-01-31` on the wire and inside: a day has no time zone, so it is never made a `Date`. */
export const dateScalar = scalar('Date', 'A day: `2026-01-31`.', dayText, (value) => {
  if (typeof value === 'string' && value.length === 10) return dayText(value);
  throw Mismatch.none('a day, such as "2026-01-31"', value);
});

/** A number within ±2⁵³, beyond it a string, both on the wire and inside: JSON's readers round. */
export const bigIntScalar = scalar(
  'BigInt',
  'A whole number of any size: a number within ±2⁵³, beyond it a string, so that no client rounds it.',
  readInt64,
  readInt64,
);

/** A string on the wire and inside, digit for digit. */
export const decimalScalar = scalar('Decimal', 'An exact number, as a string: `"19.90"`.', readDecimal, readDecimal);

/** Any JSON value, as it is. */
export const jsonScalar = new GraphQLScalarType({
  name: 'JSON',
  description: 'Any JSON value.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** A file beside an operation. @see https://github.com/jaydenseric/graphql-multipart-request-spec */
export const uploadScalar = new GraphQLScalarType({
  name: 'Upload',
  description:
    'The content of a file, sent beside the operation as the GraphQL multipart request specification has it.',
  specifiedByURL: 'https://github.com/jaydenseric/graphql-multipart-request-spec',
  parseValue: readContent,
  parseLiteral: (node) => readContent(node.kind),
  serialize: readContent,
});

function readContent(value: unknown): Content {
  if (value instanceof Content) return value;
  throw new Mismatch('a file that is sent beside the operation, in a variable', value);
}

/** In the order in which they are explained. */
export const sharedScalars: readonly GraphQLScalarType[] = [
  dateTimeScalar,
  dateScalar,
  bigIntScalar,
  decimalScalar,
  jsonScalar,
  uploadScalar,
];

function scalar<Inside, Outside>(
  name: string,
  description: string,
  serialize: (value: unknown) => Outside,
  parseValue: (value: unknown) => Inside,
): GraphQLScalarType<Inside, Outside> {
  const parseLiteral = (node: ValueNode): Inside => parseValue(literalText(name, node));
  return new GraphQLScalarType<Inside, Outside>({ name, description, serialize, parseValue, parseLiteral });
}

function literalText(name: string, node: ValueNode): string {
  if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT) return node.value;
  throw new GraphQLError(`${name}: expected a string or a number; got ${node.kind}.`, { nodes: node });
}
