/** The second lock of a list of operations: it stands where documents are parsed, whatever way they came. */
import { GraphQLError } from 'graphql';
import type { GraphSource } from '../graph-source.ts';
import { notListed, type DocumentRules } from './resolve-document.ts';

/** The refusal of a document that is not listed; `undefined` for all that may be asked. */
export type RefuseUnlisted = (text: string) => GraphQLError | undefined;

/** `undefined` where documents of every kind may be asked. */
export function createDocumentLock(
  graphs: Pick<GraphSource, 'operations'>,
  { only }: Pick<DocumentRules, 'only'>,
): RefuseUnlisted | undefined {
  if (!only) return undefined;
  return (text) => {
    if (graphs.operations?.()?.has(text)) return undefined;
    const error = notListed('This operation is not on the list of this gateway');
    return new GraphQLError(error.message, { extensions: error.extensions });
  };
}
