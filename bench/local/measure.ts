/**
 * Local execution alone: the compiled executor beside graphql-js, over the same graph, resolvers and rows, without a
 * provider, a socket or Apollo Server. Each row is measured twice: with the root's action, which opens a connection and
 * coerces its input for both alike, and without it, where the root gives its rows at once.
 */
import { cpus } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { execute, parse, type DocumentNode, type ExecutionResult } from 'graphql';
import { createExecute } from '../../src/resolvers/compiled/create-execute.ts';
import type { OperationState } from '../../src/resolvers/operation-state.ts';
import { formatTable } from '../report.ts';
import { shopInMemory } from './shop-in-memory.ts';

type Run = () => ExecutionResult | Promise<ExecutionResult>;

interface Row {
  readonly name: string;
  readonly must: number;
  readonly target: number;
  readonly compiled: Run;
  readonly oracle: Run;
}

const fields = 'id number status quantity total currency isGift note dueOn placedAt';
const list = parse(`{ shopOrders(limit: 50) { ${fields} } }`);
const join = parse('{ shopOrders(limit: 50) { id number customer { id name email createdAt } } }');

/** Prints microseconds of one execution, and how many times as many of them graphql-js takes. */
export async function measureLocal({ quick }: { readonly quick: boolean }): Promise<void> {
  const pace = quick ? { warmUp: 500, rounds: 5, count: 200 } : { warmUp: 3_000, rounds: 21, count: 600 };
  const figures: string[][] = [];
  for (const row of rows()) {
    if (!isDeepStrictEqual(shown(await row.compiled()), shown(await row.oracle()))) {
      throw new Error(`${row.name}: the two answer differently.`);
    }
    await cost(row.compiled, pace.warmUp);
    await cost(row.oracle, pace.warmUp);
    const rounds: { readonly compiled: number; readonly oracle: number }[] = [];
    for (let round = 0; round < pace.rounds; round++) {
      rounds.push({ compiled: await cost(row.compiled, pace.count * 4), oracle: await cost(row.oracle, pace.count) });
    }
    const ratio = median(rounds.map(({ compiled, oracle }) => oracle / compiled));
    const verdict = ratio >= row.target ? 'target' : ratio >= row.must ? 'must' : 'MISSED';
    const microseconds = (of: 'compiled' | 'oracle') => median(rounds.map((round) => round[of])).toFixed(1);
    const held = `≥ ${row.must}, ≥ ${row.target}`;
    figures.push([row.name, microseconds('compiled'), microseconds('oracle'), ratio.toFixed(1), held, verdict]);
  }
  const heads = ['local execution', 'compiled, CPU µs', 'graphql-js, CPU µs', 'ratio', 'must, target', 'reached'];
  console.log(`${cpus()[0]?.model.trim()}, Node ${process.version}\n\n${formatTable([heads, ...figures])}`);
}

function rows(): Row[] {
  const whole = shopInMemory();
  const walk = shopInMemory();
  // As what a provider gave is there when an event is told of: nothing is waited for.
  walk.schema.getQueryType()!.getFields()['shopOrders']!.resolve = () => walk.orders;
  const both = (document: DocumentNode, { schema }: typeof whole, begin: () => OperationState) => {
    const executeCompiled = createExecute(schema);
    return {
      compiled: () => executeCompiled({ document, contextValue: begin() }),
      oracle: () => execute({ schema, document, contextValue: begin() }) as ExecutionResult,
    };
  };
  const loaded = { must: 4, target: 10, ...both(join, walk, walk.beginLoaded) };
  return [
    { name: 'list of 50 × 10 fields', must: 5, target: 15, ...both(list, walk, walk.begin) },
    { name: 'join of 50, loaded before', ...loaded },
    { name: 'list of 50 × 10 fields, with its action', must: 5, target: 15, ...both(list, whole, whole.begin) },
    { name: 'join of 50 batched, with both actions', must: 4, target: 10, ...both(join, whole, whole.begin) },
  ];
}

/** CPU microseconds of one execution. */
async function cost(run: Run, count: number): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function shown(result: ExecutionResult): unknown {
  return JSON.parse(JSON.stringify(result)) as unknown;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
