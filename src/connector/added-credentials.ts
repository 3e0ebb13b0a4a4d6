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
  const isPayloadChanged = before.payload !== after.payload || before.rawBody !== after.rawBody;
  const areParamsChanged = before.params !== after.params || before.rawQuery !== after.rawQuery;
  const unusual = unusualHeaders(before.headers, after.headers);
  if (!unusual && !areParamsChanged && !isPayloadChanged) return noneAdded;
  return {
    carriers: {
      headers: unusual ? new Set([...credentialHeaders, ...unusual]) : credentialHeaders,
      params: areParamsChanged ? addedParams(before, after) : noneAdded.carriers.params,
    },
    inPayload: isPayloadChanged,
  };
}

/** What every request is taken to carry, and all that most carry. */
export const noneAdded: Pick<AttemptCredentials, 'carriers' | 'inPayload'> = {
  carriers: { headers: credentialHeaders, params: new Set<string>() },
  inPayload: false,
};

function unusualHeaders(before: RequestParts['headers'], after: RequestParts['headers']): string[] | undefined {
  if (before === after || !after) return undefined;
  let unusual: string[] | undefined;
  for (const name in after) {
    if (before?.[name] !== after[name] && !credentialHeaders.has(name)) (unusual ??= []).push(name);
  }
  return unusual;
}

function addedParams(before: RequestParts, after: RequestParts): Set<string> {
  const params = new Set<string>();
  if (before.params !== after.params && after.params) {
    for (const key of Object.keys(after.params)) {
      const value = after.params[key];
      if (before.params?.[key] === value) continue;
      if (typeof value === 'object') for (const name of formNames({ [key]: value })) params.add(name);
      else params.add(key);
    }
  }
  if (before.rawQuery !== after.rawQuery) {
    const earlier = new URLSearchParams(before.rawQuery);
    for (const name of new URLSearchParams(after.rawQuery).keys()) if (!earlier.has(name)) params.add(name);
  }
  return params;
}

/** The dispatch of a copy that only `apply` sees: awaiting it sends nothing. */
export const emptyAnswer: Dispatch = () => Promise.resolve({ status: 0, headers: {}, body: undefined, url: '' });
