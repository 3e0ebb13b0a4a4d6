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

  it('ends with circular causes', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeFailure(error)).length).toBeLessThan(20_000);
  });
});
