/** Checks the patterns that judge what a provider sends: their length is bounded (safety X7). */
import type { ErrorCode } from '../errors.ts';
import { maxPatternLength } from '../http/matcher.ts';
import type { Report } from './check-keys.ts';

/** Reports patterns that are too long; what is no list of matchers is reported with its key. */
export function checkPatterns(matchers: unknown, path: string, code: ErrorCode, report: Report): void {
  if (!Array.isArray(matchers)) return;
  for (const [index, matcher] of (matchers as readonly unknown[]).entries()) {
    if (!(matcher instanceof RegExp) || matcher.source.length <= maxPatternLength) continue;
    const message = `expected a pattern of at most ${maxPatternLength} characters; got ${matcher.source.length}.`;
    report({ code, path: `${path}[${index}]`, message });
  }
}
