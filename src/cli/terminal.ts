/** Where a command writes: a person's terminal, or a file or pipe that wants plain lines. */

export interface Terminal {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** One line of result, to standard output. */
  readonly line: (text: string) => void;
  /** One line of error, to standard error; the command then ends with exit code 1. */
  readonly error: (text: string) => void;
  /** One line of warning, to standard error. */
  readonly warn: (text: string) => void;
  /** What is being done: one line that is rewritten on a terminal, one plain line per step elsewhere. */
  readonly progress: (text: string) => void;
  /** Whether an error was written. */
  readonly failed: boolean;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  on?(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * Results go to standard output, everything else to standard error, so that results can be piped. A reader that has gone
 * (`| head`) is told no more, and ends nothing.
 */
export function createTerminal(output: Output = process.stdout, errors: Output = process.stderr): Terminal {
  leaveQuietly(output);
  leaveQuietly(errors);
  let failed = false;
  let isProgressShown = false;
  const clear = () => {
    if (isProgressShown) errors.write('\r\u001B[K');
    isProgressShown = false;
  };
  const say = (stream: Output, text: string) => {
    clear();
    stream.write(text);
  };
  return {
    write: (text) => say(output, text),
    writeError: (text) => say(errors, text),
    line: (text) => say(output, `${text}\n`),
    warn: (text) => say(errors, `${text}\n`),
    error: (text) => {
      failed = true;
      say(errors, `${text}\n`);
    },
    progress: (text) => {
      if (!errors.isTTY) {
        errors.write(`${text}\n`);
        return;
      }
      clear();
      errors.write(text);
      isProgressShown = true;
    },
    get failed() {
      return failed;
    },
  };
}

const quiet = new WeakSet<Output>();

/** A pipe without a reader is EPIPE, an error of the stream that would end the process if nobody listened. */
function leaveQuietly(stream: Output): void {
  if (quiet.has(stream)) return;
  quiet.add(stream);
  stream.on?.('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
