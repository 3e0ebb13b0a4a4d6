/** Filters of a list: one that is null says nothing, where an empty parameter would say "none of them". */

/** The filters that say something. */
export function withoutNulls(filters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== null));
}
