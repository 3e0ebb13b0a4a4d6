/** Reads the Link header (RFC 8288 §3), in one pass whatever stands in it. */

/**
 * The target of the first link with this relation type; `undefined` when there is none, or the header cannot be read so far.
 *
 * @param relation - in small letters, e.g. `next`.
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function linkTarget(header: string, relation: string): string | undefined {
  let at = 0;
  while (at < header.length) {
    at = skip(header, at, linkSeparators);
    if (header[at] !== '<') return undefined;
    const end = header.indexOf('>', at);
    if (end < 0) return undefined;
    const target = header.slice(at + 1, end);
    const parameters = readParameters(header, end + 1);
    if (
      parameters.relations
        .toLowerCase()
        .split(/[ \t]+/)
        .includes(relation)
    )
      return target;
    at = parameters.end;
  }
  return undefined;
}

const blanks = /[ \t]*/y;
const linkSeparators = /[ \t,]*/y;
const parameterName = /[^\s=;,"<>]+/y;
const plainValue = /[^\s;,"]*/y;

/** The parameters of one link. Only the first `rel` counts (§3.3). */
function readParameters(header: string, start: number): { readonly relations: string; readonly end: number } {
  let relations: string | undefined;
  let at = skip(header, start, blanks);
  while (header[at] === ';') {
    at = skip(header, at + 1, blanks);
    const nameEnd = skip(header, at, parameterName);
    const name = header.slice(at, nameEnd).toLowerCase();
    at = skip(header, nameEnd, blanks);
    let value = '';
    if (header[at] === '=') [value, at] = readValue(header, skip(header, at + 1, blanks));
    if (name === 'rel') relations ??= value;
    at = skip(header, at, blanks);
  }
  return { relations: relations ?? '', end: at };
}

function readValue(header: string, start: number): [value: string, end: number] {
  if (header[start] !== '"') {
    const end = skip(header, start, plainValue);
    return [header.slice(start, end), end];
  }
  let value = '';
  let at = start + 1;
  for (; at < header.length && header[at] !== '"'; at++) {
    if (header[at] === '\\') at++;
    value += header[at] ?? '';
  }
  return [value, at + 1];
}

/** Where the text goes on after what the pattern takes at this place. */
function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
