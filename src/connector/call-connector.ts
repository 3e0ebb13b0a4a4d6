/** Calls the code of a connector with an open connection, names what it throws, and gives it up when the signal aborts. */
import { randomUUID } from 'node:crypto';
import { GatewayError, InputError } from '../errors.ts';
import { createCallBudget, type RequestBudget } from '../http/budget.ts';
import type { Sender } from '../http/send.ts';
import type { Credentials } from './authorize.ts';
import type { Action, Connector } from './definition.ts';
import { nameError } from './name-error.ts';
import { createOpenConnection, type OpenConnection } from './open-connection.ts';
import { repeatAction, type Repeating } from './repeat-action.ts';
import type { SentWrites } from './sent-writes.ts';
import { untilAborted } from './until-aborted.ts';
import { WriteKeys } from './write-keys.ts';

/** With which connection an action runs, and until when. */
export interface ActionRun {
  /** Id of the connection, for errors; absent for a connector that needs none. */
  readonly id: string | undefined;
  /** Whose requests count together where no connection is needed. */
  readonly tenant?: string | undefined;
  readonly credentials: Credentials;
  /** Instead of the connector's own `baseUri`. */
  readonly baseUri?: string;
  /** Aborted when the client has gone or the operation's time is up. */
  readonly signal: AbortSignal;
  /** Of the whole operation that the action is part of; absent for what no operation asked for. */
  readonly budget?: RequestBudget;
  /** The keys that an action gives to its provider are made of it. Absent: of a new one for each call. */
  readonly idempotencyKey?: string;
  /** Hears of what the action writes. */
  readonly writes?: SentWrites;
  /** Carries the action out, or gives what its provider answered before. Absent: it is carried out. */
  readonly once?: (carryOut: (more: Partial<ActionRun>) => Promise<unknown>) => Promise<unknown>;
}

export interface RunOptions {
  readonly sender: Sender;
  /** Requests that one call may send. Default 100. */
  readonly maxRequestsPerCall?: number;
  readonly timeZone?: string;
}

/** Which code of a connector is called, with which connection. */
export interface CodeOfConnector {
  readonly connector: Connector;
  /** What it is called in errors, e.g. `actions.get_issue`. */
  readonly raisedIn: string;
  readonly run: ActionRun;
  readonly options: RunOptions;
  readonly definition: Repeating & Pick<Action, 'isSuccess' | 'idempotencyKey'>;
  /** It is a poll, which leaves the last of a rate limit to actions. */
  readonly isPoll?: boolean;
}

/**
 * Calls code of a connector with an open connection of its own budget.
 *
 * @throws GatewayError with connector, connection, `<connector>.<code>` and where it was raised.
 */
export async function callConnector<T>(
  { connector, raisedIn, run, options, definition, isPoll }: CodeOfConnector,
  body: (connection: OpenConnection) => Promise<T>,
): Promise<T> {
  const { idempotencyKey } = definition;
  const writeKeys = idempotencyKey && new WriteKeys(idempotencyKey, run.idempotencyKey ?? randomUUID());
  const connection = createOpenConnection({
    connector,
    connectionId: run.id,
    credentials: run.credentials,
    baseUri: run.baseUri,
    sender: options.sender,
    tenant: run.tenant,
    isPoll,
    isRead: definition.readOnly,
    budget: createCallBudget({
      maxRequests: options.maxRequestsPerCall,
      title: connector.title ?? connector.name,
      within: run.budget,
    }),
    signal: run.signal,
    isRepeatable: definition.readOnly === true || definition.idempotent === true || writeKeys !== undefined,
    writeKeys,
    writes: run.writes,
    isSuccess: definition.isSuccess,
  });
  return runConnectorCode({ connector, raisedIn, run }, () =>
    repeatAction(definition, run.signal, () => {
      writeKeys?.restart();
      return body(connection);
    }),
  );
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

type NamedCode = Pick<CodeOfConnector, 'connector' | 'raisedIn' | 'run'>;

/** What a signal stops fails at once as a rule, and then knows best how far it came. */
const graceMs = 50;

/** Names whatever code of a connector throws, and gives it up when the signal aborts: it fails alone, however it hangs. */
export async function runConnectorCode<T>(code: NamedCode, work: () => Promise<T>): Promise<T> {
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
