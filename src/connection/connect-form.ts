/** What a person is asked to enter: the parts of the form that a notation makes, and what a posted form says (pure). */
import { choicesOf, controlTypeOf, elementTypeOf, resolveProperties } from '../notation/field.ts';
import type { Field, Notation, Objects, StaticChoice } from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';
import { isSecretField } from '../notation/secret-field.ts';

/** One question of the form, or several under one heading. */
export type FormPart = InputPart | GroupPart;

interface Part {
  /** Names of the fields from the outside in, joined by dots: the name of the control, and the key of its problem. */
  readonly path: string;
  readonly label: string;
  readonly hint: string | undefined;
  /** A form without scripts shows every field, so one that only some answers ask for (`ngIf`) is not required here. */
  readonly isRequired: boolean;
  /** In words, when it is asked for: `Only if Kind is Issue.` */
  readonly condition: string | undefined;
}

export interface InputPart extends Part {
  /** `lines` is a list, one value a line; `json` is anything that has no other control. */
  readonly kind: 'text' | 'checkbox' | 'choice' | 'choices' | 'lines' | 'json';
  readonly field: Field;
  readonly isSecret: boolean;
  /** What can be chosen; for a `text` what is suggested. */
  readonly choices: readonly StaticChoice[];
}

export interface GroupPart extends Part {
  /** The fields of one object, or two ways to give one value. */
  readonly kind: 'object' | 'either';
  readonly name: string;
  readonly parts: readonly FormPart[];
}

/**
 * Gives the parts of a form in the order of the notation. Names of connector objects are looked up in `objects`; pick
 * lists that only the provider knows become plain text, because nobody is connected yet.
 */
export function formParts(notation: Notation, objects?: Objects, parent = ''): readonly FormPart[] {
  return notation.map((field) => {
    const part = partOf(field, notation, objects, parent);
    const toggle = field.toggleField;
    if (!toggle) return part;
    if (toggle.name === field.name) return freerForm(part, toggle, notation, objects, parent);
    const other = partOf(toggle, notation, objects, parent);
    const parts = [part, other].map((each) => ({ ...each, isRequired: false }));
    const label = part.label === other.label ? part.label : `${part.label} or ${other.label}`;
    return { ...part, hint: undefined, kind: 'either', name: field.name, label, parts } satisfies GroupPart;
  });
}

/** The form's texts, by control name; what was left empty is absent. */
export type PostedTexts = Readonly<Record<string, string>>;

/**
 * Reads what was posted, by field name and nested as the notation says. Texts stay texts (`compileInput` converts them);
 * lists, choices, JSON and check boxes become what they mean. A check box that is absent was not ticked: `false`.
 */
export function readPostedForm(notation: Notation, posted: PostedTexts, objects?: Objects): Record<string, unknown> {
  return readParts(formParts(notation, objects), posted);
}

function partOf(field: Field, siblings: Notation, objects: Objects | undefined, parent: string): FormPart {
  const path = parent + field.name;
  const part: Part = {
    path,
    label: field.label ?? labelize(field.name),
    hint: field.hint,
    isRequired: field.optional === false && field.ngIf === undefined,
    condition: field.ngIf === undefined ? undefined : conditionOf(field.ngIf, siblings),
  };
  const properties = field.type === 'object' ? resolveProperties(field, objects) : undefined;
  if (properties) {
    return { ...part, kind: 'object', name: field.name, parts: formParts(properties, objects, `${path}.`) };
  }
  return { ...part, kind: kindOf(field), field, isSecret: isSecretField(field), choices: choicesOf(field) ?? [] };
}

function kindOf(field: Field): InputPart['kind'] {
  const control = controlTypeOf(field);
  const hasChoices = choicesOf(field) !== undefined;
  if (hasChoices && (control === 'multiselect' || field.type === 'array')) return 'choices';
  if (field.type === 'array') return isScalar(elementTypeOf(field)) ? 'lines' : 'json';
  if (field.type === 'object') return 'json';
  if (hasChoices) return 'choice';
  return field.type === 'boolean' || control === 'checkbox' ? 'checkbox' : 'text';
}

function isScalar(type: string): boolean {
  return type !== 'object' && type !== 'array';
}

/** A toggle of the same name gives the same value freely: one text with the choices as suggestions says both. */
function freerForm(
  part: FormPart,
  toggle: Field,
  siblings: Notation,
  objects: Objects | undefined,
  parent: string,
): FormPart {
  const freer = partOf(toggle, siblings, objects, parent);
  const words = { label: part.label, hint: freer.hint ?? part.hint, isRequired: part.isRequired };
  const suggested = 'choices' in part && freer.kind === 'text' ? { choices: part.choices } : {};
  return { ...freer, ...words, ...suggested };
}

/** Conditions that compare one field with one value are told in words; the others only as something that may be left out. */
function conditionOf(condition: string, siblings: Notation): string {
  const [, name, operator, , value] = comparison.exec(condition) ?? [];
  const field = siblings.find((each) => each.name === name);
  if (!field || value === undefined) return 'Not always needed.';
  const shown = choicesOf(field)?.find(([, choice]) => String(choice) === value)?.[0] ?? value;
  return `Only if ${field.label ?? labelize(field.name)} is ${operator?.startsWith('!') ? 'not ' : ''}${shown}.`;
}

/** `input.kind == "issue"` */
const comparison = /^\s*(?:input\.)?(\w{1,64})\s*([=!]==?)\s*(["']?)([^"'&|()]{1,64}?)\3\s*$/;

function readParts(parts: readonly FormPart[], posted: PostedTexts): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const part of parts) {
    if ('parts' in part && part.kind === 'either') {
      Object.assign(values, readParts(part.parts, posted));
    } else if ('parts' in part) {
      const inner = readParts(part.parts, posted);
      // Check boxes that nobody ticked do not make an object out of nothing.
      if (part.isRequired || Object.values(inner).some((value) => value !== false)) values[part.name] = inner;
    } else {
      const value = readInput(part, Object.hasOwn(posted, part.path) ? posted[part.path] : undefined);
      if (value !== undefined) values[part.field.name] = value;
    }
  }
  return values;
}

function readInput({ kind, field, choices }: InputPart, text: string | undefined): unknown {
  if (kind === 'checkbox') return text === 'true';
  if (text === undefined || text.trim() === '') return undefined;
  if (kind === 'choice') return choiceOf(choices, text);
  if (kind === 'json') return parsed(text);
  if (kind === 'text') return text;
  const lines = linesOf(text);
  if (kind === 'lines') return lines;
  return field.type === 'array' ? lines.map((line) => choiceOf(choices, line)) : lines.join(field.delimiter ?? ',');
}

/** One value a line, without blank ones. */
function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The value as the notation has it; an unknown one stays text, and is refused where the value is checked. */
function choiceOf(choices: readonly StaticChoice[], text: string): unknown {
  return choices.find(([, value]) => String(value) === text)?.[1] ?? text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
