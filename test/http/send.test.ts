import { afterEach, describe, expect, it } from '@jest/globals';
import { createCallBudget } from '../../src/http/budget.ts';
import { createSender } from '../../src/http/send.ts';
import type { OutgoingRequest, Sender } from '../../src/http/send.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import type { FakeProvider } from '../support/fake-provider.ts';

let provider: FakeProvider;
let sender: Sender;
afterEach(async () => {
  await sender.close();
  await provider.close();
});
describe('send', () => {
  it('gives status, headers, body and URL of the answer', async () => {
    provider = await startFakeProvider({ 'GET /a': { status: 201, json: { x: 1 }, headers: { 'set-cookie': ['a=1', 'b=2'] } } });
    sender = createSender({ allowedPrivateOrigins: [provider.origin] });
    const request: OutgoingRequest = { method: 'GET', url: new URL('/a?b=c', provider.origin), headers: { accept: 'application/json' }, repeatable: true, redirects: 'same-origin', credentials: { headers: new Set(), params: new Set() } };
    const answer = await sender.send(request, { connector: 'sample', budget: createCallBudget() });
    expect(answer.status).toBe(201);
    expect(answer.headers['set-cookie']).toBe('a=1, b=2');
    expect(answer.body.toString()).toBe('{"x":1}');
    expect(answer.url.href).toBe(`${provider.origin}/a?b=c`);
  });
});
