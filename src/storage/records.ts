/** How records are kept: the contract that every store satisfies, embedded or PostgreSQL. */

/** What JSON can say; what is read is what was written. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** The value of a record; a key that is `undefined` is absent. Sealed where it is secret (`connection/seal`). */
export type RecordValue = Readonly<Record<string, JsonValue | undefined>>;

/** One thing that is kept. */
export interface StoredRecord<Value extends RecordValue = RecordValue> {
  /** What sort of thing it is, e.g. `connection`. */
  readonly kind: string;
  /** Unique within its kind. At most 512 characters, as are all names, index values and unique keys. */
  readonly id: string;
  /** Larger after every write, and never given twice, not even after the record was removed and made again. */
  readonly version: number;
  readonly value: Value;
  /** By what it can be listed: name → value. */
  readonly indexes: Readonly<Record<string, string>>;
  /** No two living records of one kind have the same, e.g. `tenant/subject/connector/label` of connections. */
  readonly uniqueKey?: string;
  /** Milliseconds since 1970, by the clock of the store; so are the other times. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** From then on the record does not exist, for anybody. */
  readonly expiresAt?: number;
}

/** What a new record carries beside its value. */
export interface CreateOptions {
  readonly indexes?: Readonly<Record<string, string>>;
  readonly uniqueKey?: string;
  readonly expiresAt?: number;
}

/** What a write changes beside the value: absent = stays as it is, `null` = is taken away; indexes are replaced as a whole. */
export interface UpdateOptions {
  readonly indexes?: Readonly<Record<string, string>>;
  readonly uniqueKey?: string | null;
  readonly expiresAt?: number | null;
}

/** Which part of a list. */
export interface ListOptions {
  /** Id of the last record of the page before. */
  readonly after?: string;
  /** 1–1 000, default 100. */
  readonly limit?: number;
}

/** One step of a `commit`; each means what the method of its name does. */
export type Change =
  | ({
      readonly change: 'create';
      readonly kind: string;
      readonly id: string;
      readonly value: RecordValue;
    } & CreateOptions)
  | ({
      readonly change: 'compareAndSet';
      readonly kind: string;
      readonly id: string;
      readonly version: number;
      readonly value: RecordValue;
    } & UpdateOptions)
  | { readonly change: 'remove'; readonly kind: string; readonly id: string; readonly version?: number };

/**
 * All or nothing: `records` stand at the places of their changes (`undefined` at a `remove`); `failed` is the place of
 * the first change that could not be made, as when its method gave `undefined` or `false`.
 */
export type CommitResult =
  | { readonly committed: true; readonly records: readonly (StoredRecord | undefined)[] }
  | { readonly committed: false; readonly failed: number };

/**
 * Records by kind and id. Every method is one atomic step for all processes that share the store; a write that was
 * answered survives the death of the process and of the machine. A caller that gets no answer does not know whether
 * its write was made, and reads again.
 *
 * @throws GatewayError STORE_UNAVAILABLE, STORE_FULL, STORE_READ_ONLY or STORE_CORRUPT when the store cannot be read or
 * written: a store that fails never looks like an absent record. STORE_RECORD_INVALID when what is to be kept could not
 * be read back as it is.
 */
export interface Records {
  /** The record, or `undefined` when there is none or it has expired. */
  get(kind: string, id: string): Promise<StoredRecord | undefined>;

  /**
   * The records whose indexes have all the values of `where` (empty: all of the kind), ordered by id as bytes of UTF-8.
   * A page shorter than `limit` is the last; a record that exists all the while is on exactly one page.
   */
  list(kind: string, where: Readonly<Record<string, string>>, options?: ListOptions): Promise<readonly StoredRecord[]>;

  /** Creates it unless the id or its unique key is taken: the new record, or `undefined`. */
  create(kind: string, id: string, value: RecordValue, options?: CreateOptions): Promise<StoredRecord | undefined>;

  /** Replaces the value of exactly that version: the new record, or `undefined` when it is another, gone, or its new unique key is taken. */
  compareAndSet(
    kind: string,
    id: string,
    version: number,
    value: RecordValue,
    options?: UpdateOptions,
  ): Promise<StoredRecord | undefined>;

  /** Removes it, when `version` is given only that version. Whether it did. */
  remove(kind: string, id: string, version?: number): Promise<boolean>;

  /** Removes and gives it: of any number of takers, also in other processes, exactly one gets it. */
  take(kind: string, id: string): Promise<StoredRecord | undefined>;

  /** Makes all changes, in their order, or none. */
  commit(changes: readonly Change[]): Promise<CommitResult>;
}
