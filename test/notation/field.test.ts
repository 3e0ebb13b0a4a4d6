import { describe, expect, it } from '@jest/globals';
import { choicesOf, controlTypeOf, elementTypeOf, resolveObject, resolveProperties } from '../../src/notation/field.ts';

const user = { key: 'id', fields: [{ name: 'id' }] } as const;
const objects = new Map([['user', user]]);

describe('resolveProperties', () => {
  it('finds an inline list, an object, an object by name and the object of `of`', () => {
    const inline = [{ name: 'a' }];
    expect(resolveProperties({ name: 'x', type: 'object', properties: inline }, objects)).toBe(inline);
    expect(resolveProperties({ name: 'x', type: 'object', properties: user }, objects)).toBe(user.fields);
    expect(resolveProperties({ name: 'x', type: 'array', properties: 'user' }, objects)).toBe(user.fields);
    expect(resolveProperties({ name: 'x', type: 'array', of: user }, objects)).toBe(user.fields);
  });

  it('finds nothing where there is nothing, or nothing of that name', () => {
    expect(resolveProperties({ name: 'x', type: 'object' }, objects)).toBeUndefined();
    expect(resolveProperties({ name: 'x', type: 'object', properties: 'nobody' }, objects)).toBeUndefined();
    expect(resolveProperties({ name: 'x', type: 'object', properties: 'user' })).toBeUndefined();
  });
});

it('tells the object itself, which an inline list has not', () => {
  expect(resolveObject({ name: 'x', type: 'array', properties: 'user' }, objects)).toBe(user);
  expect(resolveObject({ name: 'x', type: 'object', properties: [] }, objects)).toBeUndefined();
});

it('knows the control type by what is said, by choices and by type', () => {
  expect(controlTypeOf({ name: 'x', controlType: 'small-text-area' })).toBe('text-area');
  expect(controlTypeOf({ name: 'x', pickList: 'projects' })).toBe('select');
  expect(controlTypeOf({ name: 'x', options: [['A', 1]] })).toBe('select');
  expect(controlTypeOf({ name: 'x' })).toBe('text');
  expect(controlTypeOf({ name: 'x', type: 'timestamp' })).toBe('date_time');
  expect(controlTypeOf({ name: 'x', type: 'array' })).toBeUndefined();
});

it('takes object for the element type, and choices under either name', () => {
  expect(elementTypeOf({ name: 'x', type: 'array' })).toBe('object');
  expect(elementTypeOf({ name: 'x', type: 'array', of: 'date' })).toBe('date');
  expect(choicesOf({ name: 'x', options: [['A', 1]] })).toEqual([['A', 1]]);
  expect(choicesOf({ name: 'x', pickList: 'projects' })).toBeUndefined();
});
