/** Judges answers by status, text and pattern, without letting a provider's text hold up the process (safety X7). */
import { createContext, Script } from 'node:vm';
import type { RequestMatcher } from './request.ts';

/** Signs of a pattern, at most; longer ones are refused at start and match nothing. */
export const maxPatternLength = 256;
/** Signs of a text that are looked at. */
const maxTextLength = 64 * 1024;
/** The longest that one pattern may take. */
const patternTimeMs = 25;

/**
 * Whether one of the matchers names the answer: a number is its status, a string a part of a text, a pattern is searched
 * for in the first 64 KiB of each text. A pattern that takes longer than 25 ms matches nothing.
 */
export function matchesAnswer(matchers: readonly RequestMatcher[], status: number, texts: readonly string[]): boolean {
  return matchers.some((matcher) => {
    if (typeof matcher === 'number') return matcher === status;
    return texts.some((text) =>
      matchesText(matcher, text.length > maxTextLength ? text.slice(0, maxTextLength) : text),
    );
  });
}

function matchesText(matcher: string | RegExp, text: string): boolean {
  if (typeof matcher === 'string') return matcher.length <= maxPatternLength && text.includes(matcher);
  if (matcher.source.length > maxPatternLength) return false;
  matcher.lastIndex = 0;
  return isQuick(matcher, text.length) ? matcher.test(text) : testWithinTime(matcher, text);
}

/** With one repetition the work grows with the square of the text at worst; with more, or nested, there is no bound. */
function isQuick(pattern: RegExp, textLength: number): boolean {
  const repetitions = pattern.source.match(/[*+]|\{\d+,\d*\}|\\[1-9k]/g)?.length ?? 0;
  return repetitions === 0 || (repetitions === 1 && textLength <= 2048);
}

let watched: { readonly script: Script; readonly context: { pattern: RegExp; text: string } } | undefined;

/** V8 looks at the clock of a script even inside a regular expression; nothing else can stop one. */
function testWithinTime(pattern: RegExp, text: string): boolean {
  watched ??= {
    script: new Script('pattern.test(text)'),
    context: createContext({ pattern, text }) as { pattern: RegExp; text: string },
  };
  const { script, context } = watched;
  context.pattern = pattern;
  context.text = text;
  try {
    return script.runInContext(context, { timeout: patternTimeMs }) === true;
  } catch {
    return false;
  } finally {
    context.text = '';
  }
}
