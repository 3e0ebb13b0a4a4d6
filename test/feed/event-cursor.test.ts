import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createEventCursors } from '../../src/feed/event-cursor.ts';
import { InputError } from '../../src/errors.ts';
import type { OpenFeed } from '../../src/feed/feeds.ts';
import { ringOf } from '../support/key-ring.ts';

const cursors = createEventCursors(ringOf(1));

function feed(id: string, lastPlace: number, oldestPlace = 1): Pick<OpenFeed, 'id' | 'read'> {
  return { id, read: async () => ({ events: [], lastPlace, oldestPlace }) };
}

async function failure(work: Promise<unknown>): Promise<InputError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  return error as InputError;
}

describe('an event cursor', () => {
  it('names the place that it was made for, in every process with the key', async () => {
    const place = fc.integer({ min: 0, max: 2 ** 47 });
    await fc.assert(
      fc.asyncProperty(place, fc.string(), async (at, id) => {
        const cursor = createEventCursors(ringOf(1)).at(id, at);
        expect(cursor).toMatch(/^[\w-]{32}$/);
        expect(await cursors.resume(feed(id, at), cursor)).toBe(at);
      }),
    );
  });

  it('is read after the key was changed, while the old one is kept', async () => {
    const old = cursors.at('f', 7);
    const renewed = createEventCursors(ringOf(2, 1));
    expect(await renewed.resume(feed('f', 9), old)).toBe(7);
    expect(renewed.at('f', 7)).not.toBe(old);
    const { code } = await failure(createEventCursors(ringOf(2)).resume(feed('f', 9), old));
    expect(code).toBe('CURSOR_INVALID');
  });

  it('is refused when any sign of it was changed', async () => {
    const cursor = cursors.at('f', 3);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let index = 0; index < cursor.length; index += 1) {
      const other = alphabet[(alphabet.indexOf(cursor[index]!) + 1) % alphabet.length]!;
      const edited = cursor.slice(0, index) + other + cursor.slice(index + 1);
      expect((await failure(cursors.resume(feed('f', 2 ** 47), edited))).code).toBe('CURSOR_INVALID');
    }
  });

  it.each([
    ['of another feed', cursors.at('g', 3)],
    ['beyond the log, which was begun anew', cursors.at('f', 10)],
    ['empty', ''],
    ['longer', `${cursors.at('f', 3)}A`],
    ['with padding', `${cursors.at('f', 3)}=`],
    ['in other signs', 'ä'.repeat(32)],
    ['garbage', 'x'.repeat(100_000)],
  ])('is refused when it is %s', async (_what, cursor) => {
    const error = await failure(cursors.resume(feed('f', 9), cursor));
    expect(error.extensions).toEqual({ code: 'CURSOR_INVALID' });
    expect(error.message).toBe(
      '`after` is no cursor of this feed: it was edited, or belongs to another trigger, input or connection. Give a cursor as it came, or none to begin from now on.',
    );
  });

  it('is refused when events after it are gone, with the cursor that all others follow', async () => {
    const trimmed = feed('f', 9, 5);
    const error = await failure(cursors.resume(trimmed, cursors.at('f', 3)));
    expect(error.extensions).toEqual({ code: 'CURSOR_EXPIRED', cursor: cursors.at('f', 4) });
    expect(await cursors.resume(trimmed, cursors.at('f', 4))).toBe(4);
  });

  it('is good at the end of a log of which nothing is kept', async () => {
    const emptied = feed('f', 9, 10);
    expect(await cursors.resume(emptied, cursors.at('f', 9))).toBe(9);
    expect((await failure(cursors.resume(emptied, cursors.at('f', 8)))).details.cursor).toBe(cursors.at('f', 9));
  });
});
