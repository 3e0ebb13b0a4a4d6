/** What happens when a root field of an action is asked for. */
import type { GraphQLFieldResolver, GraphQLResolveInfo } from 'graphql';
import { describeKind } from '../connector/check-keys.ts';
import { addPlace } from '../connector/name-error.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import { GatewayError, ProviderError } from '../errors.ts';
import type { ActionBinding } from '../graph/binding.ts';
import { streamFieldOf } from '../notation/field.ts';
import type { Outcomes } from '../outcome/outcomes.ts';
import type { Transfers } from '../transfers/transfers.ts';
import type { ListCursors } from './list-cursor.ts';
import { createLoadAhead } from './load-ahead.ts';
import type { OpenedConnection } from './opened-connection.ts';
import type { OperationState } from './operation-state.ts';
import { createOnceRunner, type OnceRunner } from './once-runner.ts';
import { rememberLacks } from './partial-rows.ts';
import { readRelayConnection, type ListArguments } from './relay-connection.ts';

export interface ActionResolverOptions {
  readonly cursors: ListCursors;
  /** Most rows that `first` may ask for. */
  readonly maxFirst: number;
  /** Keeps what mutations with an idempotency key came to. Absent: whoever sends a key is told that it is not served. */
  readonly outcomes?: Outcomes | undefined;
  /** Gives the URLs by which contents pass. Absent: whoever asks for contents is told that they are not served. */
  readonly transfers?: Pick<Transfers, 'begin'> | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;

/** What all requests for one field share. */
interface Parts {
  readonly binding: ActionBinding;
  readonly action: RunnableAction;
  readonly options: ActionResolverOptions;
  /** Absent for what reads, which may be asked again. */
  readonly runOnce: OnceRunner | undefined;
}

/** A resolver that opens the caller's connection, coerces the arguments and runs the action. */
export function createActionResolver(
  binding: ActionBinding,
  action: RunnableAction,
  options: ActionResolverOptions,
): GraphQLFieldResolver<unknown, OperationState> {
  const { connector } = binding;
  const raisedIn = `actions.${binding.action.name}`;
  const loadAhead = createLoadAhead();
  const runOnce = action.definition.readOnly === true ? undefined : createOnceRunner(action, options.outcomes);
  const parts: Parts = { binding, action, options, runOnce };
  return async (_root, args: Arguments, state, info) => {
    const opened = await state.open(connector, args.connection as string | null | undefined, action.definition.scopes);
    state.useConnection(info, opened);
    try {
      const { answer, rows } = await answerOf(parts, opened, args, state, info);
      const loading = loadAhead(rows, state, info);
      if (loading) await loading;
      return answer;
    } catch (error) {
      throw addPlace(error, { connector, connection: opened.run.id, raisedIn });
    }
  };
}

/** What the field answers, and the rows in it. */
async function answerOf(
  { binding, action, options, runOnce }: Parts,
  opened: OpenedConnection,
  args: Arguments,
  state: OperationState,
  info: GraphQLResolveInfo,
): Promise<{ readonly answer: unknown; readonly rows: readonly unknown[] }> {
  const { output } = binding;
  opened.requireGranted(action.definition.scopes);
  const given = binding.argumentStyle === 'input' ? ((args.input ?? {}) as Arguments) : args;
  const input = await action.coerceInput(opened.run, given);
  const content = streamFieldOf(output.notation);
  if (content) {
    if (!options.transfers) throw notServed();
    // The content is asked for when somebody comes for it, so that nothing waits at the provider until then.
    const begun = { caller: state.caller, connection: opened.run.id, action, input };
    return { answer: { [content.name]: await options.transfers.begin(begun) }, rows: [] };
  }
  if (output.shape === 'connection') {
    const list = await readList(binding, action, opened, input, args, state, options);
    return { answer: list, rows: list.edges.map(({ node }) => node) };
  }
  const raw = await (runOnce ? runOnce(opened, input, { args, state, info }) : action.run(opened.run, input));
  const answer = checkShape(raw, binding);
  const rows: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  rememberLacks(rows, action.definition, output.entity, state.partialRows);
  return { answer, rows };
}

/** What is said where nothing streams. */
export function notServed(): GatewayError {
  return new GatewayError('NOT_SERVED', 'The contents of files are not served here.');
}

function readList(
  { output }: ActionBinding,
  action: RunnableAction,
  opened: OpenedConnection,
  input: Readonly<Record<string, unknown>>,
  args: ListArguments,
  { partialRows }: OperationState,
  { cursors, maxFirst }: ActionResolverOptions,
) {
  const paginate = action.definition.paginate;
  if (!paginate) throw new TypeError(`${action.name} does not page.`);
  return readRelayConnection(args, {
    paginate,
    cursors,
    maxFirst,
    scope: cursors.scope(`${action.connector.name}.${action.name}`, input, opened.run.id),
    async readPage(token, size) {
      const page = await action.readPage(opened.run, input, token, size);
      rememberLacks(page.rows, action.definition, output.entity, partialRows);
      return page;
    },
  });
}

/** The answer must be what the action declares: one row or a list of rows; `null` is no row. */
function checkShape(answer: unknown, { action, connector, output }: ActionBinding): unknown {
  if (answer === undefined || answer === null) return null;
  const isFitting =
    output.shape === 'list'
      ? Array.isArray(answer)
      : output.notation === undefined || (typeof answer === 'object' && !Array.isArray(answer));
  if (isFitting) return answer;
  const expected = output.shape === 'list' ? 'a list of rows' : 'one row, an object';
  const message = `${connector.name}.${action.name}: expected ${expected}; the provider gave ${describeKind(answer)}.`;
  throw new ProviderError('PROVIDER_ANSWER_INVALID', message, { connector: connector.name });
}
