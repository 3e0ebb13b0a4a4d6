/** What a connector may say: the types of a connector, its connection, objects, actions and triggers (design §4). */
import type { ErrorCode } from '../errors.ts';
import type { Method as HttpMethod, Request, RequestMatcher } from '../http/request.ts';
import type { Field, Notation, ObjectDefinition } from '../notation/field.ts';

/**
 * What a subject or an operator entered, by field name; secrets included. Name a field, or spread them all, and you have
 * the values; a log, JSON and an error have `[redacted]`, except in the payload of a request.
 */
export type ConnectionFields = Readonly<Record<string, any>>;

/** Builds requests that are sent at the first `await`, with the connection's credentials. */
export interface OpenConnection {
  /** What was entered and acquired, by field name. */
  readonly fields: ConnectionFields;
  readonly get: (url: string) => Request;
  readonly head: (url: string) => Request;
  readonly options: (url: string) => Request;
  readonly post: (url: string, payload?: unknown) => Request;
  readonly put: (url: string, payload?: unknown) => Request;
  readonly patch: (url: string, payload?: unknown) => Request;
  readonly delete: (url: string, payload?: unknown) => Request;
  readonly copy: (url: string, payload?: unknown) => Request;
  readonly move: (url: string, payload?: unknown) => Request;
  /** For the methods that have no name of their own here, such as WebDAV's `PROPFIND`. */
  readonly request: (method: HttpMethod, url: string, payload?: unknown) => Request;
  /** Calls a method of the connector. */
  readonly call: (method: string, ...args: unknown[]) => any;
  /** Sends the requests together and waits for all; the first failure fails the call. */
  readonly parallel: <T extends readonly unknown[]>(
    requests: T,
  ) => Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
  /** Ends the call with the connector's own error, e.g. `error('…', 'not_found')`. */
  readonly error: (message: string, code?: string) => never;
  /** Aborted when the client has gone or the call's time is up. */
  readonly signal: AbortSignal;
}

/** A value, a promise of it, or a request that is sent when the runtime needs its answer. */
export type Result<T> = T | Request | PromiseLike<T>;

/** A list of fields, or a function that gives one once the connection's configuration is known; then the graph says `JSON`. */
export type NotationSource =
  Notation | ObjectDefinition | ((configuration: ConnectionFields) => Notation | Promise<Notation>);

export interface Connector {
  /** snake_case; the identity of the connector and the prefix of every name in the graph. */
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly help?: Help;
  /** URL of a picture, or a `data:` URI. */
  readonly logo?: string;
  /** Overrides the PascalCase of `name` as prefix of type names and, with a small first letter, of root fields. */
  readonly graphqlName?: string;
  readonly connection?: ConnectionDefinition;
  /** What the operator registers with the provider, beside the `client_id` and `client_secret` that OAuth 2.0 asks for. */
  readonly registration?: { readonly fields: Notation };
  /** Fails when the connection does not work; its result is ignored. */
  readonly test?: (connection: OpenConnection) => unknown;
  /** Directives of its own, which `directives` of its parts may then apply and which reach the supergraph. */
  readonly directives?: readonly DirectiveDefinition[];
  readonly objects?: Readonly<Record<string, ObjectDefinition>>;
  readonly actions?: Readonly<Record<string, Action>>;
  readonly triggers?: Readonly<Record<string, Trigger>>;
  readonly pickLists?: Readonly<Record<string, PickList>>;
  readonly methods?: Readonly<Record<string, Method>>;
  readonly exceptionHandlers?: readonly ExceptionHandler[];
  /** Keys of static webhooks, from what was received. */
  readonly webhookKeys?: (params: unknown, headers: unknown, payload: unknown) => string | readonly string[];
  readonly customAction?: boolean;
  readonly customActionHelp?: Help;
  readonly streams?: Readonly<Record<string, (...args: any[]) => unknown>>;
  /** Accepted and without effect: the gateway reaches providers itself. */
  readonly secureTunnel?: unknown;
}

/** A directive that composition keeps (`@composeDirective`). */
export interface DirectiveDefinition {
  /** As SDL has it, e.g. `directive @audited(by: String) on FIELD_DEFINITION`. */
  readonly definition: string;
  /** Identity and version of its specification, e.g. `https://example.com/audited/v1.0`; the last part but one is its name. */
  readonly url: string;
}

export type Help = string | { readonly body: string; readonly learnMoreUrl?: string; readonly learnMoreText?: string };

export interface ConnectionDefinition {
  readonly fields?: Notation;
  readonly extendedFields?: (connection: ConnectionFields) => Notation | Promise<Notation>;
  /** Base of every relative URL, resolved by RFC 3986: keep the last slash. */
  readonly baseUri?: string | ((connection: ConnectionFields) => string | Promise<string>);
  /**
   * Further origins that get the connection's credentials, e.g. `https://uploads.example.com`. Absolute URLs of any other
   * origin than these and that of `baseUri` are asked without credentials.
   */
  readonly origins?: readonly string[];
  /**
   * Hosts of the provider, exact or `*.example.com` for every host below. An application that registers endpoints of its own
   * may name no others; the operator may. Absent: any, so name them where the provider has sandboxes and no private hosts.
   */
  readonly hosts?: readonly string[];
  readonly authorization?: Authorization;
}

/** `401`, a part of the message or body, or a pattern for either. */
export type Matcher = RequestMatcher;

/** Gives the credentials to one request; called before each is sent. */
export type Apply = (
  request: Request,
  connection: CredentialSource,
  /** Of OAuth 2.0, where there is one. */
  accessToken?: string,
  /** What the request was told by `authType`. */
  authType?: string,
) => unknown;

/** The connection as `apply` sees it: what was entered and what `acquire` gave, merged. */
export interface CredentialSource {
  readonly fields: ConnectionFields;
}

interface AuthorizationBase {
  readonly apply?: Apply;
  /** When to get new credentials after an error answer. Absent: after any error status. */
  readonly refreshOn?: readonly Matcher[];
  /** What makes a 2xx answer an error, judged on the raw body, then on the parsed one. */
  readonly detectOn?: readonly Matcher[];
  /** A name for the account, for display only. */
  readonly identity?: (connection: OpenConnection) => Result<unknown>;
}

export interface ApiKeyAuthorization extends AuthorizationBase {
  readonly type: 'api_key';
}
export interface BasicAuthorization extends AuthorizationBase {
  readonly type: 'basic';
  /** Names of the connection fields that hold user name and password. Default `user` and `password`. */
  readonly userField?: string;
  readonly passwordField?: string;
}
export interface CustomAuthorization extends AuthorizationBase {
  readonly type: 'custom';
  /** Gets credentials after a failure that `refreshOn` names; its answer is merged into the connection's fields. */
  readonly acquire?: (connection: OpenConnection) => Result<Record<string, unknown>>;
}
/** `client_secret_basic_and_post` is against RFC 6749 §2.3, and only for servers whose clients have always sent both. */
export type ClientAuthentication =
  'client_secret_basic' | 'client_secret_post' | 'client_secret_basic_and_post' | 'none' | 'private_key_jwt';

/** Verifier and challenge of RFC 7636; a challenge of another method than `S256` is refused. */
export type Pkce = (
  verifier: string,
  challenge: string,
) => { readonly verifier: string; readonly challenge: string; readonly challengeMethod?: string };

export interface OAuth2Authorization extends AuthorizationBase {
  readonly type: 'oauth2';
  readonly grant?: 'authorization_code' | 'client_credentials' | 'device_code';
  readonly issuer?: string;
  readonly authorizationUrl?: string | ((connection: ConnectionFields) => string);
  readonly tokenUrl?: string | ((connection: ConnectionFields) => string);
  readonly deviceAuthorizationUrl?: string | ((connection: ConnectionFields) => string);
  readonly revocationUrl?: string | ((connection: ConnectionFields) => string);
  readonly clientId?: string | ((connection: ConnectionFields) => string);
  readonly clientSecret?: string | ((connection: ConnectionFields) => string);
  readonly scopes?: readonly string[];
  /** Between scopes. Default a space (RFC 6749 §3.3); some providers want a comma. */
  readonly scopeSeparator?: string;
  /** How the client proves itself. Absent: as the provider's metadata says, else `client_secret_post`; `none` without a secret. */
  readonly clientAuthentication?: ClientAuthentication;
  /** Further parameters of the authorization request, e.g. `{ access_type: 'offline' }`; they never replace our own. */
  readonly authorizationParams?: Readonly<Record<string, string>>;
  /** Further parameters of every token request, e.g. `{ audience: '…' }`; they never replace our own. */
  readonly tokenParams?: Readonly<Record<string, string>>;
  /** PKCE is always used; a function may change the verifier and challenge that we made. */
  readonly pkce?: boolean | Pkce;
  readonly acquire?: (
    connection: OpenConnection,
    code: string,
    redirectUri: string,
    verifier: string | undefined,
  ) => Result<unknown>;
  readonly refresh?: (connection: OpenConnection, refreshToken: string) => Result<unknown>;
  readonly noopener?: boolean;
  /**
   * Whether tokens are taken back at the provider while others of the same connection live on, as after it was connected
   * again: revoking one token may end the whole grant (RFC 7009 §2.1). `other-account`: where they are known to be another
   * account's. `always`: where each sign-in is a grant of its own. Default `other-account`.
   */
  readonly revokeReplaced?: 'always' | 'other-account' | 'never';
}
export interface NoAuthorization extends AuthorizationBase {
  readonly type: 'none';
}
export interface MultiAuthorization {
  readonly type: 'multi';
  /** The name of the option that the connection's fields choose. */
  readonly selected: (connection: ConnectionFields) => string;
  readonly options: Readonly<Record<string, SingleAuthorization & { readonly fields?: Notation }>>;
}
export type SingleAuthorization =
  ApiKeyAuthorization | BasicAuthorization | CustomAuthorization | OAuth2Authorization | NoAuthorization;
export type Authorization = SingleAuthorization | MultiAuthorization;

/** What actions and triggers show of themselves. */
export interface Presentation {
  readonly title?: string;
  readonly subtitle?: string;
  readonly description?: string;
  readonly help?: Help;
  readonly hint?: string;
  readonly displayPriority?: number;
  /** `true`, or the reason. */
  readonly deprecated?: boolean | string;
  /** Name of the root field, instead of the one made from connector and key. */
  readonly graphqlName?: string;
  /** What its root field says to federation, as SDL has it, e.g. `@tag(name: "internal")`. */
  readonly directives?: readonly string[];
  /** OAuth scopes that it needs. */
  readonly scopes?: readonly string[];
  readonly configFields?: Notation;
}

export interface Action extends Presentation {
  /** A reading action is a Query field and may be repeated; any other is a Mutation field. */
  readonly readOnly?: boolean;
  /** A writing action that may be sent twice without harm, and so is retried. */
  readonly idempotent?: boolean;
  /**
   * How the provider takes an idempotency key. Each writing request then carries one and may be sent again, as after an
   * answer that was lost; the key is the same when a client repeats the mutation with its own key.
   */
  readonly idempotencyKey?: IdempotencyKeyPlace;
  /** Takes many inputs: `input` names one list field, `execute` answers rows in any order. */
  readonly batch?: boolean;
  /** How many inputs one call of a batch action takes. Default 100. */
  readonly maxBatchSize?: number;
  readonly input?: NotationSource;
  /** What `execute` gives: one row, or with `list` or `paginate` many of them. */
  readonly output?: NotationSource;
  /**
   * Fields of the entity in `output` that its rows do not have, though the object's `lookup` gives them: one that is asked
   * for is looked up. Name those alone, else every row costs a call.
   */
  readonly lacks?: readonly string[];
  /** The answer is a plain list of `output`. */
  readonly list?: boolean;
  /** The answer is a page of a longer list of `output`: a Relay connection in the graph. */
  readonly paginate?: Paginate;
  readonly execute: (connection: OpenConnection, input: any, page: PageRequest) => unknown;
  /** Decides instead of the status whether an answer is a success; `false` makes it an error. */
  readonly isSuccess?: (response: {
    status: number;
    headers: Readonly<Record<string, string>>;
    body: unknown;
  }) => boolean;
  readonly sampleOutput?: (connection: OpenConnection, input: any) => unknown;
  /**
   * The capability that it implements (`schema/capabilities.graphql`), e.g. `listAccounts`: its own input and output are those
   * of the capability, by their names in the graph, or are mapped to them.
   */
  readonly capability?: string | CapabilityMapping;
  readonly retryOnResponse?: readonly Matcher[];
  readonly retryOnRequest?: readonly string[];
  readonly maxRetries?: number;
  readonly summarizeInput?: readonly string[];
  readonly summarizeOutput?: readonly string[];
  /** Accepted and without effect, as are those below: there is no bulk transfer, and no action is suspended. */
  readonly bulk?: unknown;
  readonly titleHint?: unknown;
  readonly beforeSuspend?: unknown;
  readonly beforeResume?: unknown;
  readonly beforeTimeoutResume?: unknown;
  readonly streams?: unknown;
}

/** How an action becomes a capability. What is not named is taken by the same name in the graph. */
export interface CapabilityMapping {
  readonly name: string;
  /** By own input field: the name of an argument of the capability (dotted below it), or what is made of all of them. */
  readonly input?: Readonly<Record<string, string | ((request: any) => unknown)>>;
  /** By field of the capability's answer, for each row. */
  readonly output?: CapabilityOutput;
}

/** The name of an own output field (dotted below it), a function of the row, or these for the parts of the field. */
export interface CapabilityOutput {
  readonly [field: string]: string | ((row: any, request: any) => unknown) | CapabilityOutput;
}

/** The header that carries the key, such as `Idempotency-Key`, or a function that puts it into the request. */
export type IdempotencyKeyPlace =
  | {
      readonly header: string;
      /** Milliseconds that the provider knows a key again. Default 24 h. */
      readonly keptMs?: number;
    }
  | ((request: Request, key: string) => unknown);

/**
 * How an action pages. Where `execute` returns a request un-awaited, the runtime adds page and size to it and reads the
 * rest from the answer; where it awaits by itself it is given the page and answers a `Page`.
 */
export interface Paginate {
  /** `page`: a page number; `offset`: rows to skip; `cursor`: a token from the answer; `link`: the Link header (RFC 8288); `next_url`: a URL in the body. */
  readonly strategy: 'page' | 'offset' | 'cursor' | 'link' | 'next_url';
  /** Dotted path to the rows in the body. Default: the body is the list. */
  readonly rows?: string;
  /** Parameter that carries page number, offset or cursor. Default `page`, `offset`, `cursor`. */
  readonly pageParam?: string;
  /** Number of the first page. Default 1. */
  readonly firstPage?: number;
  /** Parameter that carries the size of a page. Absent: the provider's size is fixed. */
  readonly sizeParam?: string;
  /**
   * Rows of a page where `sizeParam` is absent, or where the client asks for none. Default 50. Where neither is given, a page
   * of any size may be followed by another, so the end of a list takes one request more.
   */
  readonly pageSize?: number;
  /** Most rows that one page may have. Default 100, or `pageSize` where that is more. */
  readonly maxPageSize?: number;
  /** Dotted path to the next cursor or URL in the body (`cursor`, `next_url`). */
  readonly next?: string;
  /** Dotted path to a flag that says whether more follows. */
  readonly hasMore?: string;
  /** Dotted path to the number of all rows, where the provider tells it. */
  readonly totalCount?: string;
}

/** The page that `execute` has to answer; `undefined` values mean the first page. */
export interface PageRequest {
  readonly size: number;
  /** Page number, for strategy `page`. */
  readonly number?: number;
  /** Rows to skip, for strategy `offset`. */
  readonly offset?: number;
  /** Token or URL of the page before, for the other strategies. */
  readonly token?: string;
}

/** What a paging `execute` answers when it does not return its request. */
export interface Page<Row = any> {
  readonly rows: readonly Row[];
  /** Where the next page starts; `null`: there is none; `undefined`: not known. */
  readonly next?: string | number | null;
  readonly totalCount?: number;
}

export interface Trigger extends Presentation {
  /** Default `ascending`. */
  readonly type?: 'ascending' | 'paging_desc';
  readonly input?: NotationSource;
  /** What one event looks like. */
  readonly output?: NotationSource;
  /** One page of events; the third argument is the stored `nextPoll`, or for `paging_desc` the `nextPage` of this cycle. */
  readonly poll?: (connection: OpenConnection, input: any, cursor: any, feed: PolledFeed) => unknown;
  readonly dedup?: (event: any) => unknown;
  readonly documentId?: (event: any) => unknown;
  readonly sortBy?: (event: any) => unknown;
  /** Name of the input field that means *since*. */
  readonly startField?: string;
  /** Between polls. Default 60 000. */
  readonly intervalMs?: number;
  /** Header by which the provider says how many seconds to wait until the next poll, e.g. `X-Poll-Interval`: `intervalMs` or that, whichever is longer, at most an hour. */
  readonly intervalHeader?: string;
  /**
   * The first GET of a poll asks with `If-None-Match` whether its answer is still the one of the same poll before (`ETag`).
   * A poll that is answered 304 has no events. For polls whose first GET alone says whether there is anything new; it is asked
   * so where the poll before was that one page. Default false.
   */
  readonly conditional?: boolean;
  /**
   * How far back each poll asks again, for providers that show some rows late or give many the same time: of an ascending
   * trigger its cursor is set back by so much, where that is a time (ISO 8601, or seconds or milliseconds since 1970), else
   * the ISO texts in it, but no numbers; a cursor without any is logged as a warning. A descending trigger goes on below its
   * newest known row by so much of `sortBy`. What was seen is not an event again. Default 0.
   */
  readonly lookBackMs?: number;
  readonly webhook?: Webhook;
  readonly sampleOutput?: (connection: OpenConnection, input: any) => unknown;
}

/** What a poll is told of its feed. */
export interface PolledFeed {
  /** What happened since then belongs to it, however late its first poll is that works. A provider's clock may differ from ours. */
  readonly startedAt: Date;
}

/** What an ascending poll answers. */
export interface AscendingPage<Event = any> {
  readonly events: readonly Event[] | One<Event>;
  readonly nextPoll?: unknown;
  readonly canPollMore?: boolean;
}

/** What a descending poll answers. */
export interface DescendingPage<Event = any> {
  readonly events: readonly Event[] | One<Event>;
  readonly nextPage?: unknown;
}

/** A list of other things is not one thing, though all keys of a thing may be optional. */
type One<Event> = Event & { readonly [Symbol.iterator]?: never };

export interface Webhook {
  /**
   * Asks the provider to call `webhookUrl`: what the other functions need of the subscription, or
   * `[that, expiresAt]`, the time a Date, an ISO text or seconds since 1970.
   */
  readonly subscribe?: (webhookUrl: string, connection: OpenConnection, input: any, feedId: string) => Result<unknown>;
  readonly unsubscribe?: (subscription: any, connection: OpenConnection) => Result<unknown>;
  /** Prolongs it: `[output, expiresAt]` in place of what `subscribe` gave. */
  readonly refresh?: (subscription: any, connection: OpenConnection) => Result<unknown>;
  /**
   * Answers a handshake, by which a provider asks whether the URL is ours, e.g. Slack's `url_verification` (POST), Meta's
   * `hub.challenge` (GET) and Microsoft's `validationToken`: the text to answer, or `undefined` when it is none. It is
   * asked before `verify`, and no event comes of it.
   */
  readonly challenge?: (received: {
    readonly method: string;
    readonly body: Uint8Array;
    /** The body, parsed; `undefined` where it cannot be. */
    readonly payload: any;
    readonly headers: Readonly<Record<string, string>>;
    readonly params: Readonly<Record<string, string>>;
    readonly subscription: any;
    readonly connection: CredentialSource;
  }) => Result<
    | string
    | { readonly body: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
    | undefined
  >;
  /**
   * Whether the provider sent it, judged on the body as it came; `verifyHmac` and its like help. `id` where a signed part
   * of it numbers the deliveries: one of the same id is refused for a day.
   */
  readonly verify?: (received: {
    /** As it came. */
    readonly body: Uint8Array;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    readonly params: Readonly<Record<string, string>>;
    readonly subscription: any;
    readonly connection: CredentialSource;
  }) => Verdict | Promise<Verdict>;
  /**
   * The events in it: nothing, one, or a list. Where there is a `poll` too a webhook only says that it is time to poll: what
   * is given is not an event, and nothing, or `false`, says that it is not time.
   */
  readonly notification?: (received: {
    readonly input: any;
    readonly payload: any;
    readonly headers: Readonly<Record<string, string>>;
    readonly params: Readonly<Record<string, string>>;
    readonly subscription: any;
    readonly connection: CredentialSource;
  }) => unknown;
  /**
   * Of a static webhook, which the developer registers once for all: by which of the keys that the connector's
   * `webhookKeys` finds in what is received the events of this input are known.
   */
  readonly key?: (connection: CredentialSource, input: any) => string;
  /** `parsed`: JSON or a form, by its content type; `raw`: text. Default `parsed`. */
  readonly payloadType?: 'parsed' | 'raw';
  readonly responseType?: 'plain' | 'json';
  readonly responseBody?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseStatus?: number;
}

/** What `verify` says; `undefined` is no. */
export type Verdict = boolean | { readonly id?: string | undefined } | undefined;

/** A choice: what is shown, and the value; for a tree also the id of the row's children and whether it has any. */
export type Choice = readonly [label: string, value: string | number | boolean, parentId?: null, hasChildren?: boolean];
export type PickList =
  | readonly Choice[]
  | ((connection: OpenConnection, params: Readonly<Record<string, any>>) => Result<readonly Choice[]>);

export type Method = (connection: OpenConnection, ...args: any[]) => unknown;

/**
 * `[class, handler, code]`: an error of that class leaves with `<connector>.<code>`. Every entry whose class matches runs, in
 * order, and a later one wins; what `connection.error` raised is left as it is. The handler is given the code, or the name of
 * the connector where there is none, and may change the message, the code, or with `errorCode` the whole of it.
 */
export type ExceptionHandler = readonly [
  errorClass: abstract new (...args: any[]) => Error,
  handler: ((error: any, given: string) => Handling | undefined | void) | null,
  code: string | null,
];

export interface Handling {
  readonly message?: string;
  readonly code?: string;
  /** With what stands before it, instead of `<connector>.<code>`. */
  readonly errorCode?: string;
}

export type { ErrorCode, Field, Notation, ObjectDefinition };
