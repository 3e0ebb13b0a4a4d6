/** Connectors for the tests of the graph: small by hand, and generated. */
import * as fc from 'fast-check';
import type { Action, Connector, Trigger } from '../../src/connector/definition.ts';
import type { Field, Notation, ObjectDefinition } from '../../src/notation/field.ts';

const execute = (): null => null;

/** An action that reads. */
export function reads(rest: Partial<Action> = {}): Action {
  return { readOnly: true, execute, ...rest };
}

/** An action that writes. */
export function writes(rest: Partial<Action> = {}): Action {
  return { execute, ...rest };
}

/** A CRM with customers, which can be looked up alone and together. */
export function crm(rest: Partial<Connector> = {}): Connector {
  const customer: ObjectDefinition = {
    key: 'id',
    lookup: 'get_customer',
    batch: 'get_customers_by_id',
    fields: [{ name: 'id', type: 'integer' }, { name: 'full_name' }],
  };
  return {
    name: 'crm',
    title: 'CRM',
    objects: { customer },
    actions: {
      get_customer: reads({ input: [{ name: 'id', type: 'integer', optional: false }], output: customer }),
      get_customers_by_id: reads({
        batch: true,
        input: [{ name: 'ids', type: 'array', of: 'integer', optional: false }],
        output: customer,
      }),
    },
    ...rest,
  };
}

/** A connector with one object and one action that reads it. */
export function withFields(fields: Notation, rest: Partial<Connector> = {}): Connector {
  const thing: ObjectDefinition = { fields };
  return { name: 'shop', objects: { thing }, actions: { get_thing: reads({ output: thing }) }, ...rest };
}

/** Sets of connectors whose entities reference each other, embed each other, page, write and tell of events. */
export function connectorSets(): fc.Arbitrary<Connector[]> {
  return fc
    .array(fc.record({ fields: fc.array(anyField(2), { maxLength: 5 }), seed: fc.nat(63), paging: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((sets) => sets.map((set, index) => connectorOf(index, set.fields, set.seed, set.paging, sets.length)));
}

function connectorOf(index: number, extra: readonly Field[], seed: number, paging: boolean, count: number): Connector {
  const fields: Field[] = [
    { name: 'id', type: 'integer' },
    { name: 'name', hint: 'A "name"\nover """two""" lines \\' },
  ];
  const thing: ObjectDefinition = { key: 'id', lookup: 'getThing', title: 'A thing', fields };
  if (seed & 1) fields.push({ name: 'other_id', references: `connector_${(index + 1) % count}.thing` });
  if (seed & 2) fields.push({ name: 'parent', type: 'object', properties: 'thing' });
  if (seed & 4) fields.push({ name: 'relatedIds', type: 'array', of: 'string', references: 'thing' });
  fields.push(...named('extra', extra));
  const actions: Record<string, Action> = {
    getThing: reads({ input: [{ name: 'id', optional: false }], output: thing }),
    list_things: reads({ ...(paging ? { paginate: { strategy: 'link' } } : { list: true }), output: thing }),
  };
  if (seed & 8)
    actions.create_thing = writes({ input: named('given', extra), output: thing, deprecated: 'use another' });
  if (seed & 16) actions.search = reads({ input: named('wanted', extra), output: named('found', extra) });
  const triggers: Record<string, Trigger> =
    seed & 32 ? { new_thing: { input: [{ name: 'since', type: 'date' as const }], output: thing } } : {};
  return { name: `connector_${index}`, objects: { thing }, actions, triggers, pickLists: { folders: () => [] } };
}

function named(prefix: string, fields: readonly Field[]): Field[] {
  return fields.map((field, index) => ({ ...field, name: `${prefix}_${index}` }));
}

function anyField(depth: number): fc.Arbitrary<Field> {
  const scalar = fc.record(
    {
      name: fc.constant('x'),
      type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'date_time', 'date', 'timestamp'),
      optional: fc.boolean(),
      hint: fc.string({ maxLength: 12 }),
      label: fc.string({ maxLength: 12 }),
      deprecated: fc.constantFrom(true, 'because "so"'),
    },
    { requiredKeys: ['name'] },
  ) as fc.Arbitrary<Field>;
  const exact = fc.constantFrom<Field>(
    { name: 'x', type: 'integer', format: 'int64' },
    { name: 'x', type: 'number', format: 'decimal' },
    { name: 'x', type: 'object' },
    { name: 'x', type: 'integer', default: 3 },
    {
      name: 'x',
      pickList: [
        ['Open now', 'open'],
        ['Closed', 'closed'],
      ],
      default: 'open',
    },
    {
      name: 'x',
      pickList: [
        ['Less', '<'],
        ['More', '>'],
      ],
    },
    { name: 'x', pickList: 'folders', pickListParams: { id: 'x' } },
  );
  if (depth === 0) return fc.oneof(scalar, exact);
  const nested = fc.array(anyField(depth - 1), { minLength: 1, maxLength: 3 }).map((fields) => named('inner', fields));
  return fc.oneof(
    scalar,
    exact,
    nested.map((properties): Field => ({ name: 'x', type: 'object', properties })),
    nested.map((properties): Field => ({ name: 'x', type: 'array', of: 'object', properties })),
    fc.constantFrom<Field>({ name: 'x', type: 'array', of: 'integer' }, { name: 'x', type: 'array' }),
  );
}
