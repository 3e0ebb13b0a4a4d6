/** The entities of all connectors, and what a reference to one means. */
import type { GraphQLObjectType } from 'graphql';
import type { Action, Connector } from '../connector/definition.ts';
import { nearest } from '../connector/check-keys.ts';
import { findByName } from '../connector/find-by-name.ts';
import type { Field, ObjectDefinition } from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';
import type { Entity, EntityAction } from './binding.ts';
import type { NameRegister } from './name-register.ts';
import { fieldsOf, Shapes } from './shape.ts';

/** Every object with a key, by `connector.object`. */
export class Entities {
  readonly all: ReadonlyMap<string, Entity>;
  readonly #register: NameRegister;
  readonly #connectors: ReadonlyMap<string, Connector>;

  /** @param objectType - gives the type of an object; its fields may be made later. */
  constructor(
    connectors: readonly Connector[],
    register: NameRegister,
    objectType: (connector: Connector, name: string, definition: ObjectDefinition) => GraphQLObjectType | undefined,
  ) {
    this.#register = register;
    this.#connectors = new Map(connectors.map((connector) => [connector.name, connector]));
    const all = new Map<string, Entity>();
    for (const connector of connectors) {
      for (const [object, definition] of Object.entries(connector.objects ?? {})) {
        const key = this.#key(connector, object, definition);
        const type = key && objectType(connector, object, definition);
        if (!key || !type) continue;
        const id = `${connector.name}.${object}`;
        const entity: Entity = {
          id,
          connector,
          object,
          definition,
          type,
          key,
          keyName: fieldName(key),
          ...this.#action(connector, object, definition, 'lookup'),
          ...this.#action(connector, object, definition, 'batch'),
        };
        all.set(id, entity);
      }
    }
    this.all = all;
  }

  /** The entity of an object of a connector, if it is one. */
  of(connector: Connector, object: string): Entity | undefined {
    return this.all.get(`${connector.name}.${object}`);
  }

  /** The entity that a field references; reports a reference to nothing, or to what cannot be looked up. */
  referenced(connector: Connector, field: Field, path: string): Entity | undefined {
    const reference = field.references ?? '';
    const [ownerName, objectName] = reference.includes('.')
      ? (reference.split('.', 2) as [string, string])
      : [connector.name, reference];
    const owner = this.#connectors.get(ownerName);
    const found = owner && findByName(owner.objects, objectName);
    const entity = owner && found && this.of(owner, found[0]);
    if (entity && isLoadable(entity)) return entity;
    const at = `${path}.references`;
    if (entity) {
      this.#register.fault(
        'LOOKUP_UNKNOWN',
        at,
        `expected an object that can be looked up; ${entity.id} has neither \`lookup\` nor \`batch\`.`,
      );
    } else if (found && found[1].key === undefined) {
      this.#register.fault(
        'REFERENCE_UNKNOWN',
        at,
        `expected an object with a key; ${ownerName}.${found[0]} has none.`,
      );
    } else if (!found) {
      this.#register.fault(
        'REFERENCE_UNKNOWN',
        at,
        `expected an object, as "connector.object"${this.#nearest(connector, reference)}; got ${JSON.stringify(reference)}.`,
      );
    }
    return undefined;
  }

  #nearest(connector: Connector, reference: string): string {
    const known = [...this.#connectors.values()].flatMap((each) =>
      Object.keys(each.objects ?? {}).map((object) => `${each.name}.${object}`),
    );
    const own = Object.keys(connector.objects ?? {});
    return reference.includes('.') ? nearest(reference, known) : nearest(reference, [...own, ...known]);
  }

  #key(connector: Connector, object: string, definition: ObjectDefinition): Field | undefined {
    if (definition.key === undefined) return undefined;
    const key = definition.fields.find((field) => field.name === definition.key);
    if (!key) {
      const names = definition.fields.map((field) => field.name);
      this.#register.fault(
        'KEY_UNKNOWN',
        `${connector.name}.objects.${object}.key`,
        `expected the name of one of its fields${nearest(definition.key, names)}; got ${JSON.stringify(definition.key)}.`,
      );
    }
    return key;
  }

  #action(
    connector: Connector,
    object: string,
    definition: ObjectDefinition,
    kind: 'lookup' | 'batch',
  ): { [K in 'lookup' | 'batch']?: EntityAction } {
    const wanted = definition[kind];
    if (wanted === undefined) return {};
    const path = `${connector.name}.objects.${object}.${kind}`;
    const found = findByName(connector.actions, wanted);
    if (!found) {
      const known = nearest(wanted, Object.keys(connector.actions ?? {}));
      this.#register.fault(
        'LOOKUP_UNKNOWN',
        path,
        `expected the name of an action${known}; got ${JSON.stringify(wanted)}.`,
      );
      return {};
    }
    const [name, action] = found;
    if (kind === 'batch' && action.batch !== true) {
      this.#register.fault('LOOKUP_UNKNOWN', path, `expected an action with batch: true; got ${name}.`);
      return {};
    }
    const argument = keyArgument(connector, definition, kind, action);
    if (!argument) {
      const expected =
        kind === 'lookup' ? `an input field "${String(definition.key)}"` : 'exactly one input field of type array';
      this.#register.fault('LOOKUP_UNKNOWN', path, `expected ${name} to have ${expected}; it has not.`);
      return {};
    }
    return { [kind]: { name, definition: action, argument } };
  }
}

/** Whether a row of the entity can be got by its key. */
export function isLoadable(entity: Entity): boolean {
  return entity.lookup !== undefined || entity.batch !== undefined;
}

function keyArgument(
  connector: Connector,
  definition: ObjectDefinition,
  kind: 'lookup' | 'batch',
  action: Action,
): Field | undefined {
  const fields = fieldsOf(new Shapes(connector).ofSource(action.input)) ?? [];
  if (kind === 'lookup') return fields.find((field) => field.name === definition.key);
  const lists = fields.filter((field) => field.type === 'array');
  return lists.length === 1 ? lists[0] : undefined;
}
