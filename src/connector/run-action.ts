/** Runs an action: input coerced, `execute` called, its requests sent, its errors named. */
import { Content } from '../content.ts';
import { Request } from '../http/request.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import { callConnector, type ActionRun, type CodeOfConnector, type RunOptions } from './call-connector.ts';
import type { Action, Connector, PageRequest } from './definition.ts';
import type { OpenConnection } from './open-connection.ts';
import { prepareInput, type CoerceInput } from './prepare-input.ts';
import {
  pageFromAnswer,
  pageFromResponse,
  pageRequest,
  requestPage,
  type PageToken,
  type ReadPage,
} from './read-page.ts';

export { callWithConnection, type ActionRun, type RunOptions } from './call-connector.ts';
export { coerceOptions } from './prepare-input.ts';

/** An action that is ready to run; made once, at start. */
export interface RunnableAction {
  readonly connector: Connector;
  readonly name: string;
  readonly definition: Action;
  readonly coerceInput: CoerceInput;
  /**
   * What `execute` answers, its requests resolved: raw rows of the provider.
   *
   * @throws GatewayError with `details` connector, connection, errorCode and raisedIn.
   */
  readonly run: (run: ActionRun, input: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** One page of an action that pages. @throws as `run` */
  readonly readPage: (
    run: ActionRun,
    input: Readonly<Record<string, unknown>>,
    token: PageToken,
    size: number,
  ) => Promise<ReadPage>;
}

/** Prepares an action of a checked connector. */
export function prepareAction(connector: Connector, name: string, options: RunOptions): RunnableAction {
  const definition = connector.actions?.[name];
  if (!definition) throw new TypeError(`${connector.name} has no action ${name}.`);
  const raisedIn = `actions.${name}`;
  const { input, readOnly } = definition;
  // What is read takes its fields as arguments, what writes takes them in the argument `input`.
  const path = readOnly === true ? '' : 'input';
  const coerceInput = prepareInput(connector, raisedIn, input, { timeZone: options.timeZone, path });
  const firstPage: PageRequest = { size: 0 };

  const call = <T>(run: ActionRun, body: (connection: OpenConnection) => Promise<T>) =>
    callConnector({ connector, raisedIn, run, options, definition }, body);

  return {
    connector,
    name,
    definition,
    coerceInput,
    run: (run, input) => {
      const carryOut = (own: ActionRun): Promise<unknown> =>
        call(own, async (connection) => {
          for (const value of Object.values(input)) if (value instanceof Content) await value.arrive();
          return resolveRequests(await definition.execute(connection, input, firstPage));
        });
      return run.once ? run.once((more) => carryOut({ ...run, ...more })) : carryOut(run);
    },
    readPage: (run, input, token, size) => {
      const paginate = definition.paginate;
      if (!paginate) throw new TypeError(`${connector.name}.${name} does not page.`);
      const page = pageRequest(paginate, token, size);
      return call(run, async (connection) => {
        // Not awaited: awaiting a request sends it, and the page has to be added to it first.
        const answer = definition.execute(connection, input, page);
        if (!(answer instanceof Request)) return pageFromAnswer(await resolveRequests(await answer), raisedIn);
        return pageFromResponse(await requestPage(answer, paginate, page).response(), paginate, page);
      });
    },
  };
}

/** The choices of a pick list that is a function; `params` by the names that the connector gave them. */
export function runPickList(
  connector: Connector,
  name: string,
  run: ActionRun,
  params: Readonly<Record<string, unknown>>,
  options: RunOptions,
): Promise<unknown> {
  const pickList = connector.pickLists?.[name];
  if (typeof pickList !== 'function') return Promise.resolve(pickList);
  const call: CodeOfConnector = {
    connector,
    raisedIn: `pickLists.${name}`,
    run,
    options,
    definition: { readOnly: true },
  };
  return callConnector(call, async (connection) => resolveRequests(await pickList(connection, params)));
}
