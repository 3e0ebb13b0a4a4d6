/** The hooks that a connector hangs on one request: after a success, and after an error answer. */
import { matchesAnswer } from './matcher.ts';
import { failedAnswer } from './provider-failure.ts';
import type { ProviderResponse, Request } from './request.ts';

/** Runs the hooks for successes in order; what each returns is the body for the next. */
export async function runAfterResponse(request: Request, response: ProviderResponse): Promise<ProviderResponse> {
  const hooks = request.parts.afterResponse;
  if (!hooks) return response;
  const { status, headers, url } = response;
  let { body } = response;
  for (const hook of hooks) body = await hook({ status, headers, body });
  return { status, headers, body, url };
}

/**
 * Runs the first hook whose matchers name the error answer; what it returns is the body of a success.
 *
 * @throws the error itself when no hook names it, or when it is not about an answer (a time limit, a body that is no JSON).
 */
export async function runAfterErrorResponse(request: Request, error: unknown): Promise<ProviderResponse> {
  const hooks = request.parts.afterErrorResponse;
  const answer = hooks && failedAnswer(error);
  if (!answer) throw error;
  const { status, headers, message, url } = answer;
  const body = answer.text();
  const named = hooks.find(({ matchers }) => matchers.length === 0 || matchesAnswer(matchers, status, [message, body]));
  if (!named) throw error;
  return { status, headers, body: await named.hook({ status, body, headers, message }), url: url.href };
}
