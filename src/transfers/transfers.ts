/** What one-time URLs promise: each is for one content of one connection, for whoever holds it, once and for a short time. */
import type { Caller } from '../connection/caller.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import type { Content } from '../content.ts';

/** One content that is about to pass. */
export interface BegunTransfer {
  readonly caller: Caller;
  /** The connection through which it passes; absent for a connector that needs none. */
  readonly connection: string | undefined;
  /** The connector's own action for it: one that gives a content, or takes one. */
  readonly action: RunnableAction;
  /** For `action`, checked and coerced; a content that it takes is still to come. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Name of the file, for those who fetch it. */
  readonly name?: string | undefined;
}

/** Fields of `Transfer` in the graph. */
export interface Transfer {
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  readonly expiresAt: Date;
}

export interface Transfers {
  /** A URL at the gateway by which this content passes once. */
  readonly begin: (transfer: BegunTransfer) => Promise<Transfer>;
  /** What a URL is for, by its last part; nothing is taken yet. `undefined`: it was used, has expired, or never was. */
  readonly find: (token: string) => Promise<FoundTransfer | undefined>;
}

/** Of any number of takers, also on other replicas, one gets it; the others are told TRANSFER_UNKNOWN. */
export interface FoundTransfer {
  readonly method: 'GET' | 'PUT';
  readonly tenant: string;
  /** Whether it was begun for this caller, or for a subject of this application where it names none. */
  readonly isOf: (caller: Pick<Caller, 'tenant' | 'subject'>) => boolean;
  /**
   * Takes the URL and opens what is to be fetched; the signal ends it, also while it passes.
   *
   * @throws InputError TRANSFER_UNKNOWN; what opening the connection and running the action throws.
   */
  readonly fetch: (signal: AbortSignal) => Promise<Content>;
  /** Takes the URL and sends a content to the provider; it is done when the provider has all of it. @throws as `fetch` */
  readonly send: (content: Content, signal: AbortSignal) => Promise<void>;
}
