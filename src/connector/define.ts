/** What a connector is written with; published as `plugboard/connector`. */
import { DefinitionError, type Fault } from '../errors.ts';
import type { InputOf, OutputOf } from '../notation/infer.ts';
import type { Field, Notation, ObjectDefinition } from '../notation/field.ts';
import { checkConnector } from './check-connector.ts';
import type {
  Action,
  AscendingPage,
  ConnectionFields,
  Connector,
  CredentialSource,
  DescendingPage,
  NotationSource,
  Page,
  PageRequest,
  PolledFeed,
  Result,
  Trigger,
  Webhook,
} from './definition.ts';
import type { OpenConnection } from './open-connection.ts';

export { Content, type ContentFacts } from '../content.ts';
export { AuthorizationError, GatewayError, InputError, ProviderError } from '../errors.ts';
export { path } from '../http/path.ts';
export { httpHandler } from './http-handler.ts';
export type { AfterErrorResponse, AfterResponse, ProviderResponse, Request } from '../http/request.ts';
export type { Field, Notation, ObjectDefinition } from '../notation/field.ts';
export type * from '../notation/thing.ts';
export type { InputOf, OutputOf } from '../notation/infer.ts';
export type { OpenConnection } from './open-connection.ts';
export {
  hmacSignature,
  isRecentTimestamp,
  verifyEd25519,
  verifyHmac,
  verifyStandardWebhook,
  type Ed25519Options,
  type HmacOptions,
  type StandardWebhookOptions,
} from './verify-webhook.ts';
export type * from './definition.ts';

/**
 * Checks a connector and gives it back.
 *
 * @throws DefinitionError with every fault of the connector at once, each with its path.
 */
export function defineConnector(connector: Connector): Connector {
  const found: Fault[] = [];
  const faults = checkConnector(connector, (warning) => found.push(warning));
  if (faults.length > 0) throw new DefinitionError(faults);
  warnings.set(connector, found);
  return connector;
}

/**
 * What is odd about a connector without being wrong, such as a key that nobody knows; `undefined` for what was made
 * without `defineConnector`, or by another copy of it, and so was not checked here.
 */
export function connectorWarnings(connector: unknown): readonly Fault[] | undefined {
  return warnings.get(connector as Connector);
}
const warnings = new WeakMap<Connector, readonly Fault[]>();

/** Gives the object back; the type keeps its field names and types. Its key is one of its fields. */
export function defineObject<const Fields extends Notation>(object: TypedObject<Fields>): ObjectDefinition<Fields> {
  return object;
}

export interface TypedObject<Fields extends Notation> extends Omit<ObjectDefinition<Fields>, 'fields' | 'key'> {
  readonly fields: Fields & KnownKeys<Fields>;
  readonly key?: NoInfer<Fields>[number]['name'];
}

/** An action whose `input` has the TypeScript type that its notation declares, and whose result must have it. */
export function defineAction<const Input extends NotationSource, const Output extends NotationSource>(
  action: TypedAction<Input, Output>,
): Action {
  return action;
}

export interface TypedAction<Input extends NotationSource, Output extends NotationSource> extends Omit<
  Action,
  'input' | 'output' | 'execute'
> {
  readonly input?: Input & KnownKeys<Input>;
  readonly output?: Output & KnownKeys<Output>;
  readonly execute: (
    connection: OpenConnection,
    input: SourceInput<NoInfer<Input>>,
    page: PageRequest,
  ) => ActionResult<SourceOutput<NoInfer<Output>>>;
}

type ActionResult<Row> = Result<Row | readonly Row[] | Page<Row> | null | undefined>;

/** A trigger whose `input` and events have the TypeScript types that their notations declare; its poll answers a page of its kind. */
export function defineTrigger<const Input extends NotationSource, const Output extends NotationSource, Answer>(
  trigger: TypedTrigger<Input, Output, Answer>,
): Trigger {
  return trigger;
}

export type TypedTrigger<Input extends NotationSource, Output extends NotationSource, Answer = unknown> = Omit<
  Trigger,
  'input' | 'output' | 'type' | 'poll' | 'dedup' | 'documentId' | 'sortBy' | 'webhook'
> & {
  readonly input?: Input & KnownKeys<Input>;
  readonly output?: Output & KnownKeys<Output>;
  readonly dedup?: (event: SourceOutput<NoInfer<Output>>) => unknown;
  readonly documentId?: (event: SourceOutput<NoInfer<Output>>) => unknown;
  readonly sortBy?: (event: SourceOutput<NoInfer<Output>>) => unknown;
  readonly webhook?: TypedWebhook<SourceInput<NoInfer<Input>>, SourceOutput<NoInfer<Output>>>;
} & (
    | { readonly type?: 'ascending'; readonly poll?: Poll<Input, AscendingPage<SourceOutput<NoInfer<Output>>>, Answer> }
    | {
        readonly type: 'paging_desc';
        readonly poll?: Poll<Input, DescendingPage<SourceOutput<NoInfer<Output>>>, Answer>;
      }
  );

/** A webhook whose input and events are those of its trigger. What the provider sends, and what `subscribe` keeps, is of any type. */
export interface TypedWebhook<Input, Event> extends Omit<Webhook, 'subscribe' | 'notification' | 'key'> {
  readonly subscribe?: (...given: With<Input, Parameters<Required<Webhook>['subscribe']>>) => Result<unknown>;
  readonly notification?: (
    received: Omit<NotificationReceived, 'input'> & { readonly input: Input },
  ) => Result<Event | readonly Event[] | boolean | null | undefined>;
  readonly key?: (connection: CredentialSource, input: Input) => string;
}

type NotificationReceived = Parameters<Required<Webhook>['notification']>[0];
type With<Input, Given> = Given extends [infer Url, infer Connection, any, ...infer Rest]
  ? [webhookUrl: Url, connection: Connection, input: Input, ...Rest]
  : never;

/** `Answer` is what the function gives; a key that its page does not have would be lost in silence. */
type Poll<Input extends NotationSource, Expected, Answer> = (
  connection: OpenConnection,
  input: SourceInput<NoInfer<Input>>,
  cursor: any,
  feed: PolledFeed,
) => Answer & Result<Expected | null | undefined> & WithoutOthers<OtherKeys<Awaited<NoInfer<Answer>>, keyof Expected>>;

type OtherKeys<Page, Known> = 0 extends 1 & Page ? never : Page extends object ? Exclude<keyof Page, Known> : never;

type WithoutOthers<Others> = [Others] extends [never] ? unknown : { readonly 'a page has no such key': Others };

/** The same, but that keys which the notation does not know have no value: a misspelt key would have no effect. */
type KnownKeys<Source> = Source extends (...configuration: any[]) => unknown
  ? Source
  : Source extends readonly unknown[]
    ? { readonly [Index in keyof Source]: KnownKeysOfField<Source[Index]> }
    : Source extends { readonly fields: infer Fields }
      ? {
          readonly [Key in keyof Source]: Key extends 'fields'
            ? KnownKeys<Fields>
            : Key extends keyof ObjectDefinition
              ? Source[Key]
              : never;
        }
      : Source;

type KnownKeysOfField<Given> = {
  readonly [Key in keyof Given]: Key extends 'properties' | 'of'
    ? KnownKeys<Given[Key]>
    : Key extends 'toggleField'
      ? KnownKeysOfField<Given[Key]>
      : Key extends keyof Field
        ? Given[Key]
        : never;
};

type SourceInput<Source> = Source extends (configuration: ConnectionFields) => unknown
  ? Record<string, any>
  : InputOf<FieldsOf<Source>>;
type SourceOutput<Source> = Source extends (configuration: ConnectionFields) => unknown
  ? any
  : OutputOf<FieldsOf<Source>>;
type FieldsOf<Source> = Source extends Notation
  ? Source
  : Source extends ObjectDefinition<infer Fields>
    ? Fields
    : readonly [];
