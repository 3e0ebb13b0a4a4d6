/** Rings of keys for tests, the same in every run. */
import { createKeyRing, type KeyRing } from '../../src/connection/seal.ts';
import type { KeyRotation } from '../../src/replicas.ts';

/** A ring of keys that are told apart by these numbers, the one that seals first. */
export function ringOf(...numbers: readonly number[]): KeyRing {
  return createKeyRing(numbers.map((number) => ({ id: `k${number}`, key: Buffer.alloc(32, number) })));
}

/** Of a replica whose keys never change. */
export function unchangedKeys(...ids: readonly string[]): KeyRotation {
  return { ids: () => ids, readAgain: () => {}, agree: () => false, isWaiting: () => false };
}
