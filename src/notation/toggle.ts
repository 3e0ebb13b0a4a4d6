/** A field and its `toggleField` are two ways to give one value: what that means for the arguments in the graph. */
import type { Field, Notation } from './field.ts';

/** A field as an argument or input field of the graph. */
export interface ArgumentField {
  readonly field: Field;
  /** Whether the graph may demand it (non-null): it is required, has no default, and no toggle can stand for it. */
  readonly isRequired: boolean;
}

/**
 * The fields that a client may give, in order: each field, and each toggle that has a name of its own. A toggle of the same
 * name is the freer form of the same argument, so it takes the field's place.
 */
export function argumentFields(notation: Notation): readonly ArgumentField[] {
  return notation.flatMap((field) => {
    const toggle = field.toggleField;
    const isRequired = field.optional === false && field.default === undefined;
    if (!toggle) return [{ field, isRequired }];
    if (toggle.name !== field.name) {
      return [
        { field, isRequired: false },
        { field: toggle, isRequired: false },
      ];
    }
    const { hint = field.hint, graphqlName = field.graphqlName } = toggle;
    const words = { ...(hint === undefined ? {} : { hint }), ...(graphqlName === undefined ? {} : { graphqlName }) };
    return [{ field: { ...toggle, ...words }, isRequired }];
  });
}
