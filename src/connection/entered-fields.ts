/** What a subject enters for a connection, judged by the notation of the connector. */
import type { Connector } from '../connector/definition.ts';
import { InputError } from '../errors.ts';
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

/** Judges each field by itself, so that all problems are told at once. */
export function readEnteredFields(notation: Notation, given: Readonly<Record<string, unknown>>): EnteredFields {
  const fields: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const field of notation) {
    try {
      Object.assign(fields, compileInput([field], { keys: 'notation', path: '' })(withoutBlank(given, field)));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems[field.name] = error.message.replace(/^[^:]*: /, '');
    }
  }
  return { fields, problems };
}

/** A form sends an empty text for what was left out. */
function withoutBlank(given: Readonly<Record<string, unknown>>, field: Field): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([name, value]) => value !== '' && (name === field.name || name === field.toggleField?.name),
    ),
  );
}

/** What a subject is asked for: the connection's fields, and those that belong to one way of authorizing. */
export function connectionNotation(connector: Connector): Notation {
  const { fields = [], authorization } = connector.connection ?? {};
  const options = authorization?.type === 'multi' ? Object.values(authorization.options) : [];
  // Which option it will be is not known yet, so what belongs to one of them is asked of nobody as required.
  const ofOptions = options.flatMap((option) => (option.fields ?? []).map((field) => ({ ...field, optional: true })));
  return [...fields, ...ofOptions.filter(({ name }) => !fields.some((field) => field.name === name))];
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
