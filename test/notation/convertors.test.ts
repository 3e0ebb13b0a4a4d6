import { describe, expect, it } from '@jest/globals';
import { convertors } from '../../src/notation/convertors.ts';

const convert = (name: string, value: unknown, timeZone = 'America/Los_Angeles') =>
  convertors.get(name)!(value, timeZone);
const noon = new Date('2024-01-15T20:00:00.250Z');

/** Every convertor of the contract, with what it makes of what. */
const table: [name: string, value: unknown, result: unknown][] = [
  ['integer_conversion', '12', 12],
  ['integer_conversion', '12.7', 12],
  ['integer_conversion', 'many', 'many'],
  ['integer_conversion', '12345678901234567890', 12345678901234567890n],
  ['integer_conversion', ['1', 'x', null], [1, 'x', null]],
  ['float_conversion', '1.5', 1.5],
  ['float_conversion', ' 1e3 ', 1000],
  ['float_conversion', 'x', 'x'],
  ['boolean_conversion', 'Yes', true],
  ['boolean_conversion', 'T', true],
  ['boolean_conversion', 1, true],
  ['boolean_conversion', 'n', false],
  ['boolean_conversion', '0', false],
  ['boolean_conversion', false, false],
  ['date_conversion', '2024-01-15T23:00:00Z', '2024-01-15'],
  ['date_conversion', '', null],
  ['date_iso8601_conversion', noon, '2024-01-15'],
  ['date_time_conversion', '2024-01-15T12:00:00.250', noon],
  ['date_time_conversion', noon, noon],
  ['date_time_conversion', '  ', null],
  ['date_time_iso8601_conversion', '2024-01-15T12:00:00', '2024-01-15T20:00:00Z'],
  ['date_time_iso8601_conversion', noon, '2024-01-15T20:00:00.250Z'],
  ['item_array_wrap', 'one', ['one']],
  ['item_array_wrap', { a: 1 }, [{ a: 1 }]],
  ['item_array_wrap', ['one', ['two']], ['one', 'two']],
  ['item_array_wrap', [], []],
  ['convert_to_datetime', '2024-01-15T20:00:00.250', noon],
  ['convert_to_datetime', 5, 5],
  ['convert_to_datetime_wo_tz', '2024-01-15T12:00:00+09:00', '2024-01-15 12:00:00'],
  ['convert_to_datetime_wo_tz', 'Tue, 15 Nov 1994 08:12:31 GMT', '1994-11-15 08:12:31'],
  ['convert_to_datetime_wo_tz', noon, '2024-01-15 20:00:00'],
  ['parse_date_output', '2024-01-15 23:00', '2024-01-15'],
  ['parse_date_output', 5, 5],
  ['render_date_input', '2024-01-15T03:00:00Z', '2024-01-14'],
  ['render_date_input', '2024-01-15', '2024-01-15'],
  ['convert_date_time', '2024-01-15 12:00:00.250', noon],
  ['parse_date_time_epoch_millis', noon.getTime(), noon],
  ['parse_date_time_epoch_millis', noon, noon],
  ['render_date_time_epoch_millis', noon, noon.getTime()],
  ['render_date_time_epoch_millis', 1.5, 1500],
  ['parse_iso8601_timestamp', '2024-01-15T12:00:00.250', noon],
  ['render_iso8601_timestamp', '2024-01-15T12:00:00', '2024-01-15T20:00:00Z'],
  ['parse_iso8601_date', '2024-01-15', '2024-01-15'],
  ['render_iso8601_date', noon, '2024-01-15'],
  ['parse_epoch_time', '1705348800.9', new Date('2024-01-15T20:00:00Z')],
  ['parse_epoch_time', 1705348800, new Date('2024-01-15T20:00:00Z')],
  ['render_epoch_time', noon, 1705348800],
  ['render_epoch_time', 5, 5],
  ['parse_float_epoch_time', 1705348800.25, noon],
  ['render_float_epoch_time', noon, 1705348800.25],
  ['implicit_utc_time', '2024-01-15T20:00:00.250', noon],
  ['implicit_utc_iso8601_time', '2024-01-15 20:00:00', '2024-01-15T20:00:00Z'],
];

describe('a convertor', () => {
  it.each(table)('%s makes of %p %p', (name, value, result) => {
    expect(convert(name, value)).toEqual(result);
  });

  it('is tried here, whatever its name', () => {
    expect(new Set(table.map(([name]) => name))).toEqual(new Set(convertors.keys()));
  });

  it('reads a clock without an offset in the zone that is set', () => {
    expect(convert('date_time_conversion', '2024-01-15 12:00', 'Asia/Tokyo')).toEqual(new Date('2024-01-15T03:00:00Z'));
  });

  it.each([
    ['boolean_conversion', 'maybe', 'expected a boolean (true t yes y 1, false f no n 0); got a string that is none.'],
    ['date_conversion', 'soon', 'expected a day as YYYY-MM-DD; got a string that is none.'],
    ['date_time_conversion', 'soon', 'expected a date and time; got a string that is none.'],
    ['convert_to_datetime_wo_tz', 5, 'expected a date and time; got a number.'],
    ['parse_epoch_time', 'soon', 'expected seconds since 1970; got a string that is none.'],
    ['parse_date_time_epoch_millis', 1e300, 'expected milliseconds since 1970; got a number that is none.'],
  ])('%s tells what it cannot read', (name, value, message) => {
    expect(() => convert(name, value)).toThrow(new Error(message));
  });
});
