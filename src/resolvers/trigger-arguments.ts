/** The arguments of a subscription, given as JSON instead: judged by the same types, so that they name the same feed. */
import { coerceInputValue, isRequiredArgument, type GraphQLArgument, type GraphQLField } from 'graphql';
import { describeKind, isPlainObject } from '../connector/check-keys.ts';
import { InputError } from '../errors.ts';
import { bindingOf } from '../graph/binding.ts';
import { didYouMean } from '../notation/nearest.ts';

/**
 * Reads the input of a trigger as graphql-js would read the variables of its field.
 *
 * @throws InputError INPUT_INVALID, INPUT_REQUIRED, naming the argument.
 */
export function readTriggerArguments(
  field: GraphQLField<unknown, unknown>,
  input: unknown,
): Readonly<Record<string, unknown>> {
  const given = input ?? {};
  if (!isPlainObject(given)) {
    throw new InputError('INPUT_INVALID', `input: expected an object; got ${describeKind(given)}.`);
  }
  const binding = bindingOf(field);
  if (binding?.kind === 'trigger' && binding.argumentStyle === 'json') return { input: given };
  const taken = field.args.filter(({ name }) => name !== 'after' && name !== 'connection');
  const names = taken.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const expected = names.length > 0 ? `one of ${names.join(', ')}` : 'nothing';
    const message = `input: expected ${expected}${didYouMean(unknown, names)}; got ${JSON.stringify(unknown)}.`;
    throw new InputError('INPUT_INVALID', message);
  }
  return Object.fromEntries(taken.flatMap((argument) => readArgument(argument, given[argument.name])));
}

function readArgument(argument: GraphQLArgument, value: unknown): readonly (readonly [string, unknown])[] {
  const { name, type, defaultValue } = argument;
  if (value === undefined) {
    if (isRequiredArgument(argument))
      throw new InputError('INPUT_REQUIRED', `input.${name}: expected a value; got none.`);
    return defaultValue === undefined ? [] : [[name, defaultValue]];
  }
  const read: unknown = coerceInputValue(value, type, (path, _value, error) => {
    throw new InputError('INPUT_INVALID', `${['input', name, ...path].join('.')}: ${error.message}`);
  });
  return [[name, read]];
}
