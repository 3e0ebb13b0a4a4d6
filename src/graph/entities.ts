/** The entities of all connectors, and what a reference to one means. */
import type { GraphQLObjectType } from 'graphql';
import type { Connector } from '../connector/definition.ts';
import { findByName } from '../connector/find-by-name.ts';
import type { Field, ObjectDefinition } from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';
import { didYouMean } from '../notation/nearest.ts';
import type { Entity, EntityAction } from './binding.ts';
import type { NameRegister } from './name-register.ts';
import { fieldsOf, Shapes } from './shape.ts';

/** Every object with a key. */
export class Entities {
  /** By `connector.object`. */
  readonly all: ReadonlyMap<string, Entity>;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #register: NameRegister;
  readonly #isPartial: boolean;

  /**
   * @param objectType - gives the type of an object, whose fields may be made later.
   * @param isPartial - whether connectors are left out, so that a reference to one that is not here may be right.
   */
  constructor(
    connectors: readonly Connector[],
    register: NameRegister,
    objectType: (connector: Connector, name: string, definition: ObjectDefinition) => GraphQLObjectType | undefined,
    isPartial = false,
  ) {
    this.#isPartial = isPartial;
    this.#connectors = new Map(connectors.map((connector) => [connector.name, connector]));
    this.#register = register;
    const all = connectors.flatMap((connector) =>
      Object.entries(connector.objects ?? {}).flatMap(([name, definition]) => {
        const key = definition.fields.find((field) => field.name === definition.key);
        const type = key && objectType(connector, name, definition);
        return type ? [makeEntity(connector, name, definition, key, type)] : [];
      }),
    );
    this.all = new Map(all.map((entity) => [entity.id, entity]));
  }

  /** The entity of an object of a connector, if it is one. */
  of(connector: Connector, object: string): Entity | undefined {
    return this.all.get(`${connector.name}.${object}`);
  }

  /** The entity that a field is joined by; reports a reference to nothing, and to what cannot be looked up. */
  referenced(connector: Connector, field: Field, path: string): Entity | undefined {
    const entity = this.target(connector, field, path);
    if (!entity || isLoadable(entity)) return entity;
    const message = `expected an object that can be looked up by its key; ${entity.id} names no such action in \`lookup\` or \`batch\`.`;
    this.#register.fault('LOOKUP_UNKNOWN', `${path}.references`, message);
    return undefined;
  }

  /** The entity whose key a field holds; reports a reference to nothing. */
  target(connector: Connector, field: Field, path: string): Entity | undefined {
    const reference = field.references ?? '';
    const dot = reference.indexOf('.');
    const owner = dot < 0 ? connector : this.#connectors.get(reference.slice(0, dot));
    const found = owner && findByName(owner.objects, reference.slice(dot + 1));
    if (!owner && this.#isPartial) return undefined;
    if (!owner || !found) {
      const guess = didYouMean(reference, this.#known(connector));
      const message = `expected an object, as "connector.object"; got ${JSON.stringify(reference)}${guess}.`;
      this.#register.fault('REFERENCE_UNKNOWN', `${path}.references`, message);
      return undefined;
    }
    const entity = this.of(owner, found[0]);
    if (!entity) {
      const message = `expected an object with a key; ${owner.name}.${found[0]} has none.`;
      this.#register.fault('REFERENCE_UNKNOWN', `${path}.references`, message);
    }
    return entity;
  }

  #known(connector: Connector): string[] {
    const names = [...this.#connectors.values()].flatMap((each) =>
      Object.keys(each.objects ?? {}).map((object) => `${each.name}.${object}`),
    );
    return [...Object.keys(connector.objects ?? {}), ...names];
  }
}

/** Whether a row of the entity can be got by its key. */
export function isLoadable(entity: Entity): boolean {
  return entity.lookup !== undefined || entity.batch !== undefined;
}

function makeEntity(
  connector: Connector,
  object: string,
  definition: ObjectDefinition,
  key: Field,
  type: GraphQLObjectType,
): Entity {
  const lookup = actionFor(connector, definition, 'lookup', key);
  const batch = actionFor(connector, definition, 'batch', key);
  return {
    id: `${connector.name}.${object}`,
    connector,
    object,
    definition,
    type,
    key,
    keyName: fieldName(key),
    ...(lookup ? { lookup } : {}),
    ...(batch ? { batch } : {}),
  };
}

/** That the action exists, reads and takes the key is checked with the connector. */
function actionFor(
  connector: Connector,
  object: ObjectDefinition,
  kind: 'lookup' | 'batch',
  key: Field,
): EntityAction | undefined {
  const name = object[kind];
  const found = name === undefined ? undefined : findByName(connector.actions, name);
  if (!found) return undefined;
  const [action, definition] = found;
  const fields = fieldsOf(new Shapes(connector).ofSource(definition.input)) ?? [];
  const argument = fields.find((field) => (kind === 'lookup' ? field.name === key.name : field.type === 'array'));
  return argument && { name: action, definition, argument };
}
