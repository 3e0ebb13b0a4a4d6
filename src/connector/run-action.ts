/** Runs an action: input coerced, `execute` called, its requests sent, its errors named. */
import { InputError, GatewayError, ProviderError, type ErrorCode } from '../errors.ts';
import { createCallBudget } from '../http/budget.ts';
import { Request } from '../http/request.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import type { Sender } from '../http/send.ts';
import { compileInput, type CoerceOptions } from '../notation/coerce.ts';
import type { Notation } from '../notation/field.ts';
import type { Credentials } from './authorize.ts';
import { isPlainObject } from './check-keys.ts';
import type { Action, Connector, ExceptionHandler, NotationSource, PageRequest } from './definition.ts';
import { createOpenConnection, type OpenConnection } from './open-connection.ts';
import {
  pageFromAnswer,
  pageFromResponse,
  pageRequest,
  requestPage,
  type PageToken,
  type ReadPage,
} from './read-page.ts';

/** With which connection an action runs, and until when. */
export interface ActionRun {
  /** Id of the connection, for errors; absent for a connector that needs none. */
  readonly id: string | undefined;
  readonly credentials: Credentials;
  /** Instead of the connector's own `baseUri`. */
  readonly baseUri?: string;
  /** Aborted when the client has gone or the operation's time is up. */
  readonly signal: AbortSignal;
}

/** An action that is ready to run; made once, at start. */
export interface RunnableAction {
  readonly connector: Connector;
  readonly name: string;
  readonly definition: Action;
  /**
   * Arguments of the graph as the input of `execute`.
   *
   * @throws InputError naming the field.
   */
  readonly coerceInput: (run: ActionRun, args: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
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

export interface RunOptions {
  readonly sender: Sender;
  /** Requests that one call may send. Default 100. */
  readonly maxRequestsPerCall?: number;
  readonly timeZone?: string;
}

/** Prepares an action of a checked connector. */
export function prepareAction(connector: Connector, name: string, options: RunOptions): RunnableAction {
  const definition = connector.actions?.[name];
  if (!definition) throw new TypeError(`${connector.name} has no action ${name}.`);
  const raisedIn = `actions.${name}`;
  const coerceInput = prepareInput(connector, definition.input, options);
  const firstPage: PageRequest = { size: 0 };

  const call = <T>(run: ActionRun, body: (connection: OpenConnection) => Promise<T>) =>
    callConnector({ connector, raisedIn, run, options, definition }, body);

  return {
    connector,
    name,
    definition,
    coerceInput,
    run: (run, input) =>
      call(run, async (connection) => resolveRequests(await definition.execute(connection, input, firstPage))),
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
  const call: ConnectorCall = {
    connector,
    raisedIn: `pickLists.${name}`,
    run,
    options,
    definition: { readOnly: true },
  };
  return callConnector(call, async (connection) => resolveRequests(await pickList(connection, params)));
}

interface ConnectorCall {
  readonly connector: Connector;
  readonly raisedIn: string;
  readonly run: ActionRun;
  readonly options: RunOptions;
  readonly definition: Pick<Action, 'readOnly' | 'idempotent' | 'isSuccess'>;
}

/** Calls code of a connector with an open connection of its own budget, and names what it throws. */
async function callConnector<T>(
  { connector, raisedIn, run, options, definition }: ConnectorCall,
  body: (connection: OpenConnection) => Promise<T>,
): Promise<T> {
  const connection = createOpenConnection({
    connector,
    connectionId: run.id,
    credentials: run.credentials,
    baseUri: run.baseUri,
    sender: options.sender,
    budget: createCallBudget({ maxRequests: options.maxRequestsPerCall }),
    signal: run.signal,
    isRepeatable: definition.readOnly === true || definition.idempotent === true,
    isSuccess: definition.isSuccess,
  });
  try {
    return await body(connection);
  } catch (error) {
    throw nameError(error, connector, run.id, raisedIn);
  }
}

/** A notation that is known at start is compiled once; one that depends on the configuration, when it is asked for. */
function prepareInput(
  connector: Connector,
  source: NotationSource | undefined,
  options: RunOptions,
): RunnableAction['coerceInput'] {
  const coerce = coerceOptions(connector, options.timeZone);
  if (typeof source === 'function') {
    return async (run, args) => {
      const given = args.input ?? {};
      if (!isPlainObject(given)) throw new InputError('INPUT_INVALID', 'input: expected an object.');
      return compileInput(await source(run.credentials.fields()), coerce)(given);
    };
  }
  const compiled = compileInput(notationOf(source), coerce);
  return async (_run, args) => compiled(args);
}

/** What coercion has to know of a connector. */
export function coerceOptions(connector: Connector, timeZone?: string): CoerceOptions {
  return {
    objects: new Map(Object.entries(connector.objects ?? {})),
    methods: (name) => connector.methods?.[name] as ((value: unknown) => unknown) | undefined,
    timeZone,
  };
}

/** The fields of a notation that is known at start. */
export function notationOf(source: Exclude<NotationSource, (...args: any[]) => unknown> | undefined): Notation {
  if (source === undefined) return [];
  return 'fields' in source ? source.fields : source;
}

/** The error as it leaves: with connector, connection, `<connector>.<code>` and where it was raised. */
function nameError(error: unknown, connector: Connector, connection: string | undefined, raisedIn: string): unknown {
  const handled = handleException(error, connector.exceptionHandlers ?? []);
  const known = error instanceof GatewayError ? error : undefined;
  const code = handled.code ?? (known ? defaultErrorCode(known.code) : 'unexpected_error');
  const details = { connector: connector.name, connection, raisedIn, errorCode: `${connector.name}.${code}` };
  if (known && handled.message === undefined) return known.addDetails(details);
  if (known) {
    const ErrorClass = known.constructor as typeof GatewayError;
    return new ErrorClass(known.code, handled.message ?? known.message, { ...details, ...known.details, cause: known });
  }
  // The message of an error that nobody wrote for clients may hold anything, so only a handler's is shown.
  const message =
    handled.message ??
    `${connector.title ?? connector.name}: ${raisedIn} failed in the connector's own code. The log has the cause.`;
  return new ProviderError('CONNECTOR_ERROR', message, { ...details, cause: error });
}

/** Every handler whose class matches runs, in order; a later message or code wins over an earlier one. */
function handleException(error: unknown, handlers: readonly ExceptionHandler[]): { message?: string; code?: string } {
  let result: { message?: string; code?: string } = {};
  for (const [errorClass, handler, code] of handlers) {
    if (!(error instanceof errorClass)) continue;
    if (code !== null) result = { ...result, code };
    result = { ...result, ...handler?.(error) };
  }
  return result;
}

/** Codes of the second level, as connectors of all kinds share them (contracts §3.4). */
const errorCodesByCause: Partial<Record<ErrorCode, string>> = {
  PROVIDER_BAD_REQUEST: 'bad_request',
  PROVIDER_INVALID: 'bad_request',
  PROVIDER_UNAUTHORIZED: 'unauthorized',
  REAUTH_REQUIRED: 'unauthorized',
  PROVIDER_FORBIDDEN: 'permission_denied',
  PROVIDER_NOT_FOUND: 'not_found',
  PROVIDER_CONFLICT: 'conflict',
  PROVIDER_RATE_LIMITED: 'rate_limit',
  PROVIDER_UNAVAILABLE: 'service_error',
  PROVIDER_UNREACHABLE: 'bad_gateway',
  PROVIDER_TIMEOUT: 'request_timeout',
  PROVIDER_ANSWER_INVALID: 'invalid_response',
  PROVIDER_ANSWER_TOO_LARGE: 'invalid_response',
  INPUT_INVALID: 'invalid_value',
  INPUT_REQUIRED: 'invalid_value',
};

function defaultErrorCode(code: ErrorCode): string {
  return errorCodesByCause[code] ?? 'api_error';
}
