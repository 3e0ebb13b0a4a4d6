import { describe, expect, it } from '@jest/globals';
import { createCallBudget } from '../../src/http/budget.ts';

describe('createCallBudget', () => {
  it('lets 100 requests pass by default and refuses the next', () => {
    const budget = createCallBudget();
    for (let index = 0; index < 100; index++) budget.spend();
    expect(() => budget.spend()).toThrow(
      'One call of a connector may send 100 requests, redirects and retries included, and wanted another. Does the paging of the action end?',
    );
    expect(budget.spent).toBe(100);
  });

  it('raises REQUEST_LIMIT_EXCEEDED, which names the provider by its title', () => {
    expect(() => createCallBudget({ maxRequests: 0, title: 'My shop' }).spend()).toThrow(
      expect.objectContaining({
        code: 'REQUEST_LIMIT_EXCEEDED',
        message: expect.stringMatching(/^One call of My shop may send 0 requests, /),
      }),
    );
  });
});
