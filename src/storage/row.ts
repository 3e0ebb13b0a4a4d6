/** A row of a SQL store by column, whichever store gave it; absent values are `null`. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;
