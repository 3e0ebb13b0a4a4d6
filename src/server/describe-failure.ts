/** An unforeseen error as the log may show it: what it was and where, but no text that could hold a secret or a provider's answer. */

/** What the log is given. */
export interface FailureDescription {
  readonly name: string;
  /** Only for errors that the engine itself words. */
  readonly message?: string;
  /** Where it was raised: file and line. */
  readonly frames: readonly string[];
  readonly cause?: FailureDescription;
}

/** The engine words these without values of the program; a SyntaxError quotes what it could not parse, so it is not one of them. */
const wordedByTheEngine = new Set(['TypeError', 'ReferenceError', 'RangeError']);
const maxFrames = 8;
const maxCauses = 4;

/** Describes whatever was thrown, with its causes. */
export function describeFailure(error: unknown, depth = 0): FailureDescription {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    ...(wordedByTheEngine.has(error.name) && { message: error.message }),
    frames: frames.slice(0, maxFrames).map((line) => line.trim()),
    ...(error.cause !== undefined && depth < maxCauses && { cause: describeFailure(error.cause, depth + 1) }),
  };
}
