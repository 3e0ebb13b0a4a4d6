/** What happens when a root field of an action is asked for. */
import type { GraphQLFieldResolver } from 'graphql';
import { describeKind } from '../connector/check-keys.ts';
import { addPlace } from '../connector/name-error.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import { ProviderError } from '../errors.ts';
import type { ActionBinding } from '../graph/binding.ts';
import type { ListCursors } from './list-cursor.ts';
import { createLoadAhead } from './load-ahead.ts';
import type { OpenedConnection } from './opened-connection.ts';
import type { OperationState } from './operation-state.ts';
import { rememberLacks } from './partial-rows.ts';
import { readRelayConnection, type ListArguments } from './relay-connection.ts';

export interface ActionResolverOptions {
  readonly cursors: ListCursors;
  /** Most rows that `first` may ask for. */
  readonly maxFirst: number;
}

type Arguments = Readonly<Record<string, unknown>>;

/** A resolver that opens the caller's connection, coerces the arguments and runs the action. */
export function createActionResolver(
  binding: ActionBinding,
  action: RunnableAction,
  options: ActionResolverOptions,
): GraphQLFieldResolver<unknown, OperationState> {
  const { connector } = binding;
  const raisedIn = `actions.${binding.action.name}`;
  const loadAhead = createLoadAhead();
  return async (_root, args: Arguments, state, info) => {
    const opened = await state.open(connector, args.connection as string | null | undefined, action.definition.scopes);
    state.useConnection(info, opened);
    try {
      const { answer, rows } = await answerOf(binding, action, opened, args, state, options);
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
  binding: ActionBinding,
  action: RunnableAction,
  opened: OpenedConnection,
  args: Arguments,
  state: OperationState,
  options: ActionResolverOptions,
): Promise<{ readonly answer: unknown; readonly rows: readonly unknown[] }> {
  const { output } = binding;
  opened.requireGranted(action.definition.scopes);
  const given = binding.argumentStyle === 'input' ? ((args.input ?? {}) as Arguments) : args;
  const input = await action.coerceInput(opened.run, given);
  if (output.shape === 'connection') {
    const list = await readList(binding, action, opened, input, args, state, options);
    return { answer: list, rows: list.edges.map(({ node }) => node) };
  }
  const answer = checkShape(await action.run(opened.run, input), binding);
  const rows: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  rememberLacks(rows, action.definition, output.entity, state.partialRows);
  return { answer, rows };
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
