/** Waits for the signal that ends a server, then ends it in order. */
import type { Terminal } from './terminal.ts';

/**
 * Resolves when SIGINT or SIGTERM came and `close` has done its work. A second signal ends the process at once.
 *
 * @param close - must end by itself, within 10 s.
 */
export async function untilStopped(close: () => Promise<void>, terminal: Terminal): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  terminal.warn('Stopping: answering what is under way.');
  const insist = () => process.exit(1);
  process.once('SIGINT', insist);
  await close();
  process.off('SIGINT', insist);
}
