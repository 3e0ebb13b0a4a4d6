/** Runs an action: input coerced, `execute` called, its requests sent, its errors named. */
import { GatewayError, InputError } from '../errors.ts';
import { createCallBudget } from '../http/budget.ts';
import { Request } from '../http/request.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import type { Sender } from '../http/send.ts';
import { compileInput, type CoerceOptions } from '../notation/coerce.ts';
import { checkFields } from '../notation/check-fields.ts';
import type { Notation } from '../notation/field.ts';
import type { Credentials } from './authorize.ts';
import { describe, isPlainObject } from './check-keys.ts';
import type { Action, Connector, NotationSource, PageRequest } from './definition.ts';
import { connectionOfConvertors } from './connection-of-convertors.ts';
import { createOpenConnection, type OpenConnection } from './open-connection.ts';
import {
  pageFromAnswer,
  pageFromResponse,
  pageRequest,
  requestPage,
  type PageToken,
  type ReadPage,
} from './read-page.ts';
import { repeatAction, type Repeating } from './repeat-action.ts';
import { nameError } from './name-error.ts';
import { untilAborted } from './until-aborted.ts';

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
  const coerceInput = prepareInput(connector, name, definition, options);
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

/**
 * Runs other code of a connector, such as `test`, with an open connection of its own budget. It counts as a read.
 *
 * @param raisedIn - what it is called in errors.
 * @throws GatewayError with connector, connection and `<connector>.<code>`.
 */
export function callWithConnection<T>(
  connector: Connector,
  raisedIn: string,
  run: ActionRun,
  options: RunOptions,
  body: (connection: OpenConnection) => Promise<T>,
): Promise<T> {
  return callConnector({ connector, raisedIn, run, options, definition: { readOnly: true } }, body);
}

interface ConnectorCall {
  readonly connector: Connector;
  readonly raisedIn: string;
  readonly run: ActionRun;
  readonly options: RunOptions;
  readonly definition: Repeating & Pick<Action, 'isSuccess'>;
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
    budget: createCallBudget({ maxRequests: options.maxRequestsPerCall, title: connector.title ?? connector.name }),
    signal: run.signal,
    isRepeatable: definition.readOnly === true || definition.idempotent === true,
    isSuccess: definition.isSuccess,
  });
  return naming({ connector, raisedIn, run }, () => repeatAction(definition, run.signal, () => body(connection)));
}

type NamedCode = Pick<ConnectorCall, 'connector' | 'raisedIn' | 'run'>;

/** What a signal stops fails at once as a rule, and then knows best how far it came. */
const graceMs = 50;

/** Names whatever code of a connector throws, and gives it up when the signal aborts: it fails alone, however it hangs. */
async function naming<T>(code: NamedCode, work: () => Promise<T>) {
  const { connector, raisedIn, run } = code;
  const { signal } = run;
  try {
    if (signal.aborted) throw givenUp(code);
    return await untilAborted(work(), signal, () => givenUp(code), graceMs);
  } catch (error) {
    // Whatever a signal stops says that the client has gone; that the time is up is another thing.
    const isStopped = signal.aborted && error instanceof GatewayError && error.code === 'REQUEST_CANCELLED';
    const isLate = signal.reason instanceof GatewayError && signal.reason.code !== 'REQUEST_CANCELLED';
    const failure = isStopped && isLate ? givenUp(code, error) : error;
    throw nameError(failure, { connector, connection: run.id, raisedIn, fields: run.credentials.fields() });
  }
}

/** Each call gets an error of its own, with the reason of the signal: the client has gone, or the time is up. */
function givenUp({ connector, raisedIn, run }: NamedCode, cause?: Error): GatewayError {
  const reason: unknown = run.signal.reason;
  const start = `${connector.title ?? connector.name}: ${raisedIn} was given up.`;
  if (!(reason instanceof GatewayError)) return new GatewayError('REQUEST_CANCELLED', start, { cause });
  const ErrorClass = reason instanceof InputError ? InputError : GatewayError;
  return new ErrorClass(reason.code, `${start} ${reason.message}`, { cause });
}

/** A notation that is known at start is compiled once; one that depends on the configuration, when it is asked for. */
function prepareInput(
  connector: Connector,
  name: string,
  { input: source, readOnly }: Action,
  options: RunOptions,
): RunnableAction['coerceInput'] {
  const coerce = coerceOptions(connector, options.timeZone);
  if (typeof source === 'function') {
    return async (run, args) => {
      const given = args.input ?? {};
      if (!isPlainObject(given)) {
        throw new InputError('INPUT_INVALID', `input: expected an object; got ${describe(given)}.`);
      }
      const raisedIn = `actions.${name}.input`;
      const notation = await naming({ connector, raisedIn, run }, async () =>
        checkGiven(await source(run.credentials.fields()), connector, raisedIn),
      );
      return compileInput(notation, { ...coerce, keys: 'notation' })(given);
    };
  }
  // What is read takes its fields as arguments, what writes takes them in the argument `input`.
  const compiled = compileInput(notationOf(source), { ...coerce, path: readOnly === true ? '' : 'input' });
  return async (_run, args) => compiled(args);
}

/** What a connector gives while it runs is checked as what it says at start is. */
function checkGiven(notation: unknown, connector: Connector, raisedIn: string): Notation {
  const path = `${connector.name}.${raisedIn}`;
  const [fault] = checkFields(notation, path, {
    convertors: new Set(Object.keys(connector.methods ?? {})),
    objects: new Map(Object.entries(connector.objects ?? {})),
    pickLists: new Set(Object.keys(connector.pickLists ?? {})),
    warn: () => {},
  });
  if (!fault) return notation as Notation;
  throw new GatewayError('CONNECTOR_ERROR', `${fault.path}: ${fault.message}`);
}

/** What coercion has to know of a connector. */
export function coerceOptions(connector: Connector, timeZone?: string): CoerceOptions {
  return {
    objects: new Map(Object.entries(connector.objects ?? {})),
    methods: (name) => {
      const method = connector.methods?.[name];
      return method && ((value) => method(connectionOfConvertors(connector), value));
    },
    timeZone,
  };
}

/** The fields of a notation that is known at start. */
export function notationOf(source: Exclude<NotationSource, (...args: any[]) => unknown> | undefined): Notation {
  if (source === undefined) return [];
  return 'fields' in source ? source.fields : source;
}
