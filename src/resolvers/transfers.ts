/** Where contents are sent and fetched: what streams files implements this, and the fields of capabilities answer its URLs. */
import type { Caller } from '../connection/caller.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import type { Capability } from '../connector/capability.ts';

/** One content that is about to pass. */
export interface BegunTransfer {
  readonly caller: Caller;
  /** The connection through which it passes; absent for a connector that needs none. */
  readonly connection: string | undefined;
  /** `readFile`, `writeFile`, `readProjectFile` or `writeProjectFile`. */
  readonly capability: Capability;
  /** The connector's own action for it. */
  readonly action: RunnableAction;
  /** For `action`, checked and coerced. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Fields of `Transfer` in `schema/capabilities.graphql`. */
export interface Transfer {
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  readonly expiresAt: Date;
}

export interface Transfers {
  /** A URL at the gateway by which this content passes once. */
  readonly begin: (transfer: BegunTransfer) => Promise<Transfer>;
}
