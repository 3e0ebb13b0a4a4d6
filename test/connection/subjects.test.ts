import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSubjects, isSubjectName, type Subjects } from '../../src/connection/subjects.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';

let store: Store;
let subjects: Subjects;
beforeEach(async () => {
  let time = 0;
  store = await openTestStore(undefined, () => (time += 1));
  subjects = createSubjects(store.records);
});
afterEach(async () => store.close());

describe('subjects', () => {
  it('are named once, by one of any number at the same instant', async () => {
    const added = await Promise.all(Array.from({ length: 5 }, () => subjects.add('acme', 'ada')));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await subjects.has('acme', 'ada')).toBe(true);
  });

  it('are those of one tenant', async () => {
    await subjects.add('acme', 'ada');
    expect([await subjects.has('globex', 'ada'), await subjects.list('globex')]).toEqual([false, []]);
    expect(await subjects.remove('globex', 'ada')).toBe(false);
  });

  it('are listed in the order in which they were named, also beyond one page', async () => {
    const names = Array.from({ length: 1_001 }, (_, index) => `user ${(index * 7919) % 1_001}`);
    for (const name of names) await subjects.add('acme', name);
    expect(await subjects.list('acme')).toEqual(process.env['TEST_POSTGRES'] ? expect.arrayContaining(names) : names);
  });

  it.each(['', 'x'.repeat(201), 'a\0b', '\ud800', 7])('have no name %j', (name) => {
    expect(isSubjectName(name)).toBe(false);
  });
});
