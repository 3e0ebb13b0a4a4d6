/** Which subscriptions are the same: what their results depend on, as text. */
import { Kind, print, visit, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { everyScope, type Scopes } from '../connection/scopes.ts';

/** What resolvers of shared subscriptions know of a caller: nothing else than the key holds. */
export type SharedCaller = Pick<Caller, 'tenant' | 'subject' | 'scopes'>;

export interface SharedOperation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Id of the feed. */
  readonly feed: string;
  /** Id of the connection that the feed uses. */
  readonly connection: string | undefined;
  readonly caller: SharedCaller;
}

/**
 * Two subscriptions with one key, asked of one generation of the graph, have the same result for the same event. Where
 * they begin is left out: `after` of the root field, and a variable that stands nowhere else.
 */
export function sharingKey({ document, operationName, variables = {}, ...others }: SharedOperation): string {
  const { feed, connection, caller } = others;
  const { text, resumeVariables } = shareable(document, operationName ?? undefined);
  const given = Object.entries(variables).filter(([name]) => !resumeVariables.has(name));
  return JSON.stringify([
    feed,
    connection ?? null,
    caller.tenant,
    caller.subject ?? null,
    scopesText(caller.scopes),
    operationName ?? null,
    text,
    inOrder(Object.fromEntries(given)),
  ]);
}

interface ShareableDocument {
  /** Without the place at which it begins. */
  readonly text: string;
  /** Variables that say nothing but where it begins. */
  readonly resumeVariables: ReadonlySet<string>;
}

/** By document and name of the operation; a server remembers the documents that it has parsed. */
const shareables = new WeakMap<DocumentNode, Map<string | undefined, ShareableDocument>>();

function shareable(document: DocumentNode, operationName: string | undefined): ShareableDocument {
  let known = shareables.get(document);
  if (!known) shareables.set(document, (known = new Map()));
  let found = known.get(operationName);
  if (!found) known.set(operationName, (found = withoutPlace(document, operationName)));
  return found;
}

function withoutPlace(document: DocumentNode, operationName: string | undefined): ShareableDocument {
  const operation = document.definitions.find(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      (operationName === undefined || definition.name?.value === operationName),
  );
  if (!operation) return { text: print(document), resumeVariables: new Set() };
  const places = new Set<string>();
  // A root field in a fragment keeps its `after`: it is shared with fewer, and that is all.
  const selections = operation.selectionSet.selections.map((selection) => {
    if (selection.kind !== Kind.FIELD) return selection;
    const { arguments: given = [] } = selection;
    for (const { name, value } of given) {
      if (name.value === 'after' && value.kind === Kind.VARIABLE) places.add(value.name.value);
    }
    return { ...selection, arguments: given.filter(({ name }) => name.value !== 'after') };
  });
  const placeless = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
  const definitions = document.definitions.map((definition) => (definition === operation ? placeless : definition));
  const rest: DocumentNode = { ...document, definitions };
  visit(rest, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void places.delete(name.value),
  });
  return { text: print(rest), resumeVariables: places };
}

/** Who may do everything is known by identity, and is no other than itself. */
function scopesText(scopes: Scopes): unknown {
  return scopes === everyScope ? 'every' : [...scopes].sort();
}

/** Equal values give equal text, in whatever order their keys came; an object is marked, so that no list gives its text. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { object: entries.map(([key, each]) => [key, inOrder(each)]) };
}
