/** Requests and contexts for tests of what goes out. */
import { createCallBudget } from '../../src/http/budget.ts';
import type { CallContext, OutgoingRequest } from '../../src/http/send.ts';
import { GatewayError } from '../../src/errors.ts';

/** A repeatable GET without credentials; `part` overrides. */
export function outgoing(url: string | URL, part: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'GET',
    url: new URL(url),
    headers: {},
    repeatable: true,
    credentials: { headers: new Set(), params: new Set() },
    redirects: 'same-origin',
    ...part,
  };
}

/** A write that must not be sent twice. */
export function writing(url: string | URL, part: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return outgoing(url, { method: 'POST', body: '{"a":1}', repeatable: false, ...part });
}

export function callContext(part: Partial<CallContext> = {}): CallContext {
  return { connector: 'sample', budget: createCallBudget(), ...part };
}

/** The error that a promise is rejected with; it fails the test when there is none. */
export async function errorOf(promise: Promise<unknown>): Promise<GatewayError> {
  const outcome = await promise.then(
    (value) => new Error(`It was fulfilled with ${JSON.stringify(value)}.`),
    (reason: unknown) => reason,
  );
  if (outcome instanceof GatewayError) return outcome;
  throw outcome;
}
