/** Whose something is: a subject's, or its tenant's. */

export interface Owner {
  readonly tenant: string;
  /** `null`: it belongs to the tenant, and all its subjects use it. */
  readonly subject: string | null;
}

/** The part of a sealed text's identity that says whose it is: whoever writes another owner into its record does not open it. */
export function ownerIdentity({ tenant, subject }: Owner): readonly string[] {
  return [tenant, ownerName(subject)];
}

export function isSameOwner(one: Owner, other: Owner): boolean {
  return one.tenant === other.tenant && one.subject === other.subject;
}

/** The subject or the tenant in one word: no subject, whatever it is called, is taken for the tenant. */
export function ownerName(subject: string | null): string {
  return subject === null ? 'tenant' : `subject ${subject}`;
}
