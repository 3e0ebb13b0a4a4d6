/** Static pick lists as enums. */
import { GraphQLEnumType } from 'graphql';
import type { Connector } from '../connector/definition.ts';
import type { Field, StaticChoice } from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';
import { pascalCase } from '../notation/field-name.ts';
import type { NameRegister } from './name-register.ts';
import { enumValueName, typePrefix } from './names.ts';

type Choices = readonly StaticChoice[];

/**
 * The enums of one connector. A pick list that stands in a field is the enum `<Parent><Field>`; a static one of the
 * connector's `pickLists` is one enum `<Prefix><PickList>` for all fields that name it. Two fields whose enum would have
 * the same name share it when their values are the same, and collide otherwise.
 */
export class EnumTypes {
  readonly #connector: Connector;
  readonly #register: NameRegister;
  readonly #made = new Map<string, { readonly type: GraphQLEnumType; readonly values: string }>();

  constructor(connector: Connector, register: NameRegister) {
    this.#connector = connector;
    this.#register = register;
  }

  /** The static choices of a field. */
  choices(field: Field): Choices | undefined {
    const pickList = field.pickList ?? field.options;
    const found = typeof pickList === 'string' ? this.#connector.pickLists?.[pickList] : pickList;
    return Array.isArray(found) && found.length > 0 ? (found as Choices) : undefined;
  }

  /** The enum of a field; undefined when its values are not all ones that an enum can have, or others may be entered. */
  ofField(field: Field, parent: string, path: string): GraphQLEnumType | undefined {
    const choices = this.choices(field);
    if (!choices || !holdsOneChoice(field) || !choices.every(([, value]) => enumValueName(value) !== undefined))
      return undefined;
    const pickList = field.pickList;
    return typeof pickList === 'string'
      ? this.#make(
          typePrefix(this.#connector) + pascalCase(pickList),
          choices,
          `${this.#connector.name}.pickLists.${pickList}`,
        )
      : this.#make(parent + pascalCase(field.graphqlName ?? field.name), choices, `${path}.pickList`);
  }

  #make(name: string, choices: Choices, path: string): GraphQLEnumType | undefined {
    const values = JSON.stringify(choices.map(([, value]) => value));
    const made = this.#made.get(name);
    if (made?.values === values) return made.type;
    const type = this.#register.type(
      name,
      path,
      this.#connector.name,
      () => new GraphQLEnumType({ name, values: this.#values(choices, path) }),
    );
    if (type) this.#made.set(name, { type, values });
    return type;
  }

  #values(choices: Choices, path: string): Record<string, { value: unknown; description?: string }> {
    const values = new Map<string, { value: unknown; description?: string }>();
    for (const [label, value] of choices) {
      const name = enumValueName(value) ?? '';
      const other = values.get(name);
      if (other && other.value !== value) {
        this.#register.fault(
          'NAME_COLLISION',
          path,
          `the enum value "${name}" is made by both ${JSON.stringify(other.value)} and ${JSON.stringify(value)}; ` +
            'name the choices in `hint` instead of `pickList`, and the field takes any string.',
        );
      }
      const saysMore = ![String(value), labelize(String(value))].includes(label) && label !== '';
      values.set(name, saysMore ? { value, description: label } : { value });
    }
    return Object.fromEntries(values);
  }
}

/** Several values in one string, or free text beside the list, are no enum. */
function holdsOneChoice(field: Field): boolean {
  const type = field.type === 'array' ? field.of : (field.type ?? 'string');
  const control = field.controlType?.replace(/^(?:small|medium)-/, '');
  const several = field.delimiter !== undefined || (control === 'multiselect' && field.type !== 'array');
  return type === 'string' && !several && field.toggleField === undefined && control !== 'tree';
}
