/** Counts the requests that one call of a connector sends, so that an endless pager stops. */
import { GatewayError } from '../errors.ts';

export interface CallBudget {
  /** Spends one request; redirects and retries spend too. */
  spend(): void;
  /** Requests spent so far. */
  readonly spent: number;
}

/**
 * Makes the budget of one call.
 *
 * @param options - `maxRequests`: requests that the call may send, 100 by default.
 * @throws GatewayError REQUEST_LIMIT_EXCEEDED from `spend`, on the request after the last.
 */
export function createCallBudget(options: { readonly maxRequests?: number } = {}): CallBudget {
  const { maxRequests = 100 } = options;
  let spent = 0;
  return {
    get spent() {
      return spent;
    },
    spend() {
      if (spent >= maxRequests) {
        throw new GatewayError(
          'REQUEST_LIMIT_EXCEEDED',
          `One call may send ${maxRequests} requests to the provider, redirects and retries included, and wanted another. ` +
            'Does the paging of the action end?',
        );
      }
      spent++;
    },
  };
}
