/** Decides which static choices are an enum in the graph, and under which names (design §3). */
import { choicesOf, elementTypeOf, type Field } from './field.ts';
import { graphqlNamePattern, screamingSnakeCase } from './field-name.ts';

/** One value of an enum; `value` is what the provider says. */
export interface EnumChoice {
  readonly name: string;
  readonly label: string;
  readonly value: string;
}

/**
 * The choices of a string field (or of a list of strings) as an enum, when every value can be one: all are strings, and
 * their SCREAMING_SNAKE names are valid and differ. Otherwise `undefined`: the graph then says String and tells the choices
 * in the description. Several choices joined into one string (`multiselect`, `delimiter`) and a toggle that lets one give
 * any value are no enum.
 */
export function enumChoices(field: Field): readonly EnumChoice[] | undefined {
  const choices = choicesOf(field);
  const type = field.type === 'array' ? elementTypeOf(field) : (field.type ?? 'string');
  if (!choices?.length || type !== 'string' || takesSeveral(field)) return undefined;
  if (field.toggleField && field.toggleField.name === field.name) return undefined;
  const values = choices.flatMap(([label, value]) =>
    typeof value === 'string' ? [{ name: screamingSnakeCase(value), label, value }] : [],
  );
  const names = new Set(values.map(({ name }) => name).filter((name) => graphqlNamePattern.test(name)));
  return names.size === choices.length ? values : undefined;
}

/** Whether the value is several choices in one string, with a delimiter between them. */
export function takesSeveral(field: Field): boolean {
  return (
    field.type !== 'array' && (field.delimiter !== undefined || field.controlType?.endsWith('multiselect') === true)
  );
}
