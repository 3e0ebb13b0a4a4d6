/** Says in one line why a file could not be loaded. */
import { describe } from './check-keys.ts';

/** e.g. `ParseError: Unexpected token (line 2, column 0)`, `RangeError: no key`; errors of other realms count too. */
export function loadFailure(error: unknown): string {
  if (typeof (error as Error | undefined)?.message !== 'string') return describe(error);
  const { name, message } = error as Error;
  const [first = '', second = ''] = message.split('\n', 2).map((line) => line.trim());
  // The parser's own message begins with its name, and its second line says where.
  const reason = /^\w*Error: /.test(first) ? first : `${name}: ${first}`;
  const place = /:(\d+):(\d+)$/.exec(second);
  return place ? `${reason} (line ${place[1]}, column ${place[2]})` : reason;
}
