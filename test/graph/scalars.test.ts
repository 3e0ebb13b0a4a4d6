import { describe, expect, it } from '@jest/globals';
import { parseValue, type GraphQLScalarType } from 'graphql';
import { bigIntScalar, dateScalar, dateTimeScalar, decimalScalar, jsonScalar } from '../../src/graph/scalars.ts';

describe('a shared scalar', () => {
  it.each<[GraphQLScalarType, unknown, unknown]>([
    [dateTimeScalar, new Date(0), '1970-01-01T00:00:00.000Z'],
    [dateTimeScalar, '2026-01-31T11:30:00+02:00', '2026-01-31T09:30:00Z'],
    [dateScalar, '2026-01-31', '2026-01-31'],
    [bigIntScalar, 42, 42],
    [bigIntScalar, 9007199254740993n, '9007199254740993'],
    [bigIntScalar, '9007199254740993', '9007199254740993'],
    [decimalScalar, '19.90', '19.90'],
    [decimalScalar, 0.1, '0.1'],
    [jsonScalar, { a: [1, null] }, { a: [1, null] }],
  ])('%s writes %p as %p', (scalar, value, written) => {
    expect(scalar.serialize(value)).toEqual(written);
  });

  it.each<[GraphQLScalarType, string, unknown]>([
    [dateTimeScalar, '"2026-01-31T11:30:00+02:00"', new Date('2026-01-31T09:30:00Z')],
    [dateScalar, '"2026-01-31"', '2026-01-31'],
    [bigIntScalar, '9007199254740993', '9007199254740993'],
    [bigIntScalar, '"7"', 7],
    [decimalScalar, '19.90', '19.90'],
    [jsonScalar, '{ a: [1, "x", null] }', { a: [1, 'x', null] }],
  ])('%s reads the literal %s', (scalar, literal, read) => {
    expect(scalar.parseLiteral(parseValue(literal))).toEqual(read);
  });

  it.each<[GraphQLScalarType, unknown, string]>([
    [
      dateTimeScalar,
      '2026-01-31',
      'expected a moment with its offset, such as "2026-01-31T09:30:00Z"; got a string that is none.',
    ],
    [
      dateTimeScalar,
      '2026-01-31T09:30:00',
      'expected a moment with its offset, such as "2026-01-31T09:30:00Z"; got a string that is none.',
    ],
    [dateTimeScalar, 5, 'expected a moment with its offset, such as "2026-01-31T09:30:00Z"; got a number.'],
    [dateScalar, '2026-01-31T09:30:00Z', 'expected a day, such as "2026-01-31"; got a string that is none.'],
    [dateScalar, '2026-02-30', 'expected a day as YYYY-MM-DD; got a string that is none.'],
    [bigIntScalar, 1.5, 'expected an integer; got a number with a fraction.'],
    [decimalScalar, 'much', 'expected a decimal number; got a string that is none.'],
  ])('%s refuses %p', (scalar, value, message) => {
    expect(() => scalar.parseValue(value)).toThrow(message);
  });

  it('refuses a literal of another kind', () => {
    expect(() => dateTimeScalar.parseLiteral(parseValue('true'))).toThrow(
      'DateTime: expected a string or a number; got BooleanValue.',
    );
  });
});
