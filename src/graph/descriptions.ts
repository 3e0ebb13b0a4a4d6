/** The descriptions in the graph: from title, description, hint and help. */
import type { Connector, Help, Presentation } from '../connector/definition.ts';
import type { Field } from '../notation/field.ts';
import { labelize } from '../notation/labelize.ts';

/** Of a root field; never empty. */
export function describeRootField(connector: Connector, key: string, presentation: Presentation): string {
  const title = presentation.title ?? labelize(key);
  return paragraphs(
    `${title} (${connector.title ?? labelize(connector.name)}).`,
    presentation.subtitle,
    presentation.description,
    presentation.hint,
    help(presentation.help),
  );
}

/** Of a field or argument; undefined when the definition says nothing that its name does not say. */
export function describeField(field: Field, more?: string): string | undefined {
  if (field.label === undefined && field.hint === undefined && more === undefined) return undefined;
  const label = field.label === undefined || field.label === labelize(field.name) ? undefined : sentence(field.label);
  return paragraphs(label, field.hint, more) || undefined;
}

/** The choices of a list that cannot be an enum. */
export function describeChoices(choices: readonly (readonly [string, unknown, ...unknown[]])[]): string {
  const shown = choices
    .slice(0, 50)
    .map(([label, value]) => (label === String(value) ? `\`${label}\`` : `\`${String(value)}\` (${label})`));
  const more = choices.length > shown.length ? `, and ${choices.length - shown.length} more` : '';
  return `One of ${shown.join(', ')}${more}.`;
}

/** `deprecated` as GraphQL wants it. */
export function deprecationReason(deprecated: boolean | string | undefined): string | undefined {
  if (deprecated === true) return 'No longer supported';
  return deprecated === false || deprecated === '' ? undefined : deprecated;
}

/** Joins what is there; what forms show as HTML is read here as plain text. */
export function paragraphs(...texts: readonly (string | undefined)[]): string {
  const shown = new Set<string>();
  for (const text of texts) if (text) shown.add(plainText(text));
  shown.delete('');
  return [...shown].join('\n\n');
}

function plainText(text: string): string {
  return (text.includes('<') ? text.replace(/<\/?[a-zA-Z][^<>]*>/g, '') : text).trim();
}

function help(text: Help | undefined): string | undefined {
  if (text === undefined || typeof text === 'string') return text;
  return text.learnMoreUrl === undefined
    ? text.body
    : `${text.body}\n\n${text.learnMoreText ?? 'More'}: ${text.learnMoreUrl}`;
}

function sentence(text: string): string {
  return /[.!?:…]$/.test(text) ? text : `${text}.`;
}
