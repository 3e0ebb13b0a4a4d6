/** Checks the headers of a request and lays them out for the wire. */
import { ExchangeFailure } from './exchange-failure.ts';

/**
 * Gives the headers as a flat list of names and values, the defaults first unless the request has its own.
 *
 * @param defaults - what every request carries; names in lower case.
 * @throws ExchangeFailure `request` for a name that is no token, for a value with CR, LF, NUL, another control character or
 *   a character outside Latin-1 (CWE-113), and for a header that belongs to the connection. It never shows the value.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.5
 */
export function wireHeaders(
  headers: Readonly<Record<string, string>>,
  defaults: readonly (readonly [name: string, value: string])[],
): string[] {
  const list: string[] = [];
  for (const [name, value] of defaults) {
    if (headers[name] === undefined) list.push(name, value);
  }
  for (const name in headers) {
    const value: unknown = headers[name];
    if (value === undefined) continue;
    if (!headerName.test(name))
      throw refusal(name, "has a name that is no token of letters, digits and !#$%&'*+-.^_`|~");
    if (typeof value !== 'string') throw refusal(name, `must be text; got ${value === null ? 'null' : typeof value}`);
    if (forbiddenInValue.test(value)) {
      throw refusal(name, 'has a line break, a control character or a character outside Latin-1 in its value');
    }
    if (connectionHeaders.has(name.toLowerCase())) throw refusal(name, 'belongs to the connection and cannot be set');
    list.push(name, value);
  }
  return list;
}

const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/;
/** They steer the connection or choose another host behind it: a provider is told by its URL only. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function refusal(name: string, what: string): ExchangeFailure {
  return new ExchangeFailure('request', `header ${JSON.stringify(name.slice(0, 64))} ${what}`);
}
