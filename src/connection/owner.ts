/** Whose something is: a subject's, or its tenant's. */

export interface Owner {
  readonly tenant: string;
  /** `null`: it belongs to the tenant, and all its subjects use it. */
  readonly subject: string | null;
}

/** A connection, and whose it is. */
export interface OwnedConnection extends Owner {
  /** Name of its connector. */
  readonly connector: string;
  /** Its id. */
  readonly connection: string;
}

/**
 * The part of a sealed text's identity that says for whom and for what it was sealed: whoever writes another owner,
 * connector or connection into its record does not open it.
 */
export function connectionIdentity({ tenant, subject, connector, connection }: OwnedConnection): readonly string[] {
  return [tenant, ownerName(subject), connector, connection];
}

export function isSameOwner(one: Owner, other: Owner): boolean {
  return one.tenant === other.tenant && one.subject === other.subject;
}

/** The subject or the tenant in one word: no subject, whatever it is called, is taken for the tenant. */
export function ownerName(subject: string | null): string {
  return subject === null ? 'tenant' : `subject ${subject}`;
}
