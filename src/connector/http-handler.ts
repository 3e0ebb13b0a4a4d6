/** An exception handler that connectors may use: codes of failed requests, as those who know Lumos expect them. */
import { ProviderError } from '../errors.ts';
import type { Handling } from './definition.ts';

/**
 * Codes the status of an answer: 400 `bad_request`, 401 `unauthorized`, 403 `permission_denied`, 404 `not_found`, any other
 * `api_error`. What stands before it is what the handler is given, up to its first dot: with a code of its own an entry gives
 * `<code>.bad_request`, not `<connector>.bad_request`, as Lumos' own handler does.
 */
export function httpHandler(error: unknown, given: string): Handling {
  const status = error instanceof ProviderError ? error.details.http?.status : undefined;
  const [prefix] = given.split('.');
  return { errorCode: `${prefix}.${codes.get(status) ?? 'api_error'}` };
}

const codes = new Map<number | undefined, string>([
  [400, 'bad_request'],
  [401, 'unauthorized'],
  [403, 'permission_denied'],
  [404, 'not_found'],
]);
