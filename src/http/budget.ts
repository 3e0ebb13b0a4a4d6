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
 * @param options - `maxRequests`: requests that the call may send, 100 by default; `title`: the provider's, for the message.
 * @throws GatewayError REQUEST_LIMIT_EXCEEDED from `spend`, on the request after the last.
 */
export function createCallBudget(options: { readonly maxRequests?: number; readonly title?: string } = {}): CallBudget {
  return new CountingBudget(options.maxRequests ?? 100, options.title ?? 'a connector');
}

/** A class, because an object literal with an accessor gets a hidden class of its own, which outlives the call. */
class CountingBudget implements CallBudget {
  readonly #maxRequests: number;
  readonly #title: string;
  #spent = 0;

  constructor(maxRequests: number, title: string) {
    this.#maxRequests = maxRequests;
    this.#title = title;
  }

  get spent(): number {
    return this.#spent;
  }

  spend(): void {
    if (this.#spent >= this.#maxRequests) {
      throw new GatewayError(
        'REQUEST_LIMIT_EXCEEDED',
        `One call of ${this.#title} may send ${this.#maxRequests} requests, redirects and retries included, and wanted another. ` +
          'Does the paging of the action end?',
      );
    }
    this.#spent++;
  }
}
