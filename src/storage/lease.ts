/** Who may do what only one may do at a time: the contract of leases that every store satisfies. */

/** A lease that was got. */
export interface Lease {
  /**
   * Larger than every fence that was given before under this name, for as long as the store lives. Whoever writes on
   * the strength of a lease lets the write fail when a larger fence was seen: a holder that slept does no harm.
   */
  readonly fence: number;
}

/**
 * Leases by name. They end by the clock of the store, never by that of the holder.
 *
 * @throws GatewayError as `Records` does.
 */
export interface Leases {
  /** The lease, or `undefined` while another owner, or the same one a second time, holds it. `owner` is unique per holding. */
  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | undefined>;

  /** Holds it for `ttlMs` from now. `false`: it has run out or is another's, and nothing was changed. */
  renew(name: string, owner: string, fence: number, ttlMs: number): Promise<boolean>;

  /** Gives it up, so that the next one need not wait. One that is not held any more is left alone. */
  release(name: string, owner: string, fence: number): Promise<void>;
}
