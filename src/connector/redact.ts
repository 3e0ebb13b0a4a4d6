/** Takes what a connection was given out of texts that code of its connector wrote. */
import { controlTypeOf, type Field } from '../notation/field.ts';
import { isSecretField } from '../notation/secret-field.ts';
import type { ConnectionFields, Connector } from './definition.ts';

/** Gives a text back without the values. */
export type Redact = (text: string) => string;

/**
 * Takes out the values of every field that is not public. Public are what a form lets one choose and the subdomain; the
 * definition or every URL shows them.
 *
 * @param which - `secret`: only what forms hide, and what was acquired; for texts of ours that may name an address.
 */
export function redactFields(connector: Connector, fields: ConnectionFields, which: 'all' | 'secret'): Redact {
  const declared = new Map(declaredFields(connector).map((field) => [field.name, field]));
  const isHidden = (name: string) => {
    const field = declared.get(name);
    if (!field || isSecretField(field)) return true;
    return which === 'all' && !publicControls.has(controlTypeOf(field));
  };
  return redactValues(Object.keys(fields).flatMap((name) => (isHidden(name) ? textsIn(fields[name]) : [])));
}

/** Takes out the values, as they are and as a URL or JSON writes them. */
function redactValues(values: readonly string[]): Redact {
  const written = new Set(values.flatMap((value) => writtenForms(value)));
  // The longest first: a value may be a part of another one.
  const sorted = [...written].filter((value) => value.length >= shortestValue).sort((a, b) => b.length - a.length);
  return (text) => sorted.reduce((rest, value) => rest.replaceAll(value, '[redacted]'), text);
}

/** Shorter values would be found in every word. */
const shortestValue = 4;

const publicControls: ReadonlySet<string | undefined> = new Set(['select', 'multiselect', 'checkbox', 'subdomain']);

function declaredFields({ connection, registration }: Connector): readonly Field[] {
  const { fields: own = [], authorization } = connection ?? {};
  const fields = [...own, ...(registration?.fields ?? [])];
  if (authorization?.type !== 'multi') return fields;
  return [...fields, ...Object.values(authorization.options).flatMap((option) => option.fields ?? [])];
}

/** What was acquired may be an object of any depth. */
function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  if (typeof value !== 'object' || value === null || depth === maxDepth) return [];
  return Object.values(value).flatMap((item) => textsIn(item, depth + 1));
}
const maxDepth = 5;

function writtenForms(value: string): string[] {
  // Half a surrogate pair cannot be a part of a URL.
  const sendable = Buffer.from(value).toString();
  return [value, encodeURIComponent(sendable), encodeURI(sendable), JSON.stringify(value).slice(1, -1)];
}
