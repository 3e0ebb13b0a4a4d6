/** Names in the graph, made from the names of the provider: a pure function of the name (design §3). */
import type { Field } from './field.ts';

/** What GraphQL can say as a name; two underscores in front are reserved for introspection. */
export const graphqlNamePattern = /^(?!__)[_A-Za-z][_0-9A-Za-z]*$/;

/** The name of a field in the graph: its `graphqlName`, else the camelCase of its `name`. */
export function fieldName(field: Pick<Field, 'name' | 'graphqlName'>): string {
  return field.graphqlName ?? camelCase(field.name);
}

/**
 * `created_at` → `createdAt`, `Issue-ID` → `issueId`, `+1` → `plus1`, `-1` → `minus1`, `1st` → `_1st`. Capitals inside a
 * word stay (`userID`). Empty when nothing in the name can be said; GraphQL then needs a `graphqlName`.
 */
export function camelCase(name: string): string {
  const [first = '', ...rest] = nameWords(name);
  return withoutLeadingDigit(first + rest.map(capitalize).join(''));
}

/** `my_app` → `MyApp`, `+1` → `Plus1`, `1st` → `_1st`. */
export function pascalCase(name: string): string {
  return withoutLeadingDigit(nameWords(name).map(capitalize).join(''));
}

/** `in progress` → `IN_PROGRESS`, `notPlanned` → `NOT_PLANNED`, `+1` → `PLUS1`, `3d` → `_3D`. */
export function screamingSnakeCase(name: string): string {
  const words = nameWords(name).flatMap((word) => word.split(/(?<=[a-z0-9])(?=[A-Z])/));
  return withoutLeadingDigit(words.map((word) => word.toUpperCase()).join('_'));
}

/** The words of a name, each beginning with a small letter, in letters and digits of ASCII. */
function nameWords(name: string): string[] {
  // Nearly every name of every provider; the long way takes twenty times as long.
  if (/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name)) return name.split('_');
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/^-(?=\d)/, ' minus')
    .replace(/[+%&@#$ßæøÆØ]/g, (sign) => signs[sign] ?? ' ')
    .split(/[^0-9A-Za-z]+/)
    .filter((word) => word !== '')
    .map(lowerStart);
}

/** Signs that tell two names of one provider apart (`+1` and `-1`, `@id` and `id`) and letters that do not decompose. */
const signs: Readonly<Record<string, string>> = {
  '+': ' plus',
  '%': ' percent ',
  '&': ' and ',
  '@': ' at ',
  '#': ' hash ',
  $: ' dollar ',
  ß: 'ss',
  æ: 'ae',
  ø: 'o',
  Æ: 'Ae',
  Ø: 'O',
};

/** `HTMLUrl` → `htmlUrl`, `ID` → `id`, `Name` → `name`. */
function lowerStart(word: string): string {
  if (/^[A-Z0-9]+$/.test(word)) return word.toLowerCase();
  return word.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]/, (start) => start.toLowerCase());
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function withoutLeadingDigit(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}
