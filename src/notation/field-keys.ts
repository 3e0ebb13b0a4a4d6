/** The keys that a field may have, and the kind of value that each takes. */
import type { Field } from './field.ts';

/** What a key takes, and how an error says it. */
export interface KeyKind {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const text: KeyKind = { expected: 'a string', accepts: (value) => typeof value === 'string' };
const flag: KeyKind = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
const reason: KeyKind = {
  expected: 'true, false or a reason',
  accepts: (value) => typeof value === 'boolean' || typeof value === 'string',
};
/** Judged by checks of their own. */
const anything: KeyKind = { expected: 'anything', accepts: () => true };
const choices: KeyKind = {
  expected: 'a list of [label, value], the value a string, number or boolean',
  accepts: isChoices,
};

/** Every key of the notation. */
export const fieldKeys: Readonly<Record<keyof Field, KeyKind>> = {
  name: anything,
  label: text,
  hint: text,
  optional: flag,
  type: anything,
  of: anything,
  properties: anything,
  controlType: text,
  format: oneOf('int64', 'decimal'),
  references: {
    expected: 'the name of an object, or connector.object',
    accepts: (value) => typeof value === 'string' && /^[A-Za-z]\w*(\.[A-Za-z]\w*)?$/.test(value),
  },
  referenceName: text,
  graphqlName: text,
  directives: {
    expected: 'a list of directives as SDL has them, e.g. ["@shareable"]',
    accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string' && each.startsWith('@')),
  },
  default: anything,
  pickList: {
    expected: `${choices.expected}, or the name of a pick list`,
    accepts: (value) => isChoices(value) || (typeof value === 'string' && value !== ''),
  },
  pickListParams: {
    expected: 'an object of strings',
    accepts: (value) => isRecord(value) && Object.values(value).every((name) => typeof name === 'string'),
  },
  options: choices,
  delimiter: { expected: 'a string that is not empty', accepts: (value) => typeof value === 'string' && value !== '' },
  sticky: flag,
  convertInput: anything,
  convertOutput: anything,
  renderInput: anything,
  parseOutput: anything,
  toggleHint: text,
  toggleField: anything,
  deprecated: reason,
  changeOnBlur: flag,
  supportPills: flag,
  custom: flag,
  extendsSchema: flag,
  schemaNeutral: flag,
  listMode: oneOf('static', 'dynamic'),
  listModeToggle: flag,
  itemLabel: text,
  addFieldLabel: text,
  emptySchemaMessage: text,
  sampleDataType: oneOf('json_input', 'csv', 'xml'),
  ngIf: text,
  treeOptions: { expected: 'an object of true or false', accepts: isFlags },
  url: text,
  emptyListTitle: text,
  emptyListText: text,
};

/** A value in a message about a definition: short, and never the whole of something large. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** An object literal or anything like it. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneOf(...words: readonly string[]): KeyKind {
  return {
    expected: words.length === 2 ? `"${words.join('" or "')}"` : `one of ${words.join(', ')}`,
    accepts: (value) => words.includes(value as string),
  };
}

function isChoices(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (choice) =>
        Array.isArray(choice) &&
        typeof choice[0] === 'string' &&
        ['string', 'number', 'boolean'].includes(typeof choice[1]),
    )
  );
}

function isFlags(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((flagged) => typeof flagged === 'boolean');
}
