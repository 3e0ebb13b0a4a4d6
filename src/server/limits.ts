/** Measures operations before they are validated, and refuses those that ask for too much. */
import { GraphQLError, Kind } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode } from 'graphql';

/** What one operation may ask for. Fragments count as often as they are spread. */
export interface OperationLimits {
  /** Fields inside fields, leaves included; below `__schema` and `__type` graphql-js has a rule of its own. Default 15. */
  readonly depth: number;
  /** Aliases per operation. Default 30. */
  readonly aliases: number;
  /** Directives on the operation, its variables, its fields and its fragments. Default 10. */
  readonly directives: number;
  /** Fields at the root, of all operations in the document together. Default 20. */
  readonly rootFields: number;
  /** Fields per operation. Default 2 000. */
  readonly fields: number;
  /**
   * Fields that repeat a response name of their own selection set. Default 30.
   * Comparing them is quadratic in the rule "overlapping fields can be merged": 500 cost 300 ms (measured).
   */
  readonly repeats: number;
  /** Lexical tokens in the document, counted by the parser. Default 2 000. */
  readonly tokens: number;
}

export const defaultLimits: OperationLimits = {
  depth: 15,
  aliases: 30,
  directives: 10,
  rootFields: 20,
  fields: 2_000,
  repeats: 30,
  tokens: 2_000,
};

/**
 * Measures every operation of a document in one walk.
 *
 * Each fragment is walked once and its size reused, so that a chain of fragments that doubles at each link costs no
 * more than its text. Circular fragments count once here; validation refuses them.
 *
 * @returns one OPERATION_TOO_LARGE error per exceeded limit, with `limit`, `max` and `actual`; empty when all is well.
 */
export function exceededLimits(document: DocumentNode, limits: OperationLimits): GraphQLError[] {
  const measure = measurer(document);
  const sizes: Size[] = [];
  const operations: OperationDefinitionNode[] = [];
  let rootFields = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure(definition.selectionSet);
    size.directives += directivesBeside(definition);
    rootFields += size.rootFields;
    sizes.push(size);
    operations.push(definition);
  }
  const errors: GraphQLError[] = [];
  for (const limit of perOperation) {
    const worst = sizes.reduce((worst, size, index) => (size[limit] > sizes[worst]![limit] ? index : worst), 0);
    const actual = sizes[worst]?.[limit] ?? 0;
    if (actual > limits[limit]) errors.push(tooLarge(limit, limits[limit], actual, operations[worst]));
  }
  if (rootFields > limits.rootFields) errors.push(tooLarge('rootFields', limits.rootFields, rootFields));
  return errors;
}

/** The error for a document with more tokens than the parser may read; it stops there, so the real count is unknown. */
export function tooManyTokens(max: number): GraphQLError {
  return new GraphQLError(`The document has more than ${max} tokens, which is the limit. ${advice.tokens}`, {
    extensions: { code: 'OPERATION_TOO_LARGE', limit: 'tokens', max, actual: null },
  });
}

interface Size {
  depth: number;
  aliases: number;
  directives: number;
  fields: number;
  repeats: number;
  rootFields: number;
}

const perOperation = ['depth', 'aliases', 'directives', 'fields', 'repeats'] as const;

const what: Record<keyof Size, (actual: number) => string> = {
  depth: (actual) => `is ${actual} levels deep`,
  aliases: (actual) => `has ${count(actual)} aliases`,
  directives: (actual) => `has ${count(actual)} directives`,
  fields: (actual) => `has ${count(actual)} fields, with its fragments in place`,
  repeats: (actual) => `repeats fields ${count(actual)} times beside themselves`,
  rootFields: (actual) => `has ${count(actual)} root fields`,
};

const advice: Record<keyof OperationLimits, string> = {
  depth: 'Ask for the deeper part in a second operation.',
  aliases: 'Ask for many things of a kind through a list field, or in several operations.',
  directives: 'Leave out the directives that change nothing, or split the operation.',
  fields: 'Split the operation, and spread large fragments fewer times.',
  repeats: 'Name each field once per selection set.',
  rootFields: 'Split the document into several operations and send each alone.',
  tokens: 'Split the operation, and send values as variables.',
};

function tooLarge(limit: keyof Size, max: number, measured: number, operation?: OperationDefinitionNode): GraphQLError {
  const actual = Math.min(measured, Number.MAX_SAFE_INTEGER);
  const name = operation?.name ? `operation "${operation.name.value}"` : operation ? 'operation' : 'document';
  return new GraphQLError(`The ${name} ${what[limit](actual)}; the limit is ${max}. ${advice[limit]}`, {
    nodes: operation,
    extensions: { code: 'OPERATION_TOO_LARGE', limit, max, actual },
  });
}

function count(actual: number): string {
  return actual >= Number.MAX_SAFE_INTEGER ? `more than ${Number.MAX_SAFE_INTEGER}` : String(actual);
}

function directivesBeside(operation: OperationDefinitionNode): number {
  let directives = operation.directives?.length ?? 0;
  for (const variable of operation.variableDefinitions ?? []) directives += variable.directives?.length ?? 0;
  return directives;
}

/** Gives the function that measures a selection set of this document; sizes of fragments are kept between its calls. */
function measurer(document: DocumentNode): (selections: SelectionSetNode) => Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const sizes = new Map<string, Size>();

  function measureFragment(name: string): Size {
    const known = sizes.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    if (!fragment) return nothing;
    // Stands for the fragment while it is being walked: a circle ends here.
    sizes.set(name, nothing);
    const size = measure(fragment.selectionSet);
    size.directives += fragment.directives?.length ?? 0;
    sizes.set(name, size);
    return size;
  }

  function measure(set: SelectionSetNode): Size {
    const size: Size = { depth: 0, aliases: 0, directives: 0, fields: 0, repeats: 0, rootFields: 0 };
    const names = new Set<string>();
    for (const selection of set.selections) {
      size.directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        const isIntrospection = selection.name.value === '__schema' || selection.name.value === '__type';
        names.add((selection.alias ?? selection.name).value);
        if (selection.alias) size.aliases += 1;
        size.fields += 1;
        size.rootFields += 1;
        const inner = selection.selectionSet ? measure(selection.selectionSet) : nothing;
        add(size, inner, isIntrospection ? 1 : 1 + inner.depth);
      } else {
        const inner =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? measureFragment(selection.name.value)
            : measure(selection.selectionSet);
        size.rootFields += inner.rootFields;
        add(size, inner, inner.depth);
      }
    }
    const ownFields = set.selections.reduce((sum, selection) => sum + (selection.kind === Kind.FIELD ? 1 : 0), 0);
    size.repeats += ownFields - names.size;
    return size;
  }
  return measure;
}

const nothing: Readonly<Size> = { depth: 0, aliases: 0, directives: 0, fields: 0, repeats: 0, rootFields: 0 };

function add(size: Size, inner: Readonly<Size>, depth: number): void {
  size.aliases += inner.aliases;
  size.directives += inner.directives;
  size.fields += inner.fields;
  size.repeats += inner.repeats;
  if (depth > size.depth) size.depth = depth;
}
