/** Where a feed's poll stands, as it is kept. */
import { describe, expect, it } from '@jest/globals';
import { noProgress, readProgress, writeProgress, type FeedProgress } from '../../src/feed/progress.ts';

describe('the progress of a feed', () => {
  it('is read back as it was written', () => {
    const progress: FeedProgress = {
      cursor: { since: 'now', page: 2 },
      isGrounded: true,
      goesOnAt: { since: 'then' },
      highest: 7,
      floor: 1,
      cycle: { fence: 3, nextPage: 'b', pages: 2, knownPages: 1, highest: 9, replay: { id: 'r', from: 5 } },
      replay: { id: 'q', cursor: 0 },
      replayed: 'p',
    };
    const kept = JSON.parse(JSON.stringify(writeProgress(progress))) as never;
    expect(readProgress('f', kept)).toEqual(progress);
    expect(JSON.stringify(writeProgress(readProgress('f', kept)))).toBe(JSON.stringify(writeProgress(progress)));
  });

  it('is none where nothing was written', () => {
    expect(readProgress('f', undefined)).toEqual(noProgress);
  });

  it('leaves out parts of another shape', () => {
    const kept = { format: 1, cursor: 'c', isGrounded: 'yes', cycle: { pages: 2 }, replay: [], replayed: 7 };
    expect(readProgress('f', kept)).toEqual({ cursor: 'c', isGrounded: false });
  });

  it.each([['text'], [7], [null], [[]], [{}], [{ format: 'one' }]])('does not begin anew on %j in silence', (kept) => {
    expect(() => readProgress('f', kept as never)).toThrow('Feed f: what is stored as its progress is none.');
  });

  it('is left to a newer version that wrote it', () => {
    expect(() => readProgress('f', { format: 99 })).toThrow(
      'Feed f: its progress was written by a newer version of Plugboard. Start that one.',
    );
  });
});
