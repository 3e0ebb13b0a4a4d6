/** Makes the label of a field from its name. */

const acronyms = new Set(['id', 'url', 'uri']);

/**
 * A name in words, as Workato's runtime says it: split at `_`, at digits and at capitals; the first word starts with a
 * capital letter, the rest is lower case; `id`, `url`, `uri` and words in capitals stay in capitals.
 *
 * `created_at` → `Created at`, `userId` → `User ID`, `address2_line` → `Address 2 line`.
 */
export function labelize(name: string): string {
  return name
    .split(/[_\s]+|(?<!\d)(?=\d)|(?<=\d)(?!\d)|(?<![A-Z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][^A-Z0-9_])/)
    .filter((word) => word.trim() !== '')
    .map((word, index) => {
      if (/^[A-Z]+$/.test(word)) return word;
      if (acronyms.has(word.toLowerCase())) return word.toUpperCase();
      const lower = word.toLowerCase();
      return index === 0 ? lower.charAt(0).toUpperCase() + lower.slice(1) : lower;
    })
    .join(' ');
}
