/** Counts the requests that one call of a connector sends, and those of a whole operation, so that neither goes on for ever. */
import { GatewayError } from '../errors.ts';

/** Requests that may still be sent. */
export interface RequestBudget {
  /**
   * Spends one request; redirects and retries spend too.
   *
   * @param host - where it goes, with its port where that is not the usual one.
   * @throws GatewayError REQUEST_LIMIT_EXCEEDED
   */
  spend(host?: string): void;
  /** A read was answered without a request of its own. */
  spare?(): void;
}

/** What the providers were asked for one operation. */
export interface UpstreamReport {
  /** Redirects and retries included. */
  readonly requests: number;
  /** Reads that were answered without a request of their own. */
  readonly cached: number;
  /** Requests by host. */
  readonly byHost: Readonly<Record<string, number>>;
}

export interface OperationBudget extends RequestBudget {
  readonly report: () => UpstreamReport;
}

export interface CallBudget extends RequestBudget {
  /** Requests spent so far. */
  readonly spent: number;
}

export interface CallBudgetOptions {
  /** Requests that the call may send. Default 100. */
  readonly maxRequests?: number | undefined;
  /** The provider's, for the message. */
  readonly title?: string;
  /** Budget of the operation that the call is part of: each request spends there too. */
  readonly within?: RequestBudget | undefined;
}

/**
 * Makes the budget of one call.
 *
 * @throws GatewayError REQUEST_LIMIT_EXCEEDED from `spend`, on the request after the last.
 */
export function createCallBudget(options: CallBudgetOptions = {}): CallBudget {
  return new CountingBudget(options.maxRequests ?? 100, options.title ?? 'a connector', options.within);
}

/**
 * Makes the budget that all calls of one operation share: a hundred rows that each ask for a hundred others stop there.
 * Whoever meets its end fails alone; what was answered before stays.
 *
 * @param maxRequests - default 1 000.
 */
export function createOperationBudget(maxRequests = 1_000): OperationBudget {
  return new CountingByHost(maxRequests);
}

/** A class, because an object literal with an accessor gets a hidden class of its own, which outlives the call. */
class CountingBudget implements CallBudget {
  readonly #maxRequests: number;
  readonly #title: string;
  readonly #within: RequestBudget | undefined;
  #spent = 0;

  constructor(maxRequests: number, title: string, within: RequestBudget | undefined) {
    this.#maxRequests = maxRequests;
    this.#title = title;
    this.#within = within;
  }

  get spent(): number {
    return this.#spent;
  }

  spend(host?: string): void {
    if (this.#spent >= this.#maxRequests) {
      throw new GatewayError(
        'REQUEST_LIMIT_EXCEEDED',
        `One call of ${this.#title} may send ${this.#maxRequests} requests, redirects and retries included, and wanted another. ` +
          'Does the paging of the action end?',
      );
    }
    this.#within?.spend(host);
    this.#spent++;
  }

  spare(): void {
    this.#within?.spare?.();
  }
}

class CountingByHost implements OperationBudget {
  readonly #maxRequests: number;
  readonly #byHost = new Map<string, number>();
  #spent = 0;
  #spared = 0;

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  spend(host?: string): void {
    if (this.#spent >= this.#maxRequests) {
      throw new GatewayError(
        'REQUEST_LIMIT_EXCEEDED',
        `One operation may send ${this.#maxRequests} requests to providers, redirects and retries included, and wanted another. ` +
          'Ask for less in one operation, e.g. for fewer rows.',
      );
    }
    this.#spent++;
    if (host !== undefined) this.#byHost.set(host, (this.#byHost.get(host) ?? 0) + 1);
  }

  spare(): void {
    this.#spared++;
  }

  report(): UpstreamReport {
    return { requests: this.#spent, cached: this.#spared, byHost: Object.fromEntries(this.#byHost) };
  }
}
