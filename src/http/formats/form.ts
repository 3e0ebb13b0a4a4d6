/** `application/x-www-form-urlencoded`, with nesting as Rails writes it: `a[b]=c`, `a[]=c`. */
import { GatewayError } from '../../errors.ts';

/** Depth above which a value is taken for circular. */
const maxDepth = 32;

/**
 * Encodes a form or a query. `null` is an empty value, `undefined` is left out, dates are written in ISO 8601.
 *
 * @throws GatewayError `REQUEST_INVALID` for a value that no form can carry, naming its key.
 * @see https://url.spec.whatwg.org/#application/x-www-form-urlencoded
 */
export function encodeForm(values: Readonly<Record<string, unknown>>): string {
  let text = '';
  eachPair(values, (name, value) => {
    text += `${text === '' ? '' : '&'}${escapeForm(name)}=${escapeForm(value)}`;
  });
  return text;
}

/** The names that `encodeForm` writes, not yet escaped. */
export function formNames(values: Readonly<Record<string, unknown>>): string[] {
  const names: string[] = [];
  eachPair(values, (name) => names.push(name));
  return names;
}

/** Decodes a form into an object of strings; of a name that comes twice the last value counts. */
export function decodeForm(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) if (name !== '__proto__') values[name] = value;
  return values;
}

type Visit = (name: string, value: string) => void;

function eachPair(values: Readonly<Record<string, unknown>>, visit: Visit): void {
  for (const key of Object.keys(values)) visitValue(key, values[key], visit, 0);
}

function visitValue(name: string, value: unknown, visit: Visit, depth: number): void {
  if (depth > maxDepth) throw refused(name, `is nested deeper than ${maxDepth}, or contains itself`);
  if (value === undefined) return;
  if (value === null) return visit(name, '');
  if (typeof value === 'string') return visit(name, value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return visit(name, String(value));
  }
  if (typeof value !== 'object') throw refused(name, `is a ${typeof value}, which a form cannot carry`);
  if (value instanceof Date) return visit(name, value.toISOString());
  if (ArrayBuffer.isView(value)) throw refused(name, 'holds bytes, which a form cannot carry; use multipart');
  if (Array.isArray(value)) {
    for (const item of value) visitValue(`${name}[]`, item, visit, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    visitValue(`${name}[${key}]`, (value as Record<string, unknown>)[key], visit, depth + 1);
  }
}

const unescaped = /^[\w*.-]*$/;

function escapeForm(text: string): string {
  if (unescaped.test(text)) return text;
  try {
    return encodeURIComponent(text)
      .replaceAll('%20', '+')
      .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    // encodeURIComponent refuses half of a surrogate pair: no UTF-8 can say it.
    throw new GatewayError(
      'REQUEST_INVALID',
      'A name or value of a form holds half of a surrogate pair (no valid text).',
    );
  }
}

function refused(name: string, reason: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', `The form field ${JSON.stringify(name)} ${reason}.`);
}
