import { describe, expect, it } from '@jest/globals';
import { createCallBudget, createOperationBudget } from '../../src/http/budget.ts';

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

describe('createOperationBudget', () => {
  it('counts the requests of all calls together, and refuses the one after the last', () => {
    const within = createOperationBudget(3);
    const [first, second] = [createCallBudget({ within }), createCallBudget({ within })];
    first.spend();
    second.spend();
    second.spend();
    expect(() => first.spend()).toThrow(
      expect.objectContaining({
        code: 'REQUEST_LIMIT_EXCEEDED',
        message:
          'One operation may send 3 requests to providers, redirects and retries included, and wanted another. Ask for less in one operation, e.g. for fewer rows.',
      }),
    );
    expect([first.spent, second.spent]).toEqual([1, 2]);
  });

  it('is not spent by a call that has nothing left itself', () => {
    const within = createOperationBudget(1);
    expect(() => createCallBudget({ maxRequests: 0, within }).spend()).toThrow('One call of a connector');
    expect(() => createCallBudget({ within }).spend()).not.toThrow();
  });

  it('reports the requests of all calls by host, and the reads that were spared', () => {
    const within = createOperationBudget();
    const call = createCallBudget({ within });
    for (const host of ['a.example', 'a.example', 'b.example:8443']) call.spend(host);
    call.spare!();
    expect(within.report()).toEqual({ requests: 3, cached: 1, byHost: { 'a.example': 2, 'b.example:8443': 1 } });
  });

  it('lets 1 000 requests pass by default', () => {
    const budget = createOperationBudget();
    for (let index = 0; index < 1_000; index++) budget.spend();
    expect(() => budget.spend()).toThrow('One operation may send 1000 requests');
  });
});
