import { describe, expect, it } from '@jest/globals';
import { acceptsType, namesType } from '../../src/server/accepted-types.ts';

describe('what a client accepts', () => {
  it.each([
    [undefined, true, false],
    ['', true, false],
    ['*/*', true, false],
    ['text/*', true, false],
    ['text/event-stream', true, true],
    ['TEXT/Event-Stream', true, true],
    ['application/json, text/event-stream;q=0.5', true, true],
    ['text/event-stream; charset=utf-8', true, true],
    ['application/json', false, false],
    ['text/html', false, false],
    ['text/event-stream;q=0', false, false],
    ['text/event-stream; q=0.000, */*', false, false],
    ['*/*, text/*;q=0', false, false],
    [',,;q=1', false, false],
  ])('%j takes events: %j; names them: %j', (accept, accepts, names) => {
    expect(acceptsType(accept, 'text/event-stream')).toBe(accepts);
    expect(namesType(accept, 'text/event-stream')).toBe(names);
  });
});
