/** Any text as one that every store keeps as it is: what providers send may hold NUL or half a surrogate pair. */

/** Begins a text that is kept as JSON. */
const escaped = '\u0001';

/** Nearly every text is its own; PostgreSQL refuses NUL, and UTF-8 cannot say half a surrogate pair. */
export function writeText(text: string): string {
  const isKeptAsItIs = text.isWellFormed() && !text.includes('\0') && !text.startsWith(escaped);
  return isKeptAsItIs ? text : escaped + JSON.stringify(text);
}

/** The text that `writeText` was given. */
export function readText(kept: string): string {
  return kept.startsWith(escaped) ? (JSON.parse(kept.slice(1)) as string) : kept;
}
