import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createResearch } from '../../src/research/create-research.ts';
import type { OwnersResearch, Research, ResearchPort } from '../../src/research/research.ts';
import type { Store } from '../../src/storage/store.ts';
import { openTestStore } from '../support/test-store.ts';

let store: Store;
let research: Research;
let ada: OwnersResearch;
beforeEach(async () => {
  store = await openTestStore();
  research = createResearch(store.records);
  ada = research.of({ tenant: 'acme', subject: 'ada' });
});
afterEach(() => store.close());

const port = (name: string, rest: Partial<ResearchPort> = {}): ResearchPort => ({
  port: name,
  fileStorage: false,
  metadata: false,
  customProperties: null,
  ...rest,
});

describe('a research context', () => {
  it('is counted within its tenant and within its owner', async () => {
    const bob = research.of({ tenant: 'acme', subject: 'bob' });
    const globex = research.of({ tenant: 'globex', subject: 'ada' });
    const made = [await ada.create(), await bob.create(), await ada.create({ name: 'Rain' }), await globex.create()];
    expect(made.map(({ number, index }) => [number, index])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
      [0, 0],
    ]);
    expect(made[2]).toMatchObject({ subject: 'ada', name: 'Rain', state: 'CREATED', imports: [], exports: [] });
    expect((await ada.list()).map(({ number }) => number)).toEqual([0, 2]);
  });

  it('has a number of its own, however many are made at the same instant', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => ada.create()));
    expect(new Set(made.map(({ number }) => number))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect((await ada.list()).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('goes through its states, and never back', async () => {
    const { id } = await ada.create();
    expect((await ada.advance(id)).state).toBe('WORK');
    expect((await ada.reach(id, 'DONE')).state).toBe('DONE');
    expect((await ada.reach(id, 'WORK')).state).toBe('DONE');
    expect((await ada.advance(id)).state).toBe('DELETED');
    expect((await ada.advance(id)).state).toBe('DELETED');
    expect((await ada.reach(id, 'DONE')).state).toBe('DELETED');
  });

  it('has one port of each name, in the order in which they came', async () => {
    const { id } = await ada.create({ imports: [port('port-a'), port('port-b')] });
    const properties = [{ key: 'projectId', value: 7 }];
    const { imports } = await ada.setPort(id, 'imports', port('port-a', { customProperties: properties }));
    expect(imports).toEqual([port('port-a', { customProperties: properties }), port('port-b')]);
    await ada.setPort(id, 'exports', port('port-a', { metadata: true }));
    const left = await ada.removePorts(id, 'imports', (_port, index) => index === 0);
    expect([left.imports, left.exports]).toEqual([[port('port-b')], [port('port-a', { metadata: true })]]);
  });

  it('keeps every port, however many come at the same instant', async () => {
    const { id } = await ada.create();
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => ada.setPort(id, 'exports', port(name))));
    expect((await ada.find(id))?.exports.map((each) => each.port).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is not there for anybody else, whoever names its id', async () => {
    const { id, number } = await ada.create();
    const others = [
      { tenant: 'acme', subject: 'bob' },
      { tenant: 'acme', subject: null },
      { tenant: 'globex', subject: 'ada' },
    ].map(research.of);
    for (const other of others) {
      expect(await other.find(id)).toBeUndefined();
      await expect(other.advance(id)).rejects.toThrow('There is no research context of that id of yours.');
    }
    expect((await research.findInTenant('acme', number))?.subject).toBe('ada');
    expect(await research.findInTenant('globex', number)).toBeUndefined();
    expect((await ada.find(id))?.state).toBe('CREATED');
  });
});

describe('what a research context does not hold', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

  it.each([
    [{ name: 'x'.repeat(201) }, 'name: expected a text of at most 200 characters; got 201.'],
    [{ imports: [port('')] }, 'imports[0].port: expected the name of a port; got an empty text.'],
    [
      { exports: Array.from({ length: 101 }, (_, index) => port(`port-${index}`)) },
      'exports: expected at most 100 ports; got 101.',
    ],
    [
      { imports: [port('a', { customProperties: [{ key: 'k', value: 'x'.repeat(4_000) }] })] },
      'imports[0].customProperties[0].value: expected at most 4000 characters of JSON; got 4002.',
    ],
    [
      { imports: [port('a', { customProperties: [{ key: 'k', value: deep(21) as never }] })] },
      'imports[0].customProperties[0].value: expected at most 20 levels of lists and objects.',
    ],
  ])('is refused, and nothing is kept (%#)', async (given, message) => {
    await expect(ada.create(given)).rejects.toThrow(new Error(message));
    expect(await ada.list()).toEqual([]);
  });

  it('is a hundred and first port that is added later', async () => {
    const { id } = await ada.create({ imports: Array.from({ length: 100 }, (_, index) => port(`port-${index}`)) });
    await expect(ada.setPort(id, 'imports', port('one-more'))).rejects.toThrow(
      'imports: expected at most 100 ports; got 101.',
    );
    expect((await ada.find(id))?.imports).toHaveLength(100);
  });
});
