/** The sealing keys of a process while they are changed: all that are known open, and one that every replica knows seals. */
import { GatewayError } from '../errors.ts';
import type { KeySource } from './seal.ts';
import type { SealingKey } from './sealing-key.ts';

export interface SealingKeys extends KeySource {
  /** Ids of the keys, the one that seals first: what other replicas are told. */
  readonly ids: () => readonly string[];
  /**
   * Reads the keys anew where they come from. One that is new opens at once, and seals when all replicas know it; one that is
   * gone goes as soon as nobody seals with it.
   *
   * @returns why they could not be read, so that all stay as they were; else `undefined`.
   */
  readonly readAgain: () => GatewayError | undefined;
  /**
   * Chooses which key seals: the first of the list that every other replica knows. Where there is none, the one that did.
   *
   * @param others - ids of the keys of each other replica, the one that seals first.
   * @returns whether anything changed.
   */
  readonly agree: (others: readonly (readonly string[])[]) => boolean;
  /** The key that stands first in the list, while another one seals because not every replica knows this. */
  readonly waiting: () => string | undefined;
}

/** So often at most a key that is missed is looked for: whoever edits records must not keep the disk busy. */
const lookEveryMs = 1_000;

/**
 * Keys as `read` gives them, the one first that is to seal. Until `agree` is called it does.
 *
 * @throws GatewayError SEAL_KEY_INVALID of the first `read`.
 */
export function createSealingKeys(
  read: () => readonly SealingKey[],
  now: () => number = () => performance.now(),
): SealingKeys {
  let listed = read();
  let sealing = listed[0]!;
  /** Not listed any more, and perhaps still used by somebody. */
  let leaving: readonly SealingKey[] = [];
  let all = listed;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const settle = (): boolean => {
    const others = [...listed, ...leaving].filter(({ id }) => id !== sealing.id);
    const next = [sealing, ...others];
    if (isSameList(all, next)) return false;
    all = next;
    return true;
  };
  const readAgain = (): GatewayError | undefined => {
    try {
      const found = read();
      const isListed = ({ id }: SealingKey) => found.some((key) => key.id === id);
      leaving = [...listed, ...leaving].filter((key) => !isListed(key));
      listed = found;
      settle();
      return undefined;
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  };
  return {
    keys: () => all,
    ids: () => all.map(({ id }) => id),
    readAgain,
    missed() {
      if (now() - lookedAt < lookEveryMs) return;
      lookedAt = now();
      readAgain();
    },
    agree(others) {
      sealing = listed.find(({ id }) => others.every((known) => known.includes(id))) ?? sealing;
      leaving = leaving.filter(({ id }) => id === sealing.id || others.some(([current]) => current === id));
      return settle();
    },
    waiting: () => (sealing.id === listed[0]!.id ? undefined : listed[0]!.id),
  };
}

function isSameList(one: readonly SealingKey[], other: readonly SealingKey[]): boolean {
  return one.length === other.length && one.every(({ id }, index) => id === other[index]!.id);
}
