/** What `apply` put into a request: found by comparing the request before and after. */
import { credentialHeaders, type AttemptCredentials } from '../http/attempt.ts';
import { formNames } from '../http/formats/form.ts';
import type { Dispatch, RequestParts } from '../http/request.ts';

/**
 * Names of the headers and query parameters that carry credentials. Builders replace what they change, so a part that is
 * the same object was left alone.
 */
export function addedCredentials(
  before: RequestParts,
  after: RequestParts,
): Pick<AttemptCredentials, 'carriers' | 'inPayload'> {
  const headers = changedNames(before.headers, after.headers);
  const params = new Set<string>();
  if (before.params !== after.params) {
    const changed = changedNames(before.params, after.params);
    for (const name of formNames(Object.fromEntries(changed.map((key) => [key, after.params?.[key]]))))
      params.add(name);
  }
  if (before.rawQuery !== after.rawQuery) {
    const earlier = new URLSearchParams(before.rawQuery);
    for (const name of new URLSearchParams(after.rawQuery).keys()) if (!earlier.has(name)) params.add(name);
  }
  const isUsual = headers.every((name) => credentialHeaders.has(name));
  return {
    carriers: { headers: isUsual ? credentialHeaders : new Set([...credentialHeaders, ...headers]), params },
    inPayload: before.payload !== after.payload || before.rawBody !== after.rawBody,
  };
}

/** The dispatch of a copy that only `apply` sees: awaiting it sends nothing. */
export const emptyAnswer: Dispatch = () => Promise.resolve({ status: 0, headers: {}, body: undefined, url: '' });

function changedNames(
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>> | undefined,
): string[] {
  if (before === after || !after) return [];
  return Object.keys(after).filter((name) => before?.[name] !== after[name]);
}
