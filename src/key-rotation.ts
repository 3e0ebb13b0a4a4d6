/** Changes the sealing keys of a gateway while it runs, in step with the other replicas of its store. */
import type { SealingKeys } from './connection/sealing-keys.ts';
import type { KeyRotation } from './replicas.ts';

interface Logger {
  readonly info: (values: object, message: string) => void;
  readonly error: (values: object, message: string) => void;
}

/** @param keys - of the gateway; what happens to them is logged, by their ids. */
export function createKeyRotation(keys: SealingKeys, logger: Logger): KeyRotation {
  let told: string | undefined;
  let before = keys.ids();

  const logChange = (): boolean => {
    const now = keys.ids();
    const [key, ...older] = now;
    const isChanged = now.join() !== before.join();
    if (key !== before[0]) logger.info({ key, older }, 'Another sealing key seals from now on: every replica knows it');
    else if (isChanged) logger.info({ key, older, waiting: keys.waiting() }, 'The sealing keys have changed');
    before = now;
    return isChanged;
  };
  return {
    ids: keys.ids,
    isWaiting: () => keys.waiting() !== undefined,
    readAgain() {
      const failure = keys.readAgain();
      // Told once for each reason: a file that is broken is read again and again.
      if (failure && failure.message !== told) {
        const { code, message: reason } = failure;
        logger.error({ code, reason }, 'The sealing keys could not be read anew; those that there were stay');
      }
      told = failure?.message;
      logChange();
    },
    agree(others) {
      keys.agree(others.map((other) => other.keys));
      return logChange();
    },
  };
}
