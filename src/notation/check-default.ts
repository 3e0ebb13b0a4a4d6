/** Checks that the default of a field is a value of the field. */
import { GatewayError } from '../errors.ts';
import { compileInput } from './coerce.ts';
import { elementTypeOf, type Field } from './field.ts';

/** @returns what was expected and what came, or `undefined` when the default is right or cannot be judged alone. */
export function checkDefault(field: Field): string | undefined {
  const type = field.type === 'array' ? elementTypeOf(field) : field.type;
  if (field.default === undefined || field.default === null || type === 'object') return undefined;
  const { convertInput: _convert, renderInput: _render, toggleField: _toggle, default: value, ...plain } = field;
  try {
    compileInput([plain], { path: '', keys: 'notation' })({ [field.name]: value });
  } catch (error) {
    if (error instanceof GatewayError) return error.message.slice(error.message.indexOf(': ') + 2);
    throw error;
  }
  return undefined;
}
