/** graphql-js is the oracle of the compiled executor: over generated schemas, operations, variables and values both answer alike. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { execute, parse, validate, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { compileOperation } from '../../../src/resolvers/compiled/compile-operation.ts';
import { Dice } from '../../support/oracle/dice.ts';
import { generateOperation } from '../../support/oracle/generated-operation.ts';
import { generateSchema } from '../../support/oracle/generated-schema.ts';
import { generateObject, type MakeValue } from '../../support/oracle/generated-value.ts';

/** How many operations are compared; each is executed with three sets of variables. The nightly form takes 100 000. */
const cases = Number(process.env['ORACLE_CASES'] ?? 1_000);
const operationsPerSchema = 4;

describe('the compiled executor', () => {
  it(
    'answers generated operations as graphql-js does: data, errors, their places and their order',
    async () => {
      // Stacks are most of what an error costs, and nobody reads these.
      Error.stackTraceLimit = 0;
      const counted = { executed: 0, failed: 0, invalid: 0, asked: 0 };
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 400, maxLength: 4_000 }), async (bytes) => {
          const dice = new Dice(bytes);
          const schema = generateSchema(dice);
          for (let made = 0; made < operationsPerSchema; made++) await compareOne(dice, schema, counted);
        }),
        // What fails says which operation it is, and to make it smaller takes minutes.
        { numRuns: cases / operationsPerSchema, endOnFailure: true },
      );
      // The generator has not become one of operations that say nothing.
      expect(counted.executed).toBeGreaterThan(1.5 * cases);
      expect(counted.failed).toBeGreaterThan(cases / 2);
      expect(counted.asked).toBeLessThan(cases / 10);
    },
    60_000 + cases * 100,
  );
});

type Counted = Record<'executed' | 'failed' | 'invalid' | 'asked', number>;

async function compareOne(dice: Dice, schema: GraphQLSchema, counted: Counted): Promise<void> {
  const { query, variables, isMutation } = generateOperation(dice, schema);
  const document = parse(query);
  if (validate(schema, document).length > 0) {
    counted.invalid += 1;
    return;
  }
  const type = isMutation ? schema.getMutationType()! : schema.getQueryType()!;
  const makeRoot = generateObject(dice, schema, type, 5);
  const compiled = compileOperation(schema, document, null);
  for (const variableValues of variables) {
    const got = await answer(makeRoot, (args) => compiled?.execute({ variableValues, ...args }));
    if (got === undefined) {
      counted.asked += 1;
      continue;
    }
    const expected = await hearing(() =>
      answer(makeRoot, (args) => execute({ schema, document, variableValues, ...args })),
    );
    counted.executed += 1;
    if (expected?.errors !== undefined) counted.failed += 1;
    if (JSON.stringify(got) !== JSON.stringify(expected)) {
      expect({ query, variableValues, ...got }).toEqual({ query, variableValues, ...expected });
    }
  }
}

/**
 * graphql-js forgets promises beside what fails at once, and Jest fails a test for rejections that nobody hears of. Ours may
 * not forget any: in a server such a rejection ends the process.
 */
async function hearing<Result>(run: () => Promise<Result>): Promise<Result> {
  const { prototype } = Promise;
  const all = Promise.all.bind(Promise);
  // oxlint-disable-next-line typescript/unbound-method -- It is called with its promise.
  const { then } = prototype;
  const hear = (promise: Promise<any>): Promise<any> => {
    void then.call(promise, undefined, () => {});
    return promise;
  };
  prototype.then = function (this: Promise<any>, ...handlers: any[]) {
    return hear(then.apply(this, handlers as never));
  } as never;
  Promise.all = ((values: never) => hear(all(values))) as never;
  try {
    return await run();
  } finally {
    prototype.then = then;
    Promise.all = all;
  }
}

interface Answer {
  readonly text: string;
  readonly errors: unknown;
  readonly seen: unknown;
}

/** What a client would be sent, and what the resolvers were told, in their order. */
async function answer(
  makeRoot: MakeValue,
  run: (args: { rootValue: unknown; contextValue: { seen: unknown[] } }) => unknown,
): Promise<Answer | undefined> {
  const contextValue = { seen: [] };
  const result = (await run({ rootValue: makeRoot(), contextValue })) as ExecutionResult | undefined;
  if (result === undefined) return undefined;
  await new Promise((resolve) => void setImmediate(resolve));
  const { data, errors } = result;
  return {
    text: write(data),
    errors: errors?.map((error) => ({ ...error.toJSON(), cause: error.originalError?.message })),
    seen: contextValue.seen,
  };
}

function write(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
