import { describe, expect, it } from '@jest/globals';
import { RecentPools } from '../../src/http/recent-pools.ts';

function pools(maxPools: number, idleMs: number) {
  const closed: string[] = [];
  return { closed, kept: new RecentPools<string>({ maxPools, idleMs }, (pool) => closed.push(pool)) };
}

describe('RecentPools', () => {
  it('closes the pool that was not used for the longest time when there are too many', () => {
    const { kept, closed } = pools(2, 1000);
    kept.add('a', 'A', 0);
    kept.add('b', 'B', 1);
    expect(kept.get('a', 2)).toBe('A');
    kept.add('c', 'C', 3);
    expect(closed).toEqual(['B']);
    expect([kept.get('a', 4), kept.get('b', 4), kept.get('c', 4)]).toEqual(['A', undefined, 'C']);
  });

  it('closes idle pools when another one is opened', () => {
    const { kept, closed } = pools(10, 1000);
    kept.add('a', 'A', 0);
    kept.add('b', 'B', 500);
    kept.add('c', 'C', 1001);
    expect(closed).toEqual(['A']);
    expect(kept.size).toBe(2);
  });

  it('gives all pools away at the end and forgets them', () => {
    const { kept, closed } = pools(10, 1000);
    kept.add('a', 'A', 0);
    expect(kept.takeAll()).toEqual(['A']);
    expect([kept.size, kept.get('a', 1), closed]).toEqual([0, undefined, []]);
  });
});
