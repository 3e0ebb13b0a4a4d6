import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { readCapabilities } from '../../src/graph/capabilities.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import { readOwnSdl } from '../../src/own-sdl.ts';

const own = buildSchema(await readOwnSdl());
const capabilities = readCapabilities(own);
const named = (name: string) => capabilities.find((capability) => capability.name === name);

describe('schema/capabilities.graphql, read into notation', () => {
  it('has every capability once, in three sets', async () => {
    const text = await readFile(new URL('../../schema/capabilities.graphql', import.meta.url), 'utf8');
    const said = [...text.matchAll(/@capability\(name: "(\w+)", of: "(\w+)"/g)].map(
      ([, name, set]) => `${set}.${name}`,
    );
    expect(capabilities.map(({ name, set }) => `${set}.${name}`).sort()).toEqual(said.sort());
    expect(new Set(capabilities.map(({ set }) => set))).toEqual(
      new Set(['AccountDirectory', 'FileStorage', 'MetadataStorage']),
    );
    expect(new Set(capabilities.map(({ name }) => name)).size).toBe(capabilities.length);
  });

  it('takes the arguments without the connection and those of paging', () => {
    expect(named('listEntitlements')).toMatchObject({
      field: 'entitlements',
      readOnly: true,
      shape: 'connection',
      argumentStyle: 'flat',
      input: [
        { name: 'resourceType', type: 'string', optional: false },
        { name: 'resource', type: 'string', optional: false, identifier: true },
      ],
      outputType: 'Entitlement',
    });
  });

  it('takes the fields of the argument `input` of what writes', () => {
    expect(named('moveFile')).toMatchObject({
      type: 'Mutation',
      readOnly: false,
      shape: 'one',
      argumentStyle: 'input',
      input: [
        { name: 'from', type: 'string', optional: false },
        { name: 'to', type: 'string', optional: false },
        { name: 'overwrite', type: 'boolean', optional: false, default: false },
      ],
    });
  });

  it('takes the fields of a row for what belongs to a type, and counts that field among no row', () => {
    expect(named('readProjectFile')).toMatchObject({
      type: 'ProjectFile',
      field: 'download',
      shape: 'transfer',
      argumentStyle: 'row',
      input: [{ name: 'id' }, { name: 'project' }],
      output: [],
    });
    expect(named('listProjectFiles')?.output.map(({ name }) => name)).not.toContain('download');
  });

  it('reads each type as the notation has it', () => {
    const typeOf = (name: string, field: string) => {
      const { type, of, format, pickList, properties } = named(name)!.output.find((each) => each.name === field)!;
      return { type, of, format, pickList, properties: properties?.map((each) => each.name) };
    };
    expect(typeOf('listFiles', 'size')).toMatchObject({ type: 'integer', format: 'int64' });
    expect(typeOf('listFiles', 'modifiedAt')).toMatchObject({ type: 'date_time' });
    expect(typeOf('listFiles', 'kind').pickList).toEqual([
      ['FILE', 'FILE'],
      ['FOLDER', 'FOLDER'],
    ]);
    expect(typeOf('listAccounts', 'extraData')).toMatchObject({ type: 'object', properties: undefined });
    expect(typeOf('findEntitlementAssociations', 'account').properties).toContain('givenName');
    expect(named('createAccount')?.input[1]).toMatchObject({ type: 'array', of: 'object', optional: false });
  });

  it('is none in a schema that does not say it', () => {
    expect(readCapabilities(buildSchema('type Query { x: Int }'))).toEqual([]);
  });
});

describe('the graph', () => {
  it('has the fields, and none of the directive by which they are said', () => {
    const { schema, subgraphs } = buildGraph([], own);
    expect(schema.getQueryType()?.getFields().accounts).toBeDefined();
    expect(schema.getDirective('capability')).toBeUndefined();
    expect(subgraphs.at(-1)?.sdl()).not.toContain('@capability');
    expect(subgraphs.at(-1)?.sdl()).toContain('type PageInfo @shareable');
  });
});
