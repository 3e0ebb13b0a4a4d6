/** Guesses what a misspelt word was meant to be, for `did you mean`. */

/** ` (did you mean "…"?)` for the closest of the known words; empty when none is close. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const guess = nearest(word, known);
  return guess === undefined ? '' : ` (did you mean "${guess}"?)`;
}

/** The known word that takes the fewest changes, at most a third of the letters; signs and case do not count. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const folded = fold(word);
  // Nobody misspells a word this long, and the cost is quadratic.
  if (folded.length > 60) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(folded.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(folded, fold(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function fold(word: string): string {
  return word.replace(/[^0-9A-Za-z]/g, '').toLowerCase();
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
