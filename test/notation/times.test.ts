import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { GraphQLDateTime } from 'graphql-scalars';
import { dayIn, dayText, instant, isTimeZone, utcText } from '../../src/notation/times.ts';

const la = 'America/Los_Angeles';

describe('utcText', () => {
  it.each([
    ['2011-01-26T19:01:12Z', '2011-01-26T19:01:12Z'],
    ['2011-01-26T19:01:12.123456Z', '2011-01-26T19:01:12.123456Z'],
    ['2011-01-26T19:01:12.123456+02:00', '2011-01-26T17:01:12.123456Z'],
    ['2011-01-26t19:01:12z', '2011-01-26T19:01:12Z'],
    ['2011-01-26 19:01:12 UTC', '2011-01-26T19:01:12Z'],
    ['2011-01-26T19:01:12+0530', '2011-01-26T13:31:12Z'],
    ['2011-01-26T19:01-08', '2011-01-27T03:01:00Z'],
    ['2011-01-26T19:01:12', '2011-01-27T03:01:12Z'],
    ['2011-07-26 19:01:12,5', '2011-07-27T02:01:12.5Z'],
    ['2011-01-26', '2011-01-26T08:00:00Z'],
    ['Tue, 15 Nov 1994 08:12:31 GMT', '1994-11-15T08:12:31Z'],
    ['Wed Oct 10 20:19:24 +0000 2018', '2018-10-10T20:19:24Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ])('reads %j as %j', (text, utc) => {
    expect(utcText(text, la)).toBe(utc);
  });

  it.each([
    '',
    'soon',
    '2023-02-29T00:00:00Z',
    '2011-13-01T00:00:00Z',
    '2011-01-26T24:00:00Z',
    '2011',
    '12:00',
    'x'.repeat(99),
  ])('refuses %j', (text) => {
    expect(() => utcText(text, la)).toThrow('expected a date and time; got');
  });

  it('names the convertors for numbers, which may be seconds or milliseconds', () => {
    expect(() => utcText(1_300_000_000, la)).toThrow(
      "expected a date and time; got a number. For seconds since 1970 name the convertor 'parse_epoch_time', for milliseconds 'parse_date_time_epoch_millis'.",
    );
    expect(() => utcText(new Date(NaN), la)).toThrow('expected a date and time; got an invalid Date.');
    expect(() => utcText(new Date(8.64e15), la)).toThrow('expected a year from 0000 to 9999; got another year.');
  });

  it('says of every Date what the DateTime scalar accepts, and means the same time', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const text = utcText(date, la);
          expect(utcText(text, la)).toBe(text);
          expect(GraphQLDateTime.serialize(text)).toEqual(date);
        },
      ),
    );
  });

  it('agrees with the DateTime scalar on every offset', () => {
    const minutes = fc.integer({ min: -23 * 60, max: 23 * 60 });
    const date = fc.date({ min: new Date('1900-01-02'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(date, minutes, (time, offset) => {
        const wall = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const [hours, rest] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const text = `${wall}${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
        expect(utcText(text, la)).toBe(time.toISOString());
        expect(instant(text, la)).toEqual(time);
      }),
    );
  });
});

describe('a clock without an offset', () => {
  it('is read in the zone, in summer and winter', () => {
    expect(instant('2024-01-15 12:00:00', 'Europe/Berlin').toISOString()).toBe('2024-01-15T11:00:00.000Z');
    expect(instant('2024-07-15 12:00:00', 'Europe/Berlin').toISOString()).toBe('2024-07-15T10:00:00.000Z');
    expect(instant('2024-07-15 12:00:00', 'UTC').toISOString()).toBe('2024-07-15T12:00:00.000Z');
  });

  it('means the first of two times, and what is skipped an hour later', () => {
    expect(instant('2024-11-03 01:30:00', la).toISOString()).toBe('2024-11-03T08:30:00.000Z');
    expect(instant('2024-03-10 02:30:00', la).toISOString()).toBe('2024-03-10T10:30:00.000Z');
    expect(instant('2024-10-27 02:30:00', 'Europe/Berlin').toISOString()).toBe('2024-10-27T00:30:00.000Z');
    expect(instant('2024-03-31 02:30:00', 'Europe/Berlin').toISOString()).toBe('2024-03-31T01:30:00.000Z');
  });

  it('shows in its zone what it was read from, but where the clocks change', () => {
    const zones = fc.constantFrom(la, 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland', 'America/St_Johns');
    const day = fc.date({ min: new Date('1980-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, day, (zone, date) => {
        const text = date.toISOString().slice(0, 10);
        expect(dayIn(instant(`${text} 12:00`, zone), zone)).toBe(text);
      }),
    );
  });
});

describe('dayText', () => {
  it.each([
    ['2024-02-29', '2024-02-29'],
    ['2024-02-29T23:30:00-08:00', '2024-02-29'],
    ['Tue, 15 Nov 1994 23:12:31 -0800', '1994-11-15'],
  ])('takes of %j the day as it is written', (text, day) => {
    expect(dayText(text)).toBe(day);
  });

  it('takes the day in UTC of a Date, and refuses what is no day', () => {
    expect(dayText(new Date('2024-02-29T23:59:59Z'))).toBe('2024-02-29');
    for (const bad of ['2023-02-29', '2024-02-29x', '29.2.2024', 20240229, {}, true]) {
      expect(() => dayText(bad)).toThrow(
        /^expected a day as YYYY-MM-DD; got (a string that is none|a number|an object|a boolean)\.$/,
      );
    }
  });
});

it('knows the names of time zones', () => {
  expect(isTimeZone('Europe/Berlin')).toBe(true);
  expect(isTimeZone('Pacific Time (US & Canada)')).toBe(false);
});
