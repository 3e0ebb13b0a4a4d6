import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  camelCase,
  fieldName,
  graphqlNamePattern,
  pascalCase,
  screamingSnakeCase,
} from '../../src/notation/field-name.ts';

describe('camelCase', () => {
  it.each([
    ['created_at', 'createdAt'],
    ['createdAt', 'createdAt'],
    ['CreatedAt', 'createdAt'],
    ['userID', 'userID'],
    ['ISSUE_ID', 'issueId'],
    ['ID', 'id'],
    ['HTMLUrl', 'htmlUrl'],
    ['Issue-ID with spaces', 'issueIdWithSpaces'],
    ['_id', 'id'],
    ['__typename', 'typename'],
    ['1st', '_1st'],
    ['3d_model', '_3dModel'],
    ['+1', 'plus1'],
    ['-1', 'minus1'],
    ['@type', 'atType'],
    ['Größe', 'grosse'],
    ['node.id', 'nodeId'],
    ['***', ''],
  ])('says %j as %j', (name, inGraph) => {
    expect(camelCase(name)).toBe(inGraph);
  });

  it('yields a GraphQL name or nothing, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        for (const made of [camelCase(name), pascalCase(name), screamingSnakeCase(name)]) {
          if (made !== '') expect(made).toMatch(graphqlNamePattern);
        }
      }),
    );
  });

  it('changes nothing in what it made', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z][A-Za-z_]*$/), (name) =>
        expect(camelCase(camelCase(name))).toBe(camelCase(name)),
      ),
    );
  });
});

it('makes type names and enum values', () => {
  expect(['my_app', '+1', '1st', 'api'].map(pascalCase)).toEqual(['MyApp', 'Plus1', '_1st', 'Api']);
  expect(['in progress', 'notPlanned', 'off-topic', '+1', '3d'].map(screamingSnakeCase)).toEqual([
    'IN_PROGRESS',
    'NOT_PLANNED',
    'OFF_TOPIC',
    'PLUS1',
    '_3D',
  ]);
});

it('lets graphqlName stand before the name', () => {
  expect(fieldName({ name: 'node_id', graphqlName: 'globalId' })).toBe('globalId');
  expect(fieldName({ name: 'node_id' })).toBe('nodeId');
});
