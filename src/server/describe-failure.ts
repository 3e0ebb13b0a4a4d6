/** An unforeseen error as the log may show it: what it was and where, but as a rule no text that could hold a secret or a provider's answer. */

import { GatewayError } from '../errors.ts';

/** What the log is given. */
export interface FailureDescription {
  readonly name: string;
  /** Of our own errors: one of `errors.ts`. */
  readonly code?: string;
  /** Only of errors that the engine itself words, and for developers of what they worded. */
  readonly message?: string;
  /** Where it was raised: file and line. */
  readonly frames: readonly string[];
  readonly cause?: FailureDescription;
}

/** The engine words these without values of the program; a SyntaxError quotes what it could not parse, so it is not one of them. An `OperatorNote` is written for the log. */
const wordedForTheLog = new Set(['TypeError', 'ReferenceError', 'RangeError', 'OperatorNote']);
/** It quotes what it could not parse, which may be a provider's answer. */
const quoting = 'SyntaxError';
const maxFrames = 8;
const maxCauses = 4;
const maxLength = 500;

/** Which texts a description has: `engine`: only those that the engine words; `author`: also those that connector code wrote. */
export type Wording = 'engine' | 'author';

/**
 * Describes whatever was thrown, with its causes.
 *
 * @param wording - `author` only where the values of the connection were taken out before. Default `engine`.
 */
export function describeFailure(error: unknown, wording: Wording = 'engine', depth = 0): FailureDescription {
  if (!(error instanceof Error)) return { name: typeof error, ...textOf(error, typeof error, wording), frames: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    ...(error instanceof GatewayError && { code: error.code }),
    ...textOf(error.message, error.name, wording),
    frames: frames.slice(0, maxFrames).map((line) => line.trim()),
    ...(error.cause !== undefined && depth < maxCauses && { cause: describeFailure(error.cause, wording, depth + 1) }),
  };
}

function textOf(text: unknown, name: string, wording: Wording): { readonly message?: string } {
  const isShown = wordedForTheLog.has(name) || (wording === 'author' && name !== quoting);
  return isShown && typeof text === 'string' ? { message: text.slice(0, maxLength) } : {};
}
