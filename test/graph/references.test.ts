import { describe, expect, it } from '@jest/globals';
import type { GraphQLObjectType } from 'graphql';
import type { Connector } from '../../src/connector/definition.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import type { Field } from '../../src/notation/field.ts';
import { faultsOf } from '../support/expect-faults.ts';
import { crm, reads, withFields, writes } from '../support/graph-connectors.ts';

describe('a reference', () => {
  it('is the key as it stands, and the row that it names beside it', () => {
    expect(thingOf({ name: 'customer_id', type: 'integer', references: 'crm.customer' })).toEqual([
      'customerId: ID property',
      'customer: CrmCustomer join of crm.customer by key',
    ]);
  });

  it('is the row alone where its name does not end like a key', () => {
    expect(thingOf({ name: 'owner', references: 'crm.customer' })).toEqual([
      'owner: CrmCustomer join of crm.customer by key',
    ]);
  });

  it('is a list where the field holds several keys', () => {
    expect(thingOf({ name: 'customer_ids', type: 'array', of: 'integer', references: 'crm.customer' })).toEqual([
      'customerIds: [ID] property',
      'customers: [CrmCustomer] join of crm.customer by list of keys',
    ]);
  });

  it('takes its name from referenceName, and the key its own from graphqlName', () => {
    expect(
      thingOf({ name: 'owner', references: 'crm.customer', referenceName: 'ownedBy', graphqlName: 'ownerKey' }),
    ).toEqual(['ownerKey: ID property', 'ownedBy: CrmCustomer join of crm.customer by key']);
  });

  it('finds an object of the same connector by its name alone', () => {
    const customer = {
      key: 'id',
      lookup: 'get_customer',
      fields: [{ name: 'id' }, { name: 'parent_id', references: 'customer' }],
    };
    const actions = { get_customer: reads({ input: [{ name: 'id' }], output: customer }) };
    expect(fieldsOf([{ name: 'crm', objects: { customer }, actions }], 'CrmCustomer')).toEqual([
      'id: ID! property',
      'parentId: ID property',
      'parent: CrmCustomer join of crm.customer by key',
    ]);
  });

  it('is an ID alone in the input', () => {
    const input: Field[] = [{ name: 'customer_id', type: 'integer', references: 'crm.customer' }];
    const graph = buildGraph([crm(), withFields([{ name: 'x' }], { actions: { do_it: writes({ input }) } })]);
    const type = graph.schema.getType('ShopDoItInput') as unknown as GraphQLObjectType;
    expect(Object.keys(type.getFields())).toEqual(['customerId']);
    expect(String(type.getFields().customerId?.type)).toBe('ID');
  });

  it('to nothing is refused, with the nearest name', () => {
    const refused = (references: string): string[] =>
      faultsOf(() => buildGraph([crm(), withFields([{ name: 'a_id', references }])]));
    const path = 'REFERENCE_UNKNOWN: shop.objects.thing.fields[0].references';
    expect(refused('crm.custmer')).toEqual([
      `${path}: expected an object, as "connector.object"; got "crm.custmer" (did you mean "crm.customer"?).`,
    ]);
    expect(refused('nowhere.at_all')).toEqual([
      `${path}: expected an object, as "connector.object"; got "nowhere.at_all".`,
    ]);
    expect(refused('customer')).toEqual([`${path}: expected an object, as "connector.object"; got "customer".`]);
    expect(refused('thing')).toEqual([`${path}: expected an object with a key; shop.thing has none.`]);
  });

  it('to what cannot be looked up is refused', () => {
    const note = { key: 'id', fields: [{ name: 'id' }, { name: 'parent_id', references: 'note' }] };
    expect(faultsOf(() => buildGraph([{ name: 'notes', objects: { note } }]))).toEqual([
      'LOOKUP_UNKNOWN: notes.objects.note.fields[1].references: expected an object that can be looked up by its key; notes.note names no such action in `lookup` or `batch`.',
    ]);
  });

  it('to nothing is refused in what is taken, flat or as an object, and however deep', () => {
    const a_id = { name: 'a_id', references: 'nope' };
    const nested = [{ name: 'box', type: 'object' as const, properties: [a_id] }];
    const actions = { get_it: reads({ input: [a_id] }), do_it: writes({ input: nested }) };
    const told = 'expected an object, as "connector.object"; got "nope".';
    expect(faultsOf(() => buildGraph([{ name: 'shop', actions }]))).toEqual([
      `REFERENCE_UNKNOWN: shop.actions.get_it.input[0].references: ${told}`,
      `REFERENCE_UNKNOWN: shop.actions.do_it.input[0].properties[0].references: ${told}`,
    ]);
    const triggers = { new_it: { input: [a_id], poll: () => ({ events: [] }) } };
    expect(faultsOf(() => buildGraph([{ name: 'shop', triggers }]))).toEqual([
      `REFERENCE_UNKNOWN: shop.triggers.new_it.input[0].references: ${told}`,
    ]);
  });

  it('to nothing is refused in an object that no action uses, and told once', () => {
    const thing = { fields: [{ name: 'a_id', references: 'nope' }] };
    const fault =
      'REFERENCE_UNKNOWN: shop.objects.thing.fields[0].references: expected an object, as "connector.object"; got "nope".';
    expect(faultsOf(() => buildGraph([{ name: 'shop', objects: { thing } }]))).toEqual([fault]);
    const actions = { get_it: reads({ input: thing, output: thing }) };
    expect(faultsOf(() => buildGraph([{ name: 'shop', objects: { thing }, actions }]))).toEqual([fault]);
  });

  it('in what is taken may name an object that cannot be looked up', () => {
    const note = { key: 'id', fields: [{ name: 'id' }] };
    const actions = { do_it: writes({ input: [{ name: 'note_id', references: 'note' }] }) };
    expect(faultsOf(() => buildGraph([{ name: 'notes', objects: { note }, actions }]))).toEqual([]);
  });

  it('to a connector that is left out is no fault of a partial graph; to nothing else it is one', () => {
    const connector = withFields([
      { name: 'a_id', references: 'gone.thing' },
      { name: 'b_id', references: 'nope' },
    ]);
    expect(faultsOf(() => buildGraph([connector], undefined, { isPartial: true }))).toEqual([
      'REFERENCE_UNKNOWN: shop.objects.thing.fields[1].references: expected an object, as "connector.object"; got "nope".',
    ]);
  });

  it('on an object in place is refused', () => {
    expect(faultsOf(() => thingOf({ name: 'owner', type: 'object', references: 'crm.customer' }))).toEqual([
      'NOTATION_KEY_INVALID: shop.objects.thing.fields[0].references: expected on a field that holds a key; an object in place is joined by `properties` alone.',
    ]);
  });
});

describe('an object in place', () => {
  it('is a join of which a part is there, where it can be looked up; so is a list of them', () => {
    const base = crm();
    const deal = {
      fields: [
        { name: 'owner', type: 'object' as const, properties: 'customer' },
        { name: 'watchers', type: 'array' as const, of: base.objects?.customer },
      ],
    };
    const actions = { ...base.actions, get_deal: reads({ output: deal }) };
    expect(fieldsOf([{ ...base, objects: { ...base.objects, deal }, actions }], 'CrmDeal')).toEqual([
      'owner: CrmCustomer join of crm.customer embedded',
      'watchers: [CrmCustomer] join of crm.customer by list of embedded',
    ]);
  });

  it('is a plain field where it cannot be looked up', () => {
    const note = { key: 'id', fields: [{ name: 'id' }] };
    const page = { fields: [{ name: 'note', type: 'object' as const, properties: note }] };
    const connector = { name: 'notes', objects: { note, page }, actions: { get_page: reads({ output: page }) } };
    expect(fieldsOf([connector], 'NotesPage')).toEqual(['note: NotesNote property']);
  });
});

function thingOf(field: Field): string[] {
  return fieldsOf([withFields([field]), crm()], 'ShopThing');
}

function fieldsOf(connectors: readonly Connector[], typeName: string): string[] {
  const found = buildGraph(connectors).fields.filter(({ type }) => type.name === typeName);
  return found.map(({ field, binding }) => {
    const meaning =
      binding.kind === 'join'
        ? ` of ${binding.entity.id}${binding.list ? ' by list of' : ''} ${binding.embedded ? 'embedded' : binding.list ? 'keys' : 'by key'}`
        : '';
    return `${field.name}: ${String(field.type)} ${binding.kind}${meaning}`;
  });
}
