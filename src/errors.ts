/** Every error that leaves Plugboard: a class per reaction, a stable code per cause. */

/** What a code means, in one sentence; `docs/errors.md` is printed from this list and a test keeps the two alike. */
export const errorCodes = {
  // The author of a connector or the operator mends it, at start.
  NOTATION_INVALID: 'A notation is not a list of fields.',
  NOTATION_TYPE_UNKNOWN: 'A field has a type that the notation does not know.',
  NOTATION_FIELD_NAME: 'A field has no name, or a name that GraphQL cannot say.',
  NOTATION_FIELD_DUPLICATE: 'Two fields of one notation have the same name.',
  NOTATION_KEY_INVALID: 'A key of a field has a value of the wrong type.',
  NOTATION_KEY_UNKNOWN: 'A field has a key that the notation does not know; it has no effect.',
  NOTATION_OBJECT_UNKNOWN: 'A field names an object that its connector does not have.',
  NOTATION_PICK_LIST_UNKNOWN: 'A field names a pick list that its connector does not have.',
  NOTATION_CONVERTOR_UNKNOWN: 'A field names a convertor that is neither built in nor a method of the connector.',
  NOTATION_TOGGLE_INVALID: 'A toggle field does not agree with the field it belongs to.',
  NOTATION_CIRCULAR: 'Objects refer to each other in a way that no value can satisfy.',
  CONNECTOR_INVALID: 'A connector is not of the expected shape.',
  CONNECTOR_NAME: 'A connector has a name that GraphQL cannot say.',
  CONNECTOR_DUPLICATE: 'Two connectors have the same name.',
  CONNECTOR_LOAD_FAILED: 'The folder of a connector could not be loaded.',
  ACTION_INVALID: 'An action is not of the expected shape.',
  TRIGGER_INVALID: 'A trigger is not of the expected shape.',
  OBJECT_INVALID: 'An object is not of the expected shape.',
  THING_INVALID:
    'What an object says of its things is not of the expected shape, or names a field or action that is not there.',
  AUTHORIZATION_INVALID: 'The authorization of a connector is not of the expected shape.',
  PAGINATE_INVALID: 'The paging of an action is not of the expected shape.',
  REFERENCE_UNKNOWN: 'A field references an object that no connector has.',
  KEY_UNKNOWN: 'The key of an object is none of its fields.',
  DIRECTIVE_INVALID: 'A directive cannot be read, is not known, or may not stand where it does.',
  LOOKUP_UNKNOWN: 'An object names a lookup or batch action that its connector does not have.',
  NAME_INVALID: 'A GraphQL name cannot be made from what was given.',
  NAME_COLLISION: 'Two things have the same name in the graph.',
  CAPABILITY_UNKNOWN: 'An action implements a capability that there is not.',
  CAPABILITY_DUPLICATE: 'Two actions of one connector implement the same capability.',
  CAPABILITY_MISMATCH: 'The input or output of an action is not that of the capability that it implements.',
  IMPORT_FAILED: 'What another system says of itself cannot be asked for, so no connector can be made of it.',
  IMPORT_INVALID: 'What another system says of itself is not of the expected shape.',
  CONNECTOR_UNKNOWN: 'There is no connector of that name.',
  GENERATED_STALE: 'A generated file is not what would be generated now.',
  SUBGRAPH_UNAVAILABLE: 'A remote subgraph cannot be asked for its SDL just now.',
  SUBGRAPH_INVALID: 'A remote subgraph does not give its SDL.',
  SUPERGRAPH_INVALID: 'A supergraph cannot be had, is none, or cannot be planned.',
  COMPOSITION_FAILED: 'The subgraphs do not compose.',
  CONFIGURATION_MISSING: 'The configuration file does not exist.',
  CONFIGURATION_INVALID: 'The configuration file is not of the expected shape.',
  CONFIGURATION_LOAD_FAILED: 'The configuration file could not be loaded.',
  OPERATION_LIST_INVALID:
    'The list of operations cannot be read, or holds one that the graph does not have or the limits do not allow.',
  ADDRESS_IN_USE: 'The address that the gateway should listen on is taken, or is none of this machine.',
  ADDRESS_NOT_ALLOWED: 'The gateway may not listen on that address.',
  // The client mends it.
  INPUT_INVALID: 'A value in the input is not of the type that the notation declares.',
  INPUT_REQUIRED: 'A required field of the input is absent.',
  CAPABILITY_ABSENT: 'The connector of a connection does not have the capability that was asked for.',
  ENDPOINT_REFUSED: 'A tenant registered an endpoint that may not be used with this connector.',
  REGISTRATION_CONFIGURED: 'A tenant registered a connector whose registration is the operator’s.',
  CURSOR_INVALID: 'A cursor was edited, is not one of ours, or is that of an event of another feed.',
  CURSOR_FOREIGN: 'A list cursor belongs to other arguments or to another connection.',
  CURSOR_EXPIRED:
    'What follows a cursor is gone: the provider forgot the page of a list, or events are no longer kept.',
  LAGGED: 'A subscriber took events more slowly than they came; its cursor says where to go on.',
  THING_NOT_FOUND: 'The caller has no thing, component, property or action of that id.',
  THING_DESCRIBED: 'What a connector says of its things is the connector’s: nobody else sets or removes it.',
  RESEARCH_NOT_FOUND: 'The caller has no research context of that id.',
  FEED_NOT_FOUND: 'The caller has no feed of that id.',
  REPLAY_UNSUPPORTED: 'A trigger cannot be asked for what happened since a time.',
  WEBHOOK_REFUSED: 'A webhook is not signed as it should be, is too old, or was received before.',
  WEBHOOK_INVALID: 'The body of a webhook cannot be read.',
  SUBSCRIPTION_LIMIT: 'A caller or a socket has more subscriptions than it may.',
  PAGE_SIZE_INVALID: '`first` is outside its bounds.',
  PAGING_BACKWARD: 'A list was asked to page backward, which the provider cannot do.',
  IDEMPOTENCY_KEY_INVALID: 'An idempotency key is not 1 to 255 visible characters of ASCII.',
  IDEMPOTENCY_KEY_REUSED: 'An idempotency key was used before, for another action, input or connection.',
  IDEMPOTENCY_KEY_IN_USE: 'The mutation that was sent with an idempotency key before is still under way.',
  OUTCOME_NOT_KEPT:
    'The mutation of an idempotency key was carried out before, and its answer could not be kept: it is too large, or no JSON.',
  OPERATION_TOO_LARGE: 'An operation exceeds a limit of the gateway.',
  OPERATION_TIMEOUT: 'An operation took longer than its time limit.',
  TRANSFER_UNKNOWN: 'There is nothing to send or fetch at a URL: it was used, it has expired, or it never was.',
  TRANSFER_LIMIT: 'A tenant, or all of them, have more contents under way than the gateway passes at a time.',
  UPLOAD_INVALID: 'The files of an operation are not sent as the GraphQL multipart request specification has it.',
  UPLOAD_CUT: 'A content ended before it was whole, so it was not kept.',
  BODY_INVALID: 'The body or the head of a request cannot be read.',
  BODY_TOO_LARGE: 'The body of a request is larger than the limit.',
  MEDIA_TYPE_UNSUPPORTED: 'The body of a request is not of a media type that the gateway reads.',
  NOT_ACCEPTABLE: 'A client accepts none of the media types in which its answer can be given.',
  OPERATION_NOT_LISTED: 'An operation is not on the list, and the gateway answers no others.',
  OPERATION_HASH_WRONG: 'A document was sent with a hash that is not its SHA-256.',
  PERSISTED_QUERY_NOT_FOUND: 'No document of that id or hash is listed or kept: the client sends its text.',
  PERSISTED_QUERY_NOT_SUPPORTED:
    'A hash was sent instead of a document, and the gateway keeps no documents that clients send.',
  REFERENCE_INVALID: 'Another subgraph asks for an entity that is not here, or not by one of its keys.',
  TRANSPORT_UNSUPPORTED: 'A subscription was sent in a request that is answered once.',
  ROUTE_NOT_FOUND: 'The gateway serves nothing at that path.',
  METHOD_NOT_ALLOWED: 'The path does not take that method.',
  HOST_NOT_ALLOWED: 'A request names a host that the gateway is not known by.',
  // The application mends its credentials, or its operator gives it more.
  UNAUTHENTICATED: 'The request carries no API key or token that the gateway accepts.',
  FORBIDDEN: 'The scopes of the caller do not allow this.',
  SCOPE_UNKNOWN: 'A scope was named that the gateway does not know.',
  API_KEY_LIMIT: 'A tenant has two live API keys of one name already; two are there so that one can replace the other.',
  API_KEY_NOT_FOUND: 'The tenant has no API key of that id.',
  ISSUER_UNAVAILABLE:
    'The issuer of a token does not give its keys, or does not say what the token stands for, just now, so it cannot be judged.',
  // The subject connects, reconnects or chooses.
  CONNECTION_REQUIRED: 'The caller has no connection for this connector.',
  CONNECTION_AMBIGUOUS: 'The caller has several connections for this connector and named none.',
  CONNECTION_NOT_FOUND: 'The caller has no connection of that id.',
  AUTHORIZATION_OPTION_UNKNOWN:
    'The fields of a connection choose a kind of authorization that its connector does not have.',
  REAUTH_REQUIRED: 'The provider no longer accepts the credentials of the connection.',
  SCOPE_MISSING: 'The grant of the connection lacks OAuth scopes that the action needs.',
  CONNECTION_EXISTS: 'The owner has a connection for this connector and label already.',
  CONNECTION_TEST_FAILED: 'The provider does not accept what was entered, or the test of the connector failed.',
  SUBJECT_REQUIRED: 'A connection of a subject was asked for, and the caller names none.',
  RETURN_URL_REFUSED: 'The URL to return to is none of the allowed ones.',
  GATEWAY_UNREACHABLE: 'No gateway answers where a command asked for one.',
  CONNECT_TIMED_OUT: 'The command no longer waits for an account to be connected.',
  FINISH_CODE_INVALID: 'The code that ends a connecting is unknown, used, expired or for somebody else.',
  SESSION_MISSING: 'A link to connect has no session token: an application has to begin.',
  SESSION_INVALID: 'A link to connect is unknown, used, older than 10 minutes, or was opened in another browser.',
  FLOW_INVALID:
    'A provider sent a browser back with a state that is unknown, used, expired, or of another browser or connector.',
  COOKIE_REQUIRED: 'A browser does not send the cookie that tells that it began to connect.',
  ORIGIN_REFUSED: 'A page of another site sent a request, or the form of the connect page.',
  CONNECTION_DENIED: 'The subject, or the provider for it, did not allow the connection.',
  AUTHORIZATION_FLOW_UNKNOWN:
    'An authorization that was begun is unknown: it took too long, was used already, or never was.',
  AUTHORIZATION_FLOW_FOREIGN:
    'An authorization ended in another browser, at another address or for another connector than it was begun.',
  AUTHORIZATION_ANSWER_INVALID:
    'The answer of an authorization server is incomplete, doubled, or comes from another server.',
  // The operator mends the registration, or asks the provider to.
  REGISTRATION_REQUIRED: 'The registration of a connector is absent or lacks what its provider asks for.',
  REGISTRATION_REFUSED:
    'The provider does not accept the registration of a connector: its client, scopes or redirect URI.',
  AUTHORIZATION_SERVER_INVALID:
    'The metadata or endpoints of an authorization server are not as they must be, so it is not used.',
  // Wait, or tell the provider.
  SUBGRAPH_ERROR: 'A remote subgraph answered with an error; its own code is `errorCode`.',
  PROVIDER_ERROR: 'The provider answered with an error.',
  PROVIDER_BAD_REQUEST: 'The provider answered 400: it did not understand the request.',
  PROVIDER_UNAUTHORIZED: 'The provider answered 401: it did not accept the credentials.',
  PROVIDER_FORBIDDEN: 'The provider answered 403: the connection may not do this.',
  PROVIDER_NOT_FOUND: 'The provider answered 404 or 410: there is no such thing.',
  PROVIDER_CONFLICT: 'The provider answered 409: the thing was changed, or exists already.',
  PROVIDER_INVALID: 'The provider answered 422: it understood the request and refused a value in it.',
  PROVIDER_RATE_LIMITED: 'The provider answered 429: too many requests.',
  PROVIDER_UNAVAILABLE: 'The provider answered 5xx.',
  PROVIDER_UNREACHABLE: 'No connection to the provider could be made, or it was cut.',
  PROVIDER_TIMEOUT: 'The provider did not answer within the time limit.',
  PROVIDER_ANSWER_INVALID: 'The answer of the provider is not of the format that was announced.',
  PROVIDER_ANSWER_TOO_LARGE: 'The answer of the provider is larger than the limit.',
  PROVIDER_VALUE_INVALID: 'A value in the answer of the provider is not of the type that the notation declares.',
  PROVIDER_REDIRECT_REFUSED: 'The provider redirected to a place where the request may not go.',
  OUTCOME_UNKNOWN: 'A writing request was sent and its answer was lost: it may or may not have been carried out.',
  // The feed goes on without it, or waits.
  FEED_START_FAILED: 'A feed could not be started: the test of its connector failed.',
  FEED_ENDED: 'A feed is over: its connection was removed, or its connector is no longer served.',
  POLL_ANSWER_INVALID: 'What a poll gave is not a page of events.',
  POLL_CURSOR_INVALID: 'What a poll gave as its cursor cannot be stored, or not be set back in time.',
  POLL_STUCK: 'A poll gave a full page that the feed has seen, and did not move its cursor.',
  EVENT_INVALID: 'An event has a value that is not of the type that the notation declares, or its `dedup` failed.',
  EVENT_ID_MISSING: 'An event has nothing that tells it from others.',
  EVENT_TOO_LARGE: 'An event is larger than a feed keeps.',
  // The operator mends the store or its keys.
  STORE_UNAVAILABLE: 'The store cannot be read or written just now, so nothing is known and nothing was kept.',
  STORE_FULL: 'The store cannot be written: its disk is full.',
  STORE_READ_ONLY: 'The store cannot be written: its file or its disk is read-only.',
  STORE_CORRUPT: 'The file of the store is damaged.',
  STORE_FOREIGN: 'The file or the database schema of the store is not a store of Plugboard.',
  STORE_TOO_NEW: 'The store was made by a newer version of Plugboard.',
  STORE_NOT_EMPTY: 'The store that another one is to be moved to has data of its own.',
  STORE_MOVED: 'The store was moved to another place, or is being moved to here.',
  STORE_MOVE_INCOMPLETE: 'After a move the stores differ, because somebody wrote to one of them.',
  STORE_IN_USE: 'Gateways run on a store that is to be moved.',
  STORE_DRIVER_MISSING: 'There is no SQLite here for the embedded store, or no package pg for one on PostgreSQL.',
  QUEUE_DRIVER_MISSING:
    'Polls are to be handed out among replicas, and the package bullmq, or ioredis for Redis, is not installed.',
  QUEUE_UNAVAILABLE: 'The queue that hands out polls among replicas cannot be reached.',
  STORE_RECORD_INVALID: 'What was to be stored could not be read back as it is.',
  LEASE_LOST: 'A lease ran out while the work that it covers was under way.',
  LEASE_TIMEOUT: 'Another process held a lease for longer than the caller could wait.',
  SEAL_KEY_INVALID: 'A sealing key is missing, too short, too weak, or not written in hexadecimal or base64.',
  SEAL_KEY_UNKNOWN: 'A stored secret was sealed with a key that is not among the sealing keys.',
  SEAL_BROKEN: 'A stored secret was edited, moved to another record, or sealed with another key of the same name.',
  // Ours, or the connector's.
  ADDRESS_REFUSED: 'A request would have gone to an address that is not public.',
  REQUEST_INVALID: 'A connector built a request that cannot be sent.',
  REQUEST_LIMIT_EXCEEDED: 'One call of a connector, or one whole operation, sent more requests than it may.',
  REQUEST_CANCELLED: 'The client has gone, so the work for it was stopped.',
  CONTENT_PASSED: 'The content of a file was read a second time; it passes once.',
  CONNECTOR_ERROR: 'The code of a connector failed.',
  NOT_SERVED: 'This gateway does not serve that yet.',
  NOT_READY: 'The gateway has no graph yet, or is stopping; ask again later.',
  INTERNAL_ERROR: 'Plugboard failed. The log has the cause under the request id.',
} as const satisfies Record<string, string>;

/** A stable code, one per cause. */
export type ErrorCode = keyof typeof errorCodes;

/** What a client learns beside the message; all of it is safe to show. */
export interface ErrorDetails {
  /** Name of the connector that was at work. */
  readonly connector?: string;
  /** `<connector>.<code>`, as exception handlers and providers' statuses give it. */
  readonly errorCode?: string;
  /** Id of the connection that was used. */
  readonly connection?: string;
  /** Status of the provider's answer. */
  readonly http?: { readonly status: number };
  /** Milliseconds after which the same request may succeed. */
  readonly retryAfterMs?: number;
  /** Where it was raised: `actions.get_issue`, or for a single value the field of the graph, `GithubIssue.title`. */
  readonly raisedIn?: string;
  /** What the subject has to do to make the field answer. */
  readonly connect?: { readonly connector: string; readonly url?: string; readonly scopes?: readonly string[] };
  /** The scope that the caller lacks. */
  readonly scope?: string;
  /** Where a subscription goes on: its place (LAGGED), or the oldest place that there is (CURSOR_EXPIRED). */
  readonly cursor?: string;
}

interface ErrorOptionsWithDetails extends ErrorDetails {
  readonly cause?: unknown;
}

/** Ours: the base of every error, and the class of faults that nobody but us can mend. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** May be extended on the way up (`addDetails`), never overwritten. */
  details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsWithDetails = {}) {
    const { cause, ...details } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }

  /** What graphql-js puts beside the message of a field error; `retryAfter` in whole seconds, as in HTTP. */
  get extensions(): Readonly<Record<string, unknown>> {
    const { retryAfterMs, ...details } = this.details;
    const retryAfter = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
    return { code: this.code, ...details, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }

  /** Adds what a higher floor knows (connector, connection, action); what is there already stays. */
  addDetails(details: ErrorDetails): this {
    this.details = { ...details, ...this.details };
    return this;
  }
}

/** One fault of a definition: where, and what was expected and came. */
export interface Fault {
  readonly code: ErrorCode;
  /** e.g. `github.actions.create_issue.input[2].type` */
  readonly path: string;
  /** e.g. `expected one of string, integer, …; got "int".` */
  readonly message: string;
}

/** The author of a connector, a schema file or the configuration mends it, at start. Carries all faults at once. */
export class DefinitionError extends GatewayError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[], options: ErrorOptionsWithDetails = {}) {
    const [first] = faults;
    if (!first) throw new TypeError('A DefinitionError needs at least one fault.');
    super(first.code, faults.map(formatFault).join('\n'), options);
    this.faults = faults;
  }
}

/** What `make` gives; `undefined` where it throws faults, which are added to those of others so that all are told at once. */
export function collectFaults<T>(faults: Fault[], make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}

/** `NOTATION_TYPE_UNKNOWN: github.actions.create_issue.input[2].type: expected …` */
export function formatFault(fault: Fault): string {
  return `${fault.code}: ${fault.path}: ${fault.message}`;
}

/** The client mends it: its query, its arguments, its cursor. */
export class InputError extends GatewayError {}

/** The application mends it: it sends other credentials, or is given another scope. */
export class CallerError extends GatewayError {}

/** The subject connects, reconnects, grants scopes or names a connection. */
export class AuthorizationError extends GatewayError {}

/** Says as a `cause` what is for whoever runs the gateway alone, such as the id of a key: the log shows it, no answer does. */
export class OperatorNote extends Error {
  override readonly name = 'OperatorNote';
}

/** Wait, or tell the provider. `details.http.status` and `details.retryAfterMs` say more where they are known. */
export class ProviderError extends GatewayError {}

/** The same in every copy of this file. */
const kind = Symbol.for('plugboard.error');

/**
 * A connector may bring its own copy of this file, as when its TypeScript is loaded beside the built gateway. So that its
 * errors are ours and ours are its, `instanceof` compares what the classes are called by us, not which copy made them.
 */
function isOfKind(this: object & { readonly prototype: object }, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const wanted = ownKind(this);
  for (let each: unknown = Object.getPrototypeOf(value); each; each = Object.getPrototypeOf(each)) {
    if (each === this.prototype) return true;
    if (wanted !== undefined && ownKind(each.constructor) === wanted) return true;
  }
  return false;
}

/** A class that somebody derives from ours has no kind of its own, and is itself only. */
function ownKind(errorClass: unknown): string | undefined {
  if (typeof errorClass !== 'function') return undefined;
  return Object.getOwnPropertyDescriptor(errorClass, kind)?.value as string | undefined;
}

Object.defineProperty(GatewayError, Symbol.hasInstance, { value: isOfKind });
for (const errorClass of [GatewayError, DefinitionError, InputError, CallerError, AuthorizationError, ProviderError]) {
  Object.defineProperty(errorClass, kind, { value: errorClass.name });
}
