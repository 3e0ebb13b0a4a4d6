/** Says in one line why a file could not be loaded, and in which file the reason lies. */
import { describe } from './check-keys.ts';

export interface LoadFailure {
  /** e.g. `ParseError: Unexpected token (line 2, column 0)`, `RangeError: no key`. */
  readonly reason: string;
  /** The file that cannot be parsed, where the parser says: not always the one that was asked for. */
  readonly file?: string;
}

/** Errors of other realms count too. */
export function loadFailure(error: unknown): LoadFailure {
  if (typeof (error as Error | undefined)?.message !== 'string') return { reason: describe(error) };
  const { name, message } = error as Error;
  const [first = '', second = ''] = message.split('\n', 2).map((line) => line.trim());
  // The parser's own message begins with its name, and its second line says where.
  const reason = /^\w*Error: /.test(first) ? first : `${name}: ${first}`;
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(second) ?? [];
  if (line === undefined) return { reason };
  return { reason: `${reason} (line ${line}, column ${column})`, ...(file && { file }) };
}
