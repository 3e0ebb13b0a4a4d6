import { describe, expect, it } from '@jest/globals';
import { fieldsOfSchema, propertyOf, readSchema } from '../../src/importers/json-schema.ts';

const fields = (schema: object) => fieldsOfSchema(readSchema(schema)!);

describe('JSON Schema, read into notation', () => {
  it('has each type as the notation has it', () => {
    const properties = {
      text: { type: 'string', title: 'A text', description: 'Of people.' },
      whole: { type: 'integer' },
      part: { type: 'number' },
      yes: { type: 'boolean' },
      moment: { type: 'string', format: 'date-time' },
      day: { type: 'string', format: 'date' },
      choice: { enum: ['a', 'b'] },
      any: {},
      open: { type: 'object', additionalProperties: { type: 'string' } },
      inner: { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] },
      texts: { type: 'array', items: { type: 'string' } },
      rows: { type: 'array', items: { type: 'object', properties: { x: { type: 'integer' } } } },
      lists: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
      token: { type: 'string', 'x-field_type': 'SECRET' },
    };
    expect(fields({ type: 'object', properties, required: ['text'] })).toEqual([
      { name: 'text', label: 'A text', hint: 'Of people.', optional: false, type: 'string' },
      { name: 'whole', type: 'integer' },
      { name: 'part', type: 'number' },
      { name: 'yes', type: 'boolean' },
      { name: 'moment', type: 'date_time' },
      { name: 'day', type: 'date' },
      {
        name: 'choice',
        type: 'string',
        pickList: [
          ['a', 'a'],
          ['b', 'b'],
        ],
      },
      { name: 'any', type: 'object' },
      { name: 'open', type: 'object' },
      { name: 'inner', type: 'object', properties: [{ name: 'x', optional: false, type: 'integer' }] },
      { name: 'texts', type: 'array', of: 'string' },
      { name: 'rows', type: 'array', of: 'object', properties: [{ name: 'x', type: 'integer' }] },
      { name: 'lists', type: 'object' },
      { name: 'token', controlType: 'password', type: 'string' },
    ]);
  });

  it('follows references, takes what is not null, and ends where an object holds itself', () => {
    const schema = {
      $defs: { Node: { type: 'object', properties: { next: { $ref: '#/$defs/Node' }, name: { type: 'string' } } } },
      properties: { node: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }] }, self: { $ref: '#/nowhere' } },
      required: ['node'],
    };
    expect(fields(schema)).toEqual([
      {
        name: 'node',
        type: 'object',
        properties: [
          { name: 'next', type: 'object' },
          { name: 'name', type: 'string' },
        ],
      },
      { name: 'self', type: 'object' },
    ]);
    expect(propertyOf(readSchema(schema)!, 'node')?.schema).toHaveProperty('properties.name');
  });

  it('reads the JSON text of a schema, and nothing else', () => {
    expect(readSchema('{"type":"object"}')?.schema).toEqual({ type: 'object' });
    expect([readSchema('no JSON'), readSchema('[1]'), readSchema(7), readSchema(undefined)]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });
});
