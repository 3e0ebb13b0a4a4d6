/** Who may ask for the schema. */
import { GraphQLError, Kind, type DocumentNode, type ExecutionResult, type SelectionSetNode } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { allows, forbidden, scopeOf } from '../connection/scopes.ts';

/** Everybody, nobody, or callers with the scope `plugboard.introspect`. */
export type Introspection = boolean | 'with-scope';

/** The refusal of an operation that asks for the schema without the scope; `undefined` for every other. */
export function refuseIntrospection(document: DocumentNode, caller: Caller): ExecutionResult | undefined {
  if (allows(caller.scopes, 'introspect') || !asksForSchema(document)) return undefined;
  const error = forbidden(scopeOf('introspect'));
  return { errors: [new GraphQLError(error.message, { originalError: error, extensions: error.extensions })] };
}

/** By documents, which live as long as Apollo Server remembers them; each is looked at once. */
const known = new WeakMap<DocumentNode, boolean>();

function asksForSchema(document: DocumentNode): boolean {
  let asks = known.get(document);
  if (asks === undefined) {
    // Of every operation and fragment: the fields stand at the root, and nowhere else can they be valid.
    asks = document.definitions.some(
      (definition) => 'selectionSet' in definition && selectsSchema(definition.selectionSet),
    );
    known.set(document, asks);
  }
  return asks;
}

function selectsSchema(set: SelectionSetNode | undefined): boolean {
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === '__schema' || selection.name.value === '__type';
    return selection.kind === Kind.INLINE_FRAGMENT && selectsSchema(selection.selectionSet);
  });
}
