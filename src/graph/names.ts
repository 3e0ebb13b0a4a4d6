/** How things are called in the graph (design §3): pure functions of what the connector says, so that adding one thing never renames another. */
import type { Action, Connector, Presentation } from '../connector/definition.ts';
import type { Field } from '../notation/field.ts';
import { camelCase, graphqlNamePattern, pascalCase } from '../notation/field-name.ts';

/** First part of every type name of a connector: `my_app` → `MyApp`. */
export function typePrefix(connector: Connector): string {
  return connector.graphqlName ?? pascalCase(connector.name);
}

/**
 * Name of the root field of an action, trigger or pick list: `githubIssue`, `githubCreateIssue`, `githubNewIssue`.
 * Reading actions drop one leading `get_` or `list_` (`getIssue` and `get_issue` alike), always, and nothing else.
 *
 * @returns an empty string where nothing in the key can be said.
 */
export function rootFieldName(
  connector: Connector,
  key: string,
  presentation: Presentation | undefined,
  reads: boolean,
): string {
  if (presentation?.graphqlName !== undefined) return presentation.graphqlName;
  const prefix = typePrefix(connector);
  const rest = pascalCase(reads ? withoutReadingVerb(key) : key);
  return rest === '' ? '' : prefix.charAt(0).toLowerCase() + prefix.slice(1) + rest;
}

/** Whether an action only reads, and so is a Query field. */
export function isReading(action: Action): boolean {
  return action.readOnly === true;
}

function withoutReadingVerb(key: string): string {
  return key.replace(/^(?:get|list)(?:_+(?=[^_])|(?=[A-Z]))/, '');
}

/** First part of the types that belong to a root field alone: `githubIssues` → `GithubIssues`. */
export function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * Name of the field that a reference joins: `referenceName`, or the field's name without its ending
 * (`customer_id` → `customer`, `label_ids` → `labels`), or the name itself, which then is the join and no key field stands beside it.
 */
export function joinName(field: Field): { readonly name: string; readonly beside: boolean } {
  const ending = /(?:_ids?|I[dD]s?|-ids?)$/.exec(field.name)?.[0];
  if (field.referenceName !== undefined) return { name: field.referenceName, beside: true };
  if (ending === undefined || ending === field.name) return { name: camelCase(field.name), beside: false };
  const stem = camelCase(field.name.slice(0, -ending.length));
  return { name: ending.endsWith('s') ? `${stem}s` : stem, beside: true };
}

/** Whether GraphQL can say a name; two leading underscores are its own. */
export function isName(name: string): boolean {
  return graphqlNamePattern.test(name);
}
