/** Bounds of the contents that clients send and fetch. */

export interface FileLimits {
  /** Bytes of one content that is sent. */
  readonly maxUploadBytes: number;
  /** Files beside one operation. */
  readonly maxFiles: number;
  /** The longest pause of whoever sends, in milliseconds. */
  readonly idleMs: number;
  /** The longest that one content may pass, in milliseconds. */
  readonly transferMs: number;
  /** Contents of one application that pass at a time, on one process. */
  readonly maxPerTenant: number;
  /** Contents of all that pass at a time, on one process. */
  readonly maxInAll: number;
}

export const defaultFileLimits: FileLimits = {
  maxUploadBytes: 10 * 1024 ** 3,
  maxFiles: 10,
  idleMs: 30_000,
  transferMs: 3_600_000,
  maxPerTenant: 32,
  maxInAll: 256,
};
