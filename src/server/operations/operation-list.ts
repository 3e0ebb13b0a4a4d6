/** The operations that an application has, checked against the graph that is served. */
import { hash } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { DefinitionError, type Fault } from '../../errors.ts';
import { judgeDocument, type JudgeOptions } from '../judge-document.ts';
import { fault, type ListedDocument, type ReadDocuments } from './read-documents.ts';

export interface OperationList {
  /** The text of the document with this id, or with this SHA-256 (64 hexadecimal digits). */
  readonly find: (id: string) => string | undefined;
  /** Whether this very text is listed. */
  readonly has: (text: string) => boolean;
}

/** The SHA-256 of a document's text, as clients write it: 64 hexadecimal digits. */
export function hashOf(text: string): string {
  return hash('sha256', text, 'hex');
}

/**
 * Makes a list of what was read, by one generation of the graph.
 *
 * @throws DefinitionError OPERATION_LIST_INVALID with every fault: of the reading, and of each document that is not
 *   GraphQL, asks for what the schema does not have, or for more than the limits allow.
 */
export function checkOperationList(read: ReadDocuments, schema: GraphQLSchema, options: JudgeOptions): OperationList {
  const faults: Fault[] = [...read.faults];
  const byId = new Map<string, string>();
  const byHash = new Map<string, ListedDocument>();
  for (const document of read.documents) {
    faults.push(...faultsOf(document, schema, options));
    byId.set(document.id, document.text);
    byHash.set(hashOf(document.text), document);
  }
  for (const { id, text, place } of read.documents) {
    const other = byHash.get(id);
    if (other && other.text !== text) {
      faults.push(
        fault(place, `expected an id of its own; this one is the SHA-256 of the document at ${other.place}.`),
      );
    }
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  const texts = new Set(byId.values());
  return { find: (id) => byId.get(id) ?? byHash.get(id)?.text, has: (text) => texts.has(text) };
}

function faultsOf({ text, place }: ListedDocument, schema: GraphQLSchema, options: JudgeOptions): Fault[] {
  const judged = judgeDocument(schema, text, options);
  if (!('errors' in judged)) return [];
  return judged.errors.map(({ message, locations }) => {
    const [at] = locations ?? [];
    return fault(at ? `${place}:${at.line}:${at.column}` : place, message);
  });
}
