/** By what a record is found in the index of PostgreSQL, whose rows are shorter than names may be. */
import { createHash } from 'node:crypto';

/** Of each index of a record, or of what is asked for: a digest that no two of them share. Names hold no NUL. */
export function indexEntries(kind: string, indexes: Readonly<Record<string, string>>): readonly Buffer[] {
  return Object.entries(indexes).map(([name, value]) =>
    createHash('sha256').update(`${kind}\0${name}\0${value}`).digest().subarray(0, 20),
  );
}
