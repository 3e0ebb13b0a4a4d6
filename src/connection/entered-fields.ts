/** What a subject enters for a connection, judged by the notation of the connector. */
import type { Connector } from '../connector/definition.ts';
import { InputError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { compileInput } from '../notation/coerce.ts';
import type { Field, Notation } from '../notation/field.ts';
import { didYouMean } from '../notation/nearest.ts';
import { isSecretField } from '../notation/secret-field.ts';

export interface EnteredFields {
  /** Coerced, by field name. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Why a value does not do, by field name; values never stand in it. */
  readonly problems: Readonly<Record<string, string>>;
}

/**
 * Judges each field by itself, so that all problems are told at once. What belongs to one way of authorizing is required
 * once the fields choose that way.
 */
export function readEnteredFields(connector: Connector, given: Readonly<Record<string, unknown>>): EnteredFields {
  const entered = readEach(connectionNotation(connector), given);
  const chosen = chosenOption(connector, entered.fields);
  if (!chosen?.fields) return hidden(entered);
  const own = readEach(chosen.fields, given);
  return hidden({
    fields: { ...entered.fields, ...own.fields },
    problems: { ...entered.problems, ...own.problems },
  });
}

function hidden({ fields, problems }: EnteredFields): EnteredFields {
  return { fields: hideFields(fields), problems };
}

function readEach(notation: Notation, given: Readonly<Record<string, unknown>>): EnteredFields {
  const fields: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const field of notation) {
    try {
      const own = withoutBlank(given, field);
      refuseNul(own);
      Object.assign(fields, compileInput([field], { keys: 'notation', path: '' })(own));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems[field.name] = error.message.replace(/^[^:]*: /, '');
    }
  }
  return { fields, problems };
}

function chosenOption({ connection }: Connector, fields: Readonly<Record<string, unknown>>) {
  const { authorization } = connection ?? {};
  if (authorization?.type !== 'multi') return undefined;
  try {
    const name = authorization.selected(fields);
    return Object.hasOwn(authorization.options, name) ? authorization.options[name] : undefined;
  } catch {
    // It may need what is not entered yet.
    return undefined;
  }
}

/** A form sends an empty text for what was left out. */
function withoutBlank(given: Readonly<Record<string, unknown>>, field: Field): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([name, value]) => value !== '' && (name === field.name || name === field.toggleField?.name),
    ),
  );
}

/** A field of the form, and the way of authorizing that alone asks for it. */
export interface AskedField {
  readonly field: Field;
  /** Name of the option; `undefined`: it is asked for whatever is chosen. */
  readonly option: string | undefined;
}

/** What a subject is asked for: the connection's fields, then those that belong to one way of authorizing, each name once. */
export function askedFields(connector: Connector): readonly AskedField[] {
  const { fields = [], authorization } = connector.connection ?? {};
  const options = authorization?.type === 'multi' ? Object.entries(authorization.options) : [];
  const all = [
    ...fields.map((field): AskedField => ({ field, option: undefined })),
    ...options.flatMap(([option, { fields: own = [] }]) => own.map((field): AskedField => ({ field, option }))),
  ];
  return all.filter(({ field }, index) => all.findIndex((other) => other.field.name === field.name) === index);
}

/** The same as one notation. Which option it will be is not known yet, so what belongs to one is required of nobody. */
export function connectionNotation(connector: Connector): Notation {
  return askedFields(connector).map(({ field, option }) =>
    option === undefined ? field : { ...field, optional: true },
  );
}

/** @throws InputError for a NUL, which no credential has and which ends texts early in other programs. */
export function refuseNul(given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string' || !value.includes('\0')) continue;
    throw new InputError('INPUT_INVALID', `${name}: expected a text without the sign NUL; got one with it.`);
  }
}

/** @throws InputError for names that are none of the fields. */
export function refuseUnknownFields(connector: Connector, given: Readonly<Record<string, unknown>>): void {
  const known = connectionNotation(connector).map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0 || connector.connection?.extendedFields) return;
  const named = unknown.map((name) => `${JSON.stringify(name)}${didYouMean(name, known)}`).join(', ');
  const message = `fields: ${connector.name} asks for ${known.join(', ') || 'nothing'}; got ${named}.`;
  throw new InputError('INPUT_INVALID', message, { connector: connector.name });
}

/** What was entered before, as a form may show it again. */
export function withoutSecrets(notation: Notation, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const secret = new Set(notation.filter(isSecretField).map(({ name }) => name));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !secret.has(name)));
}
