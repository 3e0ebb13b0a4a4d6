/** Runs a writing action: once for each idempotency key, where its client sent one. */
import type { GraphQLResolveInfo } from 'graphql';
import type { ActionRun, RunnableAction } from '../connector/run-action.ts';
import { GatewayError } from '../errors.ts';
import { readKey, readKeyHeader } from '../outcome/idempotency-key.ts';
import type { OnceMutation, Outcomes } from '../outcome/outcomes.ts';
import type { OpenedConnection } from './opened-connection.ts';
import type { OperationState } from './operation-state.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** How a field asks for an action. */
export interface AskedOnce {
  /** All arguments of the field; what writes has its input in `input`. */
  readonly args: Arguments;
  /** Its response name tells the fields of one operation apart. */
  readonly info: Pick<GraphQLResolveInfo, 'path'>;
  readonly state: Pick<OperationState, 'caller' | 'context'>;
}

export type OnceRunner = (opened: OpenedConnection, input: Arguments, asked: AskedOnce) => Promise<unknown>;

/** Providers that take keys know them for a day, as far as they do not say otherwise. */
const usualKeptMs = 24 * 60 * 60_000;

/** The runner of one action; @throws as `RunnableAction.run` and `Outcomes.once` do, NOT_SERVED for a key where `outcomes` is absent. */
export function createOnceRunner(action: RunnableAction, outcomes: Outcomes | undefined): OnceRunner {
  const operation = `${action.connector.name}.${action.name}`;
  const { name, title = name } = action.connector;
  const repeatableMs = repeatableFor(action.definition);
  return (opened, input, asked) => {
    const named = keyOf(asked);
    if (!named) return action.run(opened.run, input);
    if (!outcomes)
      throw new GatewayError('NOT_SERVED', 'This gateway keeps no outcomes, so it takes no idempotency keys.');
    const { caller, context } = asked.state;
    const mutation: OnceMutation = {
      tenant: caller.tenant,
      subject: caller.subject,
      ...named,
      operation,
      title,
      connection: opened.run.id,
      input: asked.args.input ?? {},
      repeatableMs,
    };
    const once: ActionRun['once'] = (carryOut) =>
      outcomes.once(mutation, context.signal, ({ signal, providerKey, writes }) =>
        carryOut({ signal, idempotencyKey: providerKey, writes }),
      );
    return action.run({ ...opened.run, once }, input);
  };
}

/** The header is one key for all fields of an operation, so what stands there counts for each by its response name. */
function keyOf({ args, info, state }: AskedOnce): { key: string; path: string | undefined } | undefined {
  const { idempotencyKey: own } = args;
  if (typeof own === 'string') return { key: readKey(own), path: undefined };
  const header = state.context.idempotencyKey;
  return header === undefined ? undefined : { key: readKeyHeader(header), path: String(info.path.key) };
}

function repeatableFor({ idempotent, idempotencyKey }: RunnableAction['definition']): number | undefined {
  if (idempotent === true) return Number.POSITIVE_INFINITY;
  if (idempotencyKey === undefined) return undefined;
  return (typeof idempotencyKey === 'object' ? idempotencyKey.keptMs : undefined) ?? usualKeptMs;
}
