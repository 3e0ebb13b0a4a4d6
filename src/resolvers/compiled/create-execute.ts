/** Executes the operations of one generation of the graph: compiled where they can be, and by graphql-js where they cannot. */
import { execute, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { compileOperation, type CompiledOperation, type ExecutionArguments } from './compile-operation.ts';

/** One validated operation. */
export interface AskedExecution extends ExecutionArguments {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
}

/** A result where nothing had to be waited for, else a promise of it. @throws what graphql-js's `execute` throws */
export type Execute = (asked: AskedExecution) => ExecutionResult | Promise<ExecutionResult>;

/** Fields of all operations that are kept compiled: some 50 MiB at the most. */
const maxKeptFields = 100_000;
/** What a document counts beside its fields. */
const documentSize = 20;

/** What is kept of a document, by the name of the operation; `undefined` is left to graphql-js. */
interface KeptDocument {
  readonly operations: Map<string | null, CompiledOperation | undefined>;
  size: number;
}

/**
 * Makes the function for one schema. An operation is compiled when it is first asked for, and kept with the node of its
 * document, which whoever parsed and validated it remembers too; those that were not asked for longest leave first.
 */
export function createExecute(schema: GraphQLSchema, maxFields = maxKeptFields): Execute {
  const documents = new Map<DocumentNode, KeptDocument>();
  let size = 0;

  function keptFor(document: DocumentNode): KeptDocument {
    const kept = documents.get(document) ?? { operations: new Map(), size: 0 };
    documents.delete(document);
    documents.set(document, kept);
    return kept;
  }

  function measure(kept: KeptDocument): void {
    let now = documentSize;
    for (const operation of kept.operations.values()) now += operation?.size() ?? 0;
    if (now === kept.size) return;
    size += now - kept.size;
    kept.size = now;
    for (const [document, oldest] of documents) {
      if (size <= maxFields || oldest === kept) return;
      documents.delete(document);
      size -= oldest.size;
    }
  }

  return (asked) => {
    const { document, operationName = null } = asked;
    const kept = keptFor(document);
    if (!kept.operations.has(operationName)) {
      kept.operations.set(operationName, compileOperation(schema, document, operationName));
    }
    const result = kept.operations.get(operationName)?.execute(asked);
    measure(kept);
    return result ?? execute({ schema, ...asked });
  };
}
