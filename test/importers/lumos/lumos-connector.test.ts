import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { readCapabilities } from '../../../src/graph/capabilities.ts';
import { buildGraph } from '../../../src/graph/graph.ts';
import { lumosConnector } from '../../../src/importers/lumos/lumos-connector.ts';
import { readOwnSdl } from '../../../src/own-sdl.ts';
import { faultsOf } from '../../support/expect-faults.ts';

const own = buildSchema(await readOwnSdl());
const capabilities = readCapabilities(own);
const server = { name: 'hr', url: 'https://hr.example.test/v1' };
const text = (schema: object) => JSON.stringify(schema);
const account = {
  type: 'object',
  properties: { integration_specific_id: { type: 'string' } },
  required: ['integration_specific_id'],
};
const info = (capability_schema: object) => ({
  app_id: 'hr',
  user_friendly_name: 'HR',
  authentication_schema: {
    properties: { model: { const: 'basic' }, username: { type: 'string' }, password: { type: 'string' } },
  },
  capability_schema,
});

describe('what a server of Lumos says of itself', () => {
  it('becomes a connector whose credentials travel in the body', () => {
    const listed = {
      argument: text({ properties: { request: { type: 'object' } } }),
      output: text({ properties: { response: { properties: { accounts: { type: 'array', items: account } } } } }),
    };
    const connector = lumosConnector(
      server,
      { response: info({ 'list-accounts': listed, 'list-moons': {} }) },
      capabilities,
    );
    expect(connector).toMatchObject({
      name: 'hr',
      title: 'HR',
      connection: { baseUri: 'https://hr.example.test/v1/' },
    });
    expect(connector.connection?.fields).toEqual([
      { name: 'username', type: 'string' },
      { name: 'password', type: 'string', controlType: 'password' },
    ]);
    expect(Object.keys(connector.actions ?? {})).toEqual(['list_accounts']);
    expect(buildGraph([connector], own).implementations.get('hr')?.has('listAccounts')).toBe(true);
  });

  it('is judged at start: an answer of another type is a fault', () => {
    const strange = { type: 'object', properties: { integration_specific_id: { type: 'boolean' } } };
    const listed = {
      argument: '{}',
      output: text({ properties: { response: { properties: { accounts: { type: 'array', items: strange } } } } }),
    };
    expect(
      faultsOf(() => buildGraph([lumosConnector(server, info({ list_accounts: listed }), capabilities)], own)),
    ).toEqual([
      'CAPABILITY_MISMATCH: hr.actions.list_accounts.capability.output.id: expected string or integer, as "id" is in schema/capabilities.graphql; got boolean.',
    ]);
  });

  it('is refused with all that is wrong', () => {
    expect(faultsOf(() => lumosConnector(server, { nothing: true }, capabilities))).toEqual([
      'IMPORT_INVALID: hr.info: expected an object with `capability_schema`, as `info` of Lumos gives it.',
    ]);
    const broken = info({ 'list-accounts': { argument: 'no JSON' }, list_resources: { argument: '{}', output: '{}' } });
    expect(faultsOf(() => lumosConnector(server, broken, capabilities))).toEqual([
      'IMPORT_INVALID: hr.info.capability_schema["list-accounts"]: expected the JSON schema of its request as `argument`.',
      'IMPORT_INVALID: hr.info.capability_schema["list-accounts"]: expected the JSON schema of its answer as `output`, with a list `accounts` in it.',
      'IMPORT_INVALID: hr.info.capability_schema["list_resources"]: expected the JSON schema of its answer as `output`, with a list `resources` in it.',
    ]);
  });
});
