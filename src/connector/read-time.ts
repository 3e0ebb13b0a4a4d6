/** Reads a point in time from whatever a provider says it with. */
import { Mismatch } from '../notation/mismatch.ts';
import { numberPattern } from '../notation/scalars.ts';
import { instant } from '../notation/times.ts';

/** 2001-09-09: smaller numbers are rather ids and counts than times. */
const earliest = 1e12;
/** A number below is in seconds, any other in milliseconds; both are in the years from 2001 to 5138. */
const milliseconds = 1e11;

/**
 * Milliseconds since 1970 of a Date, of a date and time in words, or of a number since 1970; `undefined` for anything else.
 *
 * @param latest - numbers that would be later are no times.
 */
export function readTime(value: unknown, timeZone: string, latest: number): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return ofNumber(Number(value), latest);
  if (typeof value === 'string' && numberPattern.test(value)) return ofNumber(Number(value), latest);
  try {
    return instant(value, timeZone).getTime();
  } catch (error) {
    if (error instanceof Mismatch) return undefined;
    throw error;
  }
}

function ofNumber(value: number, latest: number): number | undefined {
  const time = Math.floor(value < milliseconds ? value * 1000 : value);
  return time >= earliest && time <= latest ? time : undefined;
}
