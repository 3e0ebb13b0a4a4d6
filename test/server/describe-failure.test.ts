import { describe, expect, it } from '@jest/globals';
import { describeFailure } from '../../src/server/describe-failure.ts';

describe('describeFailure', () => {
  it('says what was raised and where, with its cause', () => {
    const failure = describeFailure(new Error('body: CANARY', { cause: new TypeError('x is not a function') }));
    expect(failure).toMatchObject({
      name: 'Error',
      frames: [expect.stringContaining('describe-failure.test.ts'), ...failure.frames.slice(1)],
      cause: { name: 'TypeError', message: 'x is not a function' },
    });
  });

  it('shows no text that a connector or a parser wrote', () => {
    let parsing: unknown;
    try {
      JSON.parse('CANARY');
    } catch (error) {
      parsing = error;
    }
    for (const thrown of [new Error('CANARY'), 'CANARY', { token: 'CANARY' }, parsing]) {
      expect(JSON.stringify(describeFailure(thrown))).not.toContain('CANARY');
    }
  });

  it('shows what an author wrote where that is asked for, but nothing that a parser quotes', () => {
    const parsing = new SyntaxError('Unexpected token in CANARY');
    expect(describeFailure(new Error('no price', { cause: parsing }), 'author')).toMatchObject({
      name: 'Error',
      message: 'no price',
      cause: { name: 'SyntaxError' },
    });
    expect(JSON.stringify(describeFailure(parsing, 'author'))).not.toContain('CANARY');
    expect(describeFailure('gone', 'author')).toEqual({ name: 'string', message: 'gone', frames: [] });
    expect(describeFailure(new Error('x'.repeat(9_999)), 'author').message).toHaveLength(500);
  });

  it('ends with circular causes', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeFailure(error)).length).toBeLessThan(20_000);
  });
});
