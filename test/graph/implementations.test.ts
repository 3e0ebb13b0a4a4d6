import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import type { Action, Connector } from '../../src/connector/definition.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import { capabilityNames } from '../../src/graph/implementations.ts';
import type { Notation } from '../../src/notation/field.ts';
import { readOwnSdl } from '../../src/own-sdl.ts';
import { faultsOf } from '../support/expect-faults.ts';
import { reads, writes } from '../support/graph-connectors.ts';

const own = buildSchema(await readOwnSdl());
const crm = (actions: Record<string, Action>, rest: Partial<Connector> = {}): Connector => ({
  name: 'crm',
  actions,
  ...rest,
});
const faults = (...actions: Action[]) =>
  faultsOf(() => buildGraph([crm(Object.fromEntries(actions.map((action, n) => [`a${n}`, action])))], own));
const account: Notation = [{ name: 'id' }, { name: 'email' }];
const listAccounts = (rest: Partial<Action> = {}) =>
  reads({ list: true, capability: 'listAccounts', output: account, ...rest });

describe('an action that implements a capability', () => {
  it('may say the same, more of it and less of it', () => {
    expect(faults(listAccounts({ output: [{ name: 'id', type: 'integer' }, { name: 'shoe_size' }] }))).toEqual([]);
  });

  it('is found by connector and capability, and the test of a connector is one', () => {
    const { implementations } = buildGraph([crm({ a: listAccounts() }, { test: () => null })], own);
    expect(implementations.get('crm')?.get('listAccounts')).toMatchObject({ kind: 'action', action: { name: 'a' } });
    expect(implementations.get('crm')?.get('validateCredentials')).toMatchObject({ kind: 'test' });
    expect(capabilityNames(crm({ a: listAccounts() }, { test: () => null }))).toEqual([
      'listAccounts',
      'validateCredentials',
    ]);
  });

  it('names one that there is', () => {
    expect(faults(reads({ capability: 'listAcounts' }))).toEqual([
      'CAPABILITY_UNKNOWN: crm.actions.a0.capability: expected the name of a capability of schema/capabilities.graphql (did you mean "listAccounts"?); got "listAcounts".',
    ]);
  });

  it('is the only one of its connector', () => {
    expect(faults(listAccounts(), listAccounts())).toEqual([
      'CAPABILITY_DUPLICATE: crm.actions.a1.capability: "listAccounts" is already implemented by crm.actions.a0.',
    ]);
  });

  it('reads or writes as the capability does, and lists what it lists', () => {
    expect(faults(writes({ capability: 'listAccounts', output: account }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.readOnly: expected true for "listAccounts", which only reads.',
      'CAPABILITY_MISMATCH: crm.actions.a0.output: expected `list` or `paginate`, as "listAccounts" has it.',
    ]);
    const file: Notation = [{ name: 'path' }, { name: 'name' }, { name: 'kind' }];
    const input: Notation = [{ name: 'path' }];
    expect(faults(reads({ capability: 'getFile', list: true, input, output: file }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.output: expected one answer, without `list`, `paginate` and `batch`, as "getFile" has it.',
    ]);
  });

  it('gives what each answer has, of the type that the capability says', () => {
    const output: Notation = [
      { name: 'email', type: 'boolean' },
      { name: 'extra_data', type: 'string' },
    ];
    expect(faults(listAccounts({ output }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.output: expected a field for "id", which each answer of "listAccounts" has; map it by `capability.output`.',
      'CAPABILITY_MISMATCH: crm.actions.a0.output: expected string, as "email" is in schema/capabilities.graphql; got boolean.',
      'CAPABILITY_MISMATCH: crm.actions.a0.output: expected object, as "extraData" is in schema/capabilities.graphql; got string.',
    ]);
  });

  it('takes what each request has, and needs nothing else', () => {
    const input: Notation = [{ name: 'org', optional: false }];
    const output: Notation = [{ name: 'id' }, { name: 'label' }, { name: 'resource_type' }];
    expect(faults(reads({ capability: 'listResources', list: true, input, output }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.input[0]: expected an optional field, or one that `capability.input` maps: "listResources" has no "org".',
      'CAPABILITY_MISMATCH: crm.actions.a0.input: expected a field for "resourceType", which each request of "listResources" has.',
    ]);
    const strict: Notation = [{ name: 'custom_attributes', type: 'array', of: 'string', optional: false }];
    expect(faults(listAccounts({ input: strict }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.input[0]: expected an optional field, as "customAttributes" of "listAccounts" is; got a required one.',
    ]);
  });

  it('has choices among those of the capability', () => {
    const pickList = [['Bot', 'BOT']] as const;
    expect(faults(listAccounts({ output: [...account, { name: 'account_type', pickList }] }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.output: expected choices among SERVICE_ACCOUNT; got "BOT". Map it by a function.',
    ]);
  });

  it('maps names that there are, and every wrong one is told', () => {
    const capability = {
      name: 'listAccounts',
      input: { attributes: 'custom', nothing: 'customAttributes' },
      output: { id: 'nummer', mail: 'email', email: { x: 'y' } },
    };
    const input: Notation = [{ name: 'attributes', type: 'array', of: 'string' }];
    expect(faults(listAccounts({ capability, input, output: [{ name: 'number' }] }))).toEqual([
      'CAPABILITY_MISMATCH: crm.actions.a0.capability.input.attributes: expected an argument of "listAccounts"; got "custom".',
      'CAPABILITY_MISMATCH: crm.actions.a0.capability.input.nothing: expected an own input field; got "nothing".',
      'CAPABILITY_MISMATCH: crm.actions.a0.capability.output.id: expected an own output field (did you mean "number"?); got "nummer".',
      'CAPABILITY_MISMATCH: crm.actions.a0.capability.output.email: expected the name of a field or a function, since "email" has no fields.',
      'CAPABILITY_MISMATCH: crm.actions.a0.capability.output.mail: expected a field of the answer of "listAccounts" (did you mean "email"?); got "mail".',
    ]);
  });

  it('is judged only when it runs, where a function says its notation', () => {
    expect(faults(listAccounts({ input: () => [], output: () => [] }))).toEqual([]);
  });
});
