/** What is told of a connection when it changes: made, working, refused, connected again, removed. */
import type { ConnectionRecord, ConnectionState } from './connection-record.ts';
import type { Owner } from './owner.ts';

/** One change. The owner is that of the connection: `subject` is `null` for one that belongs to its tenant. */
export interface ConnectionChange extends Owner {
  readonly connector: string;
  /** Its id. */
  readonly connection: string;
  /** `null`: it was not there. */
  readonly from: ConnectionState | null;
  /** The same as `from` when it was connected again, or its scopes are others. */
  readonly to: ConnectionState | 'DELETED';
  /** Why it is in this state, in words that may be shown; `null` while nothing is wrong. */
  readonly reason: string | null;
  /** OAuth scopes that are granted from now on. */
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Hears of every change that this process makes, after it is kept and once; a change of another replica is told there.
 * It must not throw, and is not waited for.
 */
export type OnConnectionChange = (change: ConnectionChange) => void;

/**
 * The change from one record to the next; `undefined` when there is nothing to tell, as after a renewal of tokens.
 *
 * @param at - milliseconds since 1970.
 */
export function connectionChange(
  before: ConnectionRecord | undefined,
  after: ConnectionRecord | undefined,
  at: number,
): ConnectionChange | undefined {
  const latest = after ?? before;
  if (!latest || (before && after && !isTold(before, after))) return undefined;
  const { tenant, subject, connector, reason, scopes } = latest.value;
  return {
    tenant,
    subject,
    connector,
    connection: latest.id,
    from: before?.value.state ?? null,
    to: after?.value.state ?? 'DELETED',
    reason: after ? reason : null,
    scopes: after ? scopes : [],
    at,
  };
}

function isTold({ value: before }: ConnectionRecord, { value: after }: ConnectionRecord): boolean {
  // What was entered is sealed anew whenever it is connected again, and by no renewal.
  return before.state !== after.state || before.fields !== after.fields || !isSameSet(before.scopes, after.scopes);
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const others = new Set(other);
  return new Set(one).size === others.size && one.every((each) => others.has(each));
}
