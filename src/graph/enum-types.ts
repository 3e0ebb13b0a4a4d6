/** Static pick lists as enums. */
import { GraphQLEnumType, type GraphQLEnumValueConfigMap } from 'graphql';
import type { Connector } from '../connector/definition.ts';
import { type EnumChoice, enumChoices } from '../notation/enum-choices.ts';
import { choicesOf, type Field, type StaticChoice } from '../notation/field.ts';
import { pascalCase } from '../notation/field-name.ts';
import { labelize } from '../notation/labelize.ts';
import { describeChoices } from './descriptions.ts';
import type { NameRegister } from './name-register.ts';
import { rootFieldName, typePrefix } from './names.ts';

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

  /** The enum of a field; undefined when it has no choices, or not all of them can be values of an enum. */
  ofField(field: Field, parent: string, path: string): GraphQLEnumType | undefined {
    const choices = this.#choices(field);
    const values = choices && enumChoices({ ...field, pickList: choices });
    if (!values) return undefined;
    const { pickList } = field;
    return typeof pickList === 'string'
      ? this.#make(
          typePrefix(this.#connector) + pascalCase(pickList),
          values,
          `${this.#connector.name}.pickLists.${pickList}`,
        )
      : this.#make(parent + pascalCase(field.graphqlName ?? field.name), values, `${path}.pickList`);
  }

  /** What to say of the choices of a field that is no enum. */
  describe(field: Field): string | undefined {
    const choices = this.#choices(field);
    if (choices) return describeChoices(choices);
    if (typeof field.pickList !== 'string' || !this.#connector.pickLists?.[field.pickList]) return undefined;
    return `The choices are in the query field \`${rootFieldName(this.#connector, field.pickList, undefined, false)}\`.`;
  }

  #choices(field: Field): readonly StaticChoice[] | undefined {
    const { pickList } = field;
    const choices = typeof pickList === 'string' ? this.#connector.pickLists?.[pickList] : choicesOf(field);
    return Array.isArray(choices) && choices.length > 0 ? (choices as readonly StaticChoice[]) : undefined;
  }

  #make(name: string, choices: readonly EnumChoice[], path: string): GraphQLEnumType | undefined {
    const values = JSON.stringify(choices.map(({ value }) => value));
    const made = this.#made.get(name);
    if (made?.values === values) return made.type;
    const type = this.#register.type(name, path, this.#connector.name, () => {
      return new GraphQLEnumType({ name, values: valuesOf(choices) });
    });
    if (type) this.#made.set(name, { type, values });
    return type;
  }
}

/** The label describes a value where it says more than the value does. */
function valuesOf(choices: readonly EnumChoice[]): GraphQLEnumValueConfigMap {
  return Object.fromEntries(
    choices.map(({ name, label, value }) => {
      const saysMore = label !== '' && label.toLowerCase() !== labelize(value).toLowerCase() && label !== value;
      return [name, saysMore ? { value, description: label } : { value }];
    }),
  );
}
