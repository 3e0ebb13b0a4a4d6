/** Which values of a provider its output coercion gives on as they are, so that whoever has many of them need not ask it for each. */
import { enumChoices } from './enum-choices.ts';
import type { Field } from './field.ts';
import { isDayText, isUtcText } from './times.ts';

/**
 * What a value has to be to be kept: `id` also has integers, which become their digits. Of a `choice` nothing is kept, but
 * what a text becomes is always the same.
 */
export type Kept = 'text' | 'id' | 'integer' | 'number' | 'boolean' | 'time' | 'day' | 'choice';

/** What is kept of a field; `undefined`: each value has to be coerced. */
export function keptValues(field: Field): Kept | undefined {
  if (field.convertOutput !== undefined || field.parseOutput !== undefined) return undefined;
  if (field.type === 'array') return undefined;
  if (field.references !== undefined) return 'id';
  if (enumChoices(field)) return 'choice';
  switch (field.type ?? 'string') {
    case 'string':
      return 'text';
    case 'integer':
      return field.format === 'int64' ? undefined : 'integer';
    case 'number':
      return field.format === 'decimal' ? undefined : 'number';
    case 'boolean':
      return 'boolean';
    case 'date_time':
    case 'timestamp':
      return 'time';
    case 'date':
      return 'day';
    case 'object':
    case 'stream':
      return undefined;
  }
}

/** The value as coercion would give it; `undefined` where coercion has to be asked. */
export function keepValue(kept: Kept, value: unknown): string | number | boolean | undefined {
  switch (kept) {
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'integer':
      return typeof value === 'number' && value === (value | 0) ? value : undefined;
    case 'id':
      if (typeof value === 'string') return value === '' ? undefined : value;
      return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'time':
      return typeof value === 'string' && isUtcText(value) ? value : undefined;
    case 'day':
      return typeof value === 'string' && isDayText(value) ? value : undefined;
    case 'choice':
      return undefined;
  }
}
