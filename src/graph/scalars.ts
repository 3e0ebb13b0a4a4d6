/**
 * The scalars that all subgraphs share.
 *
 * They have the names and meanings of graphql-scalars, and are written here because that package has no Decimal, lets
 * DateTime leave as a `Date` object, writes to the console for a large BigInt, and takes 300 ms to load for four scalars.
 */
import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped, type ValueNode } from 'graphql';

/** RFC 3339 in UTC on the wire; `Date` inside. Takes `Date`, and text with an offset. */
export const dateTimeScalar = scalar<Date>(
  'DateTime',
  'A moment, as RFC 3339 in UTC: `2026-01-31T09:30:00.000Z`.',
  'https://scalars.graphql.org/andimarek/date-time.html',
  {
    write: (value) => readDateTime(value).toISOString(),
    read: readDateTime,
  },
);

/** `2026-01-31` on the wire and inside: a day has no time zone, so it is never made a `Date`. */
export const dateScalar = scalar<string>(
  'Date',
  'A day without a time, as RFC 3339: `2026-01-31`.',
  'https://scalars.graphql.org/andimarek/local-date.html',
  {
    write: readDate,
    read: readDate,
  },
);

/** A number on the wire up to 2⁵³, beyond it a string, since JSON's readers round; inside a number, beyond 2⁵³ a bigint. */
export const bigIntScalar = scalar<number | bigint>(
  'BigInt',
  'A whole number of any size: a number up to 2⁵³, beyond it a string, so that no client rounds it.',
  undefined,
  {
    write: (value) => {
      const number = readBigInt(value);
      return typeof number === 'bigint' ? number.toString() : number;
    },
    read: readBigInt,
  },
);

/** A string on the wire and inside, digit for digit. */
export const decimalScalar = scalar<string>('Decimal', 'An exact decimal number, as a string: `"19.90"`.', undefined, {
  write: readDecimal,
  read: readDecimal,
});

/** Any JSON value, as it is. */
export const jsonScalar = new GraphQLScalarType({
  name: 'JSON',
  description: 'Any JSON value, where the shape is not known before the connection is.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** By name. */
export const sharedScalars: readonly GraphQLScalarType[] = [
  dateTimeScalar,
  dateScalar,
  bigIntScalar,
  decimalScalar,
  jsonScalar,
];

function scalar<Inside>(
  name: string,
  description: string,
  specifiedByURL: string | undefined,
  { write, read }: { write: (value: unknown) => string | number; read: (value: unknown) => Inside },
): GraphQLScalarType<Inside, string | number> {
  return new GraphQLScalarType<Inside, string | number>({
    name,
    description,
    ...(specifiedByURL === undefined ? {} : { specifiedByURL }),
    serialize: write,
    parseValue: read,
    parseLiteral: (node) => read(literal(name, node)),
  });
}

function literal(name: string, node: ValueNode): string {
  if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT) return node.value;
  throw new GraphQLError(`${name}: expected a string; got ${node.kind}.`, { nodes: node });
}

const dateTimePattern = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)$/;

function readDateTime(value: unknown): Date {
  const date =
    value instanceof Date
      ? value
      : typeof value === 'string' && dateTimePattern.test(value)
        ? new Date(value)
        : undefined;
  if (date && !Number.isNaN(date.getTime()) && !(typeof value === 'string' && !isDay(value.slice(0, 10)))) return date;
  throw refusal('DateTime', 'a moment with its offset, such as "2026-01-31T09:30:00Z"', value);
}

function readDate(value: unknown): string {
  if (typeof value === 'string' && isDay(value)) return value;
  throw refusal('Date', 'a day, such as "2026-01-31"', value);
}

/** `new Date` moves the 31st of June to July; a day that does not exist is refused instead. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function readBigInt(value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const big =
    typeof value === 'bigint'
      ? value
      : typeof value === 'string' && /^-?\d{1,1000}$/.test(value)
        ? BigInt(value)
        : undefined;
  if (big === undefined) throw refusal('BigInt', 'a whole number; beyond 2⁵³ as a string', value);
  return big >= Number.MIN_SAFE_INTEGER && big <= Number.MAX_SAFE_INTEGER ? Number(big) : big;
}

function readDecimal(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string' && /^-?\d{1,1000}(?:\.\d{1,1000})?(?:[eE][+-]?\d{1,4})?$/.test(value)) return value;
  throw refusal('Decimal', 'a decimal number, such as "19.90"', value);
}

function refusal(name: string, expected: string, value: unknown): GraphQLError {
  const got = typeof value === 'object' ? 'an object' : (JSON.stringify(value)?.slice(0, 40) ?? typeof value);
  return new GraphQLError(`${name}: expected ${expected}; got ${got}.`);
}
