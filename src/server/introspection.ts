/** Who may ask for the schema. */
import { GraphQLError, Kind, type DocumentNode, type ExecutionResult, type SelectionSetNode } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { InputError } from '../errors.ts';
import { allows, forbidden, scopeOf } from '../connection/scopes.ts';

/** Everybody, nobody, or callers with the scope `plugboard.introspect`. */
export type Introspection = boolean | 'with-scope';

/**
 * The refusal of an operation that asks for the schema where nobody may, or without the scope; `undefined` for every other.
 * Documents with `__schema` or `__type` where nobody may are found by validation already.
 */
export function refuseIntrospection(
  document: DocumentNode,
  caller: Caller,
  introspection: Introspection,
): ExecutionResult | undefined {
  if (introspection === true || !asksForSchema(document)) return undefined;
  if (introspection === 'with-scope' && allows(caller.scopes, 'introspect')) return undefined;
  const message = 'The SDL is not shown by this gateway. Set `introspection: true` to serve it.';
  const error = introspection === false ? new InputError('NOT_SERVED', message) : forbidden(scopeOf('introspect'));
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
    if (selection.kind === Kind.FIELD) return schemaFields.has(selection.name.value);
    return selection.kind === Kind.INLINE_FRAGMENT && selectsSchema(selection.selectionSet);
  });
}

/** Only subgraphs have a field `_service`. */
const schemaFields: ReadonlySet<string> = new Set(['__schema', '__type', '_service']);
