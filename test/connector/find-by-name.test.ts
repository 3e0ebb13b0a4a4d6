import { describe, expect, it } from '@jest/globals';
import { findByName } from '../../src/connector/find-by-name.ts';

describe('findByName', () => {
  const all = { get_order: 1, getOrders: 2 };

  it('finds a thing in either spelling, and gives its own name', () => {
    expect(findByName(all, 'get_order')).toEqual(['get_order', 1]);
    expect(findByName(all, 'getOrder')).toEqual(['get_order', 1]);
    expect(findByName(all, 'get_orders')).toEqual(['getOrders', 2]);
  });

  it('prefers the exact spelling', () => {
    expect(findByName({ getOrder: 1, get_order: 2 }, 'get_order')).toEqual(['get_order', 2]);
  });

  it('finds nothing that all objects have, and nothing in nothing', () => {
    expect(findByName(all, 'toString')).toBeUndefined();
    expect(findByName(all, '__proto__')).toBeUndefined();
    expect(findByName(undefined, 'get_order')).toBeUndefined();
  });
});
