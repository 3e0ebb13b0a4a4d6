/** What a provider is answered, as the notation says it: `responseType`, `responseBody`, `responseHeaders`, `responseStatus`. */
import type { Webhook } from '../connector/definition.ts';
import type { ChallengeAnswer } from '../connector/run-trigger.ts';

export interface WebhookAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the answers of a notation may quote. */
export interface Quotable {
  /** As it was parsed. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The answer to a webhook that was accepted: 2xx, with the body of the notation, in which `{{body.challenge}}` stands for
 * what was received. Of its headers only `x-*` are sent (contracts §2).
 *
 * @param quotable - called only where something is quoted.
 */
export function acceptedAnswer(webhook: Webhook | undefined, quotable: () => Quotable): WebhookAnswer {
  const { responseStatus, responseBody, responseHeaders = {}, responseType = 'plain' } = webhook ?? {};
  const quote = (text: string, isJson: boolean) => (text.includes('{{') ? render(text, quotable(), isJson) : text);
  const headers: Record<string, string> = {};
  if (responseBody !== undefined) headers['content-type'] = contentTypes[responseType];
  for (const [name, value] of Object.entries(responseHeaders)) {
    if (!ownHeader.test(name)) continue;
    headers[name.toLowerCase()] = headerValue(quote(value, false));
  }
  const isSuccess = responseStatus !== undefined && responseStatus >= 200 && responseStatus <= 299;
  return {
    status: isSuccess ? responseStatus : 200,
    headers,
    body: responseBody === undefined ? '' : quote(responseBody, responseType === 'json'),
  };
}

/** The answer to a handshake. It is never a page: what it repeats came from outside. */
export function challengeAnswer({ status = 200, headers = {}, body }: ChallengeAnswer): WebhookAnswer {
  const sent: Record<string, string> = { 'content-type': isJson(headers) ? contentTypes.json : contentTypes.plain };
  for (const [name, value] of Object.entries(headers)) {
    if (ownHeader.test(name)) sent[name.toLowerCase()] = headerValue(value);
  }
  return { status: status >= 200 && status <= 299 ? status : 200, headers: sent, body };
}

const contentTypes = { plain: 'text/plain; charset=utf-8', json: 'application/json; charset=utf-8' } as const;
const ownHeader = /^x-[\w-]{1,64}$/i;
/** `{{path}}` or, as mustache says it for what is not escaped, `{{{path}}}`; a brace that follows is the template's own. */
const placeholder = /\{\{\{\s*([\w$.[\]-]{1,256})\s*\}\}\}|\{\{\s*([\w$.[\]-]{1,256})\s*\}\}/g;

/** Values are put in as text; in JSON between its quotes, where they are escaped, or as a value of their own. */
function render(template: string, quotable: Quotable, asJson: boolean): string {
  return template.replace(placeholder, (whole: string, raw: string | undefined, path: string, offset: number) => {
    const value = valueAt(quotable, raw ?? path);
    if (!asJson) return textOf(value);
    const isQuoted = template[offset - 1] === '"' && template[offset + whole.length] === '"';
    return isQuoted ? JSON.stringify(textOf(value)).slice(1, -1) : (JSON.stringify(value) ?? 'null');
  });
}

/** What stands there; a name with dots, such as `hub.challenge` of a query, is found as a whole too. */
function valueAt(source: unknown, path: string): unknown {
  if (typeof source !== 'object' || source === null) return undefined;
  if (Object.hasOwn(source, path)) return (source as Record<string, unknown>)[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(source, name)) continue;
    return valueAt((source as Record<string, unknown>)[name], path.slice(dot + 1));
  }
  return undefined;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** What a header cannot say is left out. */
function headerValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '').slice(0, 1_024);
}

function isJson(headers: Readonly<Record<string, string>>): boolean {
  return Object.entries(headers).some(([name, value]) => name.toLowerCase() === 'content-type' && /json/i.test(value));
}
