/** The controls of the connect form: one part of the form as HTML, without scripts. */
import type { FormPart, GroupPart, InputPart } from '../connection/connect-form.ts';
import { controlTypeOf } from '../notation/field.ts';
import { attributes, markup } from './html.ts';
import type { Html } from './html.ts';

/** What the form is filled with, and what is wrong with it. */
export interface FormState {
  /** By field name; objects nest. */
  readonly values: Readonly<Record<string, unknown>>;
  /** By path (`FormPart.path`). */
  readonly problems: Readonly<Record<string, string>>;
  /** The control that has the focus when the page opens. */
  readonly focusPath: string | undefined;
  /**
   * Where browsers must not insist on a value: in a choice between two controls, neither of which is optional by itself,
   * and in an object that may be left out as a whole.
   */
  readonly within?: 'either' | 'optional';
}

/** Renders one part. Values of secrets are never written back. */
export function renderPart(part: FormPart, state: FormState): Html {
  if ('parts' in part) return renderGroup(part, state);
  if (part.kind === 'checkbox') return renderCheckbox(part, state);
  if (part.kind === 'choices') return renderChoices(part, state);
  return markup`<div class="field">
    <label for="${controlId(part.path)}">${labelOf(part, state)}</label>
    ${notes(part, state)} ${renderControl(part, state)}
  </div>`;
}

/** Starts with a capital letter: checks word what they say after the name of the field. */
export function asSentence(problem: string): string {
  return problem.charAt(0).toUpperCase() + problem.slice(1);
}

/** The id of the control, by which a problem at the top of the page leads to it. */
export function controlId(path: string): string {
  // Lists of ids are separated by spaces, which a field's name may hold.
  return `field-${path.replace(/[^\w.-]/gu, (sign) => `_${sign.codePointAt(0)?.toString(16)}`)}`;
}

function renderGroup(part: GroupPart, state: FormState): Html {
  if (part.kind === 'either') {
    const inner = { ...state, within: 'either' } as const;
    return markup`<fieldset class="group">
      <legend>${labelOf(part, state)}</legend>
      <p class="hint">${['Fill in one of the two.', part.condition].filter(Boolean).join(' ')}</p>
      ${part.parts.map((each) => renderPart(each, inner))}
    </fieldset>`;
  }
  const isLoose = state.within !== undefined || !part.isRequired;
  const within = isLoose ? 'optional' : undefined;
  const inner = { ...state, values: objectOf(state.values[part.name]), within } as const;
  return markup`<fieldset${groupAttributes(part, state)}>
    <legend>${labelOf(part, state)}</legend>
    ${notes(part, state)} ${part.parts.map((each) => renderPart(each, inner))}
  </fieldset>`;
}

/** A group is no control, so it can have the focus only when a problem leads to it. */
function groupAttributes(part: FormPart, state: FormState): Html {
  return attributes({
    class: 'group',
    id: controlId(part.path),
    'aria-describedby': describedByOf(part, state),
    tabindex: state.problems[part.path] === undefined ? undefined : -1,
    autofocus: state.focusPath === part.path,
  });
}

function renderCheckbox(part: InputPart, state: FormState): Html {
  const isTicked = String(state.values[part.field.name]) === 'true';
  return markup`<div class="field">
    <div class="tick">
      <input${attributes({
        ...commonAttributes(part, state),
        type: 'checkbox',
        value: 'true',
        checked: isTicked,
        required: false,
      })}>
      <label for="${controlId(part.path)}">${part.label}</label>
    </div>
    ${notes(part, state)}
  </div>`;
}

function renderChoices(part: InputPart, state: FormState): Html {
  const { field, path } = part;
  const given = state.values[field.name];
  const chosen = new Set(Array.isArray(given) ? given.map(String) : textOf(given).split(field.delimiter ?? ','));
  return markup`<fieldset${groupAttributes(part, state)}>
    <legend>${labelOf(part, state)}</legend>
    ${notes(part, state)}
    ${part.choices.map(([label, value], index) => {
      const id = `${controlId(path)}-${index}`;
      const checked = chosen.has(String(value));
      return markup`<div class="tick">
        <input${attributes({ type: 'checkbox', id, name: controlName(path), value: String(value), checked })}>
        <label for="${id}">${label}</label>
      </div>`;
    })}
  </fieldset>`;
}

function renderControl(part: InputPart, state: FormState): Html {
  const value = part.isSecret ? undefined : state.values[part.field.name];
  const common = commonAttributes(part, state);
  if (part.kind === 'choice') return renderSelect(part, common, textOf(value));
  if (part.kind === 'lines' || part.kind === 'json' || isLong(part)) {
    const rows = part.kind === 'lines' ? 3 : 5;
    const shown = part.kind === 'lines' && Array.isArray(value) ? value.map(textOf).join('\n') : textOf(value);
    // The first line break after the tag is not part of the value.
    return markup`<textarea${attributes({ ...common, rows })}>
${shown}</textarea>`;
  }
  const list = part.choices.length > 0 ? `${controlId(part.path)}-choices` : undefined;
  const input = markup`<input${attributes({ ...common, ...typeOf(part), list, value: textOf(value) || undefined })}>`;
  return markup`${renderSuffixed(part, input)}${list === undefined ? undefined : renderSuggestions(part, list)}`;
}

/** What follows a subdomain stands behind its control. */
function renderSuffixed({ path, field }: InputPart, input: Html): Html {
  if (field.url === undefined) return input;
  return markup`<div class="suffixed">${input}<span id="${controlId(path)}-suffix">${field.url}</span></div>`;
}

function renderSuggestions({ choices }: InputPart, id: string): Html {
  const options = choices.map(([label, value]) => markup`<option value="${String(value)}">${label}</option>`);
  return markup`<datalist id="${id}">${options}</datalist>`;
}

function renderSelect(part: InputPart, common: Readonly<Record<string, any>>, chosen: string): Html {
  const options = part.choices.map(([label, value]) => {
    const text = String(value);
    return markup`<option${attributes({ value: text, selected: text === chosen })}>${label}</option>`;
  });
  const none = markup`<option value="">${part.isRequired ? 'Choose one' : 'None'}</option>`;
  return markup`<div class="choose"><select${attributes(common)}>${none}${options}</select></div>`;
}

/** The name under which a value is posted. */
function controlName(path: string): string {
  return `field.${path}`;
}

function commonAttributes(part: InputPart, state: FormState): Record<string, string | boolean | undefined> {
  return {
    id: controlId(part.path),
    name: controlName(part.path),
    required: part.isRequired && state.within === undefined,
    'aria-describedby': describedByOf(part, state),
    'aria-invalid': state.problems[part.path] === undefined ? undefined : 'true',
    autofocus: state.focusPath === part.path,
    // Browsers neither offer nor keep what belongs to another site.
    autocomplete: part.isSecret ? 'off' : undefined,
    autocapitalize: part.kind === 'text' ? 'none' : undefined,
    spellcheck: part.kind === 'text' || part.kind === 'json' ? 'false' : undefined,
  };
}

/** Secrets of several lines, such as private keys, lose their line breaks in a password control. */
function isLong(part: InputPart): boolean {
  return controlTypeOf(part.field)?.endsWith('text-area') ?? false;
}

function typeOf(part: InputPart): Record<string, string> {
  const { field, isSecret } = part;
  if (isSecret) return { type: 'password' };
  const control = controlTypeOf(field) ?? '';
  if (field.format !== undefined) return { type: 'text', inputmode: 'decimal' };
  if (field.type === 'integer' || control === 'integer') return { type: 'number', step: '1' };
  if (field.type === 'number' || control === 'number') return { type: 'number', step: 'any' };
  if (control === 'date_time') return { type: 'text', placeholder: '2026-01-31T09:30:00Z' };
  return { type: inputTypes[control] ?? 'text' };
}

const inputTypes: Readonly<Record<string, string>> = { email: 'email', url: 'url', phone: 'tel', date: 'date' };

function labelOf({ label, isRequired }: FormPart, { within }: FormState): Html {
  return markup`${label}${isRequired || within === 'either' ? undefined : markup` <span class="optional">(optional)</span>`}`;
}

/** What stands between the label and its control: hint, condition and problem, in this order. */
function notes(part: FormPart, state: FormState): Html {
  const id = controlId(part.path);
  const problem = state.problems[part.path];
  const hint = hintOf(part);
  return markup`${hint === '' ? undefined : markup`<p class="hint" id="${id}-hint">${hint}</p>`}
  ${problem === undefined ? undefined : markup`<p class="problem" id="${id}-problem"><span class="unseen">Problem: </span>${asSentence(problem)}</p>`}`;
}

function hintOf(part: FormPart): string {
  const form = 'field' in part ? formHints[part.kind] : undefined;
  return [part.hint, part.condition, form].filter(Boolean).join(' ');
}

const formHints: Readonly<Record<string, string | undefined>> = { lines: 'One a line.', json: 'As JSON.' };

function describedByOf(part: FormPart, state: FormState): string | undefined {
  const id = controlId(part.path);
  const ids = [
    hintOf(part) === '' ? undefined : `${id}-hint`,
    state.problems[part.path] === undefined ? undefined : `${id}-problem`,
    'field' in part && part.kind === 'text' && part.field.url !== undefined ? `${id}-suffix` : undefined,
  ].filter(Boolean);
  return ids.length > 0 ? ids.join(' ') : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
