/** HTML made of templates in which every value is text, unless it was made by a template itself. */

/** A piece of HTML: nothing in it came from outside without being escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template; lists are joined, and `null`, `undefined` and booleans are nothing. */
export type HtmlValue = Html | string | number | boolean | null | undefined | readonly HtmlValue[];

/** Template tag: text is escaped, for elements and quoted attributes alike; `Html` stays as it is. */
export function markup(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = parts[0] ?? '';
  for (const [index, value] of values.entries()) text += asHtml(value) + (parts[index + 1] ?? '');
  return new Html(text);
}

/** Attributes with a space in front of each: `true` is the bare name; `false`, `undefined` and `null` leave it out. */
export function attributes(values: Readonly<Record<string, string | number | boolean | null | undefined>>): Html {
  let text = '';
  for (const [name, value] of Object.entries(values)) {
    if (value === true) text += ` ${name}`;
    else if (value !== undefined && value !== null && value !== false)
      text += ` ${name}="${escapeHtml(String(value))}"`;
  }
  return new Html(text);
}

function asHtml(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (value === null || value === undefined || typeof value === 'boolean') return '';
  if (typeof value === 'object') return value.map(asHtml).join('');
  return escapeHtml(String(value));
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
