/** Checks that the default of a field is a value of the field. */
import { DefinitionError } from '../errors.ts';
import { compileInput } from './coerce.ts';
import { elementTypeOf, type Field } from './field.ts';
import { showValue } from './field-keys.ts';
import { Mismatch } from './mismatch.ts';

/** @returns what was expected and what came, or `undefined` when the default is right or cannot be judged alone. */
export function checkDefault(field: Field): string | undefined {
  const type = field.type === 'array' ? elementTypeOf(field) : field.type;
  if (field.default === undefined || field.default === null) return undefined;
  if (type === 'object') return checkObjectDefault(field);
  const { convertInput: _convert, renderInput: _render, toggleField: _toggle, ...plain } = field;
  try {
    compileInput([plain]);
  } catch (error) {
    if (!(error instanceof DefinitionError) || !(error.cause instanceof Mismatch)) throw error;
    return `expected ${error.cause.expected}; got ${showValue(field.default)}.`;
  }
  return undefined;
}

/** The fields of an object have defaults of their own; a second place for them could contradict, or go round for ever. */
function checkObjectDefault(field: Field): string | undefined {
  const isEmptyList = field.type === 'array' && Array.isArray(field.default) && field.default.length === 0;
  const hasFields = field.properties !== undefined || typeof field.of === 'object';
  if (isEmptyList || !hasFields) return undefined;
  return `expected defaults on the fields of the object instead; got ${showValue(field.default)}.`;
}
