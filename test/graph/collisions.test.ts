import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { buildGraph } from '../../src/graph/graph.ts';
import { faultsOf } from '../support/expect-faults.ts';
import { crm, reads, withFields, writes } from '../support/graph-connectors.ts';

describe('two things with one name', () => {
  it('are named both when they are root fields', () => {
    const actions = { issue: reads(), get_issue: reads() };
    expect(faultsOf(() => buildGraph([{ name: 'github', actions }]))).toEqual([
      'NAME_COLLISION: github.actions.get_issue: the root field "githubIssue" is also made by github.actions.issue; set graphqlName on one of them.',
    ]);
  });

  it('are named both when they are root fields of two connectors', () => {
    const first = { name: 'a_b', actions: { c: reads() } };
    const second = { name: 'a', actions: { b_c: reads() } };
    expect(faultsOf(() => buildGraph([first, second]))).toEqual([
      'NAME_COLLISION: a.actions.b_c: the root field "aBC" is also made by a_b.actions.c; set graphqlName on one of them.',
    ]);
  });

  it('are no fault when one reads and the other writes', () => {
    expect(faultsOf(() => buildGraph([{ name: 'github', actions: { issue: writes(), get_issue: reads() } }]))).toEqual(
      [],
    );
  });

  it('are named both when they are types', () => {
    const thing = { fields: [{ name: 'part', type: 'object' as const, properties: [{ name: 'x' }] }] };
    const thingPart = { fields: [{ name: 'y' }] };
    const actions = { get_thing: reads({ output: thing }), get_part: reads({ output: thingPart }) };
    const connector = { name: 'shop', objects: { thing, thing_part: thingPart }, actions };
    expect(faultsOf(() => buildGraph([connector]))).toEqual([
      'NAME_COLLISION: shop.objects.thing.fields[0].properties: the type "ShopThingPart" is also made by shop.objects.thing_part; set graphqlName on one of them.',
    ]);
  });

  it('are named both when one is a type of the graph itself', () => {
    const info = { fields: [{ name: 'x' }] };
    const page = { name: 'page', objects: { info }, actions: { get_info: reads({ output: info }) } };
    expect(faultsOf(() => buildGraph([page]))).toEqual([
      'NAME_COLLISION: page.objects.info: the type "PageInfo" is also made by Plugboard itself; set graphqlName on one of them.',
    ]);
  });

  it('are named both when one is a type or root field of the gateway', () => {
    const own = buildSchema('type CrmCustomer { id: ID } type Query { crmCustomer: CrmCustomer }');
    expect(faultsOf(() => buildGraph([crm()], own))).toEqual([
      'NAME_COLLISION: gateway: the type "CrmCustomer" is also made by crm.objects.customer; set graphqlName on one of them.',
      'NAME_COLLISION: gateway: the root field "crmCustomer" is also made by crm.actions.get_customer; set graphqlName on one of them.',
    ]);
  });

  it('are named both when they are fields of one type', () => {
    expect(faultsOf(() => buildGraph([withFields([{ name: 'created_at' }, { name: 'createdAt' }])]))).toEqual([
      'NAME_COLLISION: shop.objects.thing.fields[1]: the field "createdAt" of ShopThing is also made by shop.objects.thing.fields[0]; set graphqlName on one of them.',
    ]);
  });

  it('are named both when one is the join that a reference adds', () => {
    const fields = [{ name: 'customer' }, { name: 'customer_id', references: 'crm.customer' }];
    expect(faultsOf(() => buildGraph([withFields(fields), crm()]))).toEqual([
      'NAME_COLLISION: shop.objects.thing.fields[1]: the field "customer" of ShopThing is also made by shop.objects.thing.fields[0]; set graphqlName on one of them.',
    ]);
  });

  it('are named both when they are fields of one input', () => {
    const actions = { do_it: writes({ input: [{ name: 'a_b' }, { name: 'aB' }] }) };
    expect(faultsOf(() => buildGraph([{ name: 'shop', actions }]))).toEqual([
      'NAME_COLLISION: shop.actions.do_it.input[1]: the field "aB" of ShopDoItInput is also made by shop.actions.do_it.input[0]; set graphqlName on one of them.',
    ]);
  });

  it('are named both when they are arguments, paging and the choice of the connection included', () => {
    const input = [{ name: 'first' }, { name: 'connection' }, { name: 'after' }];
    const actions = { list_x: reads({ paginate: { strategy: 'page' }, input }), get_y: reads({ input }) };
    const triggers = { new_x: { input } };
    const made = (path: string, argument: string, of: string): string =>
      `NAME_COLLISION: shop.${path}: the argument "${argument}" of ${of} is also made by Plugboard itself; set graphqlName on one of them.`;
    expect(faultsOf(() => buildGraph([{ name: 'shop', actions, triggers }]))).toEqual([
      made('actions.list_x.input[0]', 'first', 'shopX'),
      made('actions.list_x.input[1]', 'connection', 'shopX'),
      made('actions.list_x.input[2]', 'after', 'shopX'),
      made('actions.get_y.input[1]', 'connection', 'shopY'),
      made('triggers.new_x.input[1]', 'connection', 'shopNewX'),
      made('triggers.new_x.input[2]', 'after', 'shopNewX'),
    ]);
  });

  it('share one enum when their choices are the same, and are named both when they are not', () => {
    const state = (value: string) => [{ name: 'state', pickList: [['X', value]] as const }];
    const actions = (value: string) => ({ get_thing: reads({ input: state(value), output: thing }) });
    const thing = { fields: state('x') };
    expect(faultsOf(() => buildGraph([{ name: 'shop', objects: { thing }, actions: actions('x') }]))).toEqual([]);
    expect(faultsOf(() => buildGraph([{ name: 'shop', objects: { thing }, actions: actions('y') }]))).toEqual([
      'NAME_COLLISION: shop.objects.thing.fields[0].pickList: the type "ShopThingState" is also made by shop.actions.get_thing.input[0].pickList; set graphqlName on one of them.',
    ]);
  });

  it('make no enum when they are its values', () => {
    const pickList = [
      ['Up', 'asc'],
      ['Also up', 'ASC'],
    ] as const;
    const graph = buildGraph([withFields([{ name: 'order', pickList }])]);
    expect(String(graph.fields.find(({ field }) => field.name === 'order')?.field.type)).toBe('String');
  });

  it('are reported all at once', () => {
    const fields = [{ name: 'a_b' }, { name: 'aB' }, { name: 'x', references: 'nobody' }];
    expect(
      faultsOf(() =>
        buildGraph([withFields(fields), { name: 'shop_thing', actions: { get_x: reads() } }, withFields([])]),
      ),
    ).toHaveLength(4);
  });

  it('are refused when they are connectors, also where only capitals tell them apart', () => {
    expect(faultsOf(() => buildGraph([{ name: 'crm' }, { name: 'CRM' }, { name: 'gateway' }]))).toEqual([
      'CONNECTOR_DUPLICATE: CRM: expected a name of its own; "crm" is another connector.',
      'CONNECTOR_DUPLICATE: gateway: expected another name; this one stands for the gateway itself.',
    ]);
  });
});

describe('a name that GraphQL cannot say', () => {
  it('is refused', () => {
    const actions = { get_x: reads({ graphqlName: 'a-b' }), get_y: reads({ graphqlName: '__y' }), '✓': reads() };
    const expected = 'expected a name of letters, digits and "_" that begins with none of 0–9 and "__"';
    expect(faultsOf(() => buildGraph([{ name: 'shop', actions }]))).toEqual([
      `NAME_INVALID: shop.actions.get_x: ${expected}; got "a-b". Set graphqlName.`,
      `NAME_INVALID: shop.actions.get_y: ${expected}; got "__y". Set graphqlName.`,
      `NAME_INVALID: shop.actions.✓: ${expected}; got "". Set graphqlName.`,
    ]);
  });
});
