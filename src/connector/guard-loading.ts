/** Keeps a file that ends the process, or never comes to its end, from being taken for one that was loaded. */
import { writeSync } from 'node:fs';
import { DefinitionError, formatFault, type ErrorCode } from '../errors.ts';

export interface LoadingGuard {
  /** What a fault is called, and where it lies. */
  readonly code: ErrorCode;
  readonly path: string;
  /** Default 30 000. */
  readonly timeoutMs?: number;
}

/**
 * Waits for what `load` gives. Should the process be ended meanwhile, that is told on standard error and the exit code
 * is 1, whatever the file asked for.
 *
 * @throws DefinitionError when it takes too long, as a top-level `await` that nothing ends does.
 */
export async function guardLoading<T>(load: () => Promise<T>, guard: LoadingGuard): Promise<T> {
  const { code, path, timeoutMs = 30_000 } = guard;
  const onExit = (exitCode: number) => {
    const message = `expected a file that can be loaded; the process was ended with exit code ${exitCode} while it was loaded. Take process.exit out of it.`;
    // Nothing that is written later would leave a process that ends.
    writeSync(2, `${formatFault({ code, path, message })}\n`);
    process.exitCode = 1;
  };
  process.once('exit', onExit);
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    const message = `expected a file that is loaded within ${timeoutMs / 1000} s; it still waits, maybe at a top-level await.`;
    timer = setTimeout(() => reject(new DefinitionError([{ code, path, message }])), timeoutMs);
  });
  try {
    return await Promise.race([load(), overdue]);
  } finally {
    clearTimeout(timer);
    process.off('exit', onExit);
  }
}
