/** Rows of which the provider gave only a part: what they lack is looked up by their key when it is asked for. */
import type { Action } from '../connector/definition.ts';
import type { Entity } from '../graph/binding.ts';

export interface PartialRow {
  readonly entity: Entity;
  readonly key: unknown;
  /** Names of the fields that may be lacking; absent: every field that the row does not have. */
  readonly lacks?: readonly string[];
}

/** The partial rows of one operation. Most operations have none, and a WeakMap costs the garbage collector more than its size. */
export class PartialRows {
  #rows: WeakMap<object, PartialRow> | undefined;

  set(row: object, partial: PartialRow): void {
    this.#rows ??= new WeakMap();
    this.#rows.set(row, partial);
  }

  get(row: object): PartialRow | undefined {
    return this.#rows?.get(row);
  }
}

/** Remembers rows of an action that says what its rows lack. Costs nothing for any other. */
export function rememberLacks(
  rows: readonly unknown[],
  action: Action,
  entity: Entity | undefined,
  partialRows: PartialRows,
): void {
  const { lacks } = action;
  if (!lacks || !entity?.lookup) return;
  for (const row of rows) {
    if (typeof row !== 'object' || row === null) continue;
    const key = (row as Readonly<Record<string, unknown>>)[entity.key.name];
    if (key !== undefined && key !== null) partialRows.set(row, { entity, key, lacks });
  }
}

/** The partial row that a field without a value belongs to, if the whole row may have that value. */
export function partialRowLacking(row: object, name: string, partialRows: PartialRows): PartialRow | undefined {
  const partial = partialRows.get(row);
  return partial && (partial.lacks?.includes(name) ?? true) ? partial : undefined;
}
