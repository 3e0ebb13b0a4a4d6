/** The things of subjects: mapped from what their connections show, or described by applications. */
import type { Caller } from '../connection/caller.ts';
import type { ConnectionRecord } from '../connection/connection-record.ts';
import type { Connector } from '../connector/definition.ts';
import type { ActionRun } from '../connector/run-action.ts';
import type { Change } from '../storage/records.ts';
import type { ThingKind } from './described-thing.ts';
import type { Thing, ThingStatus } from './thing.ts';
import type { ThingRecord } from './thing-record.ts';

/**
 * Opens a connection of the caller to run actions with.
 *
 * @throws AuthorizationError, also SCOPE_MISSING where the grant is known to lack a scope.
 */
export type OpenRun = (
  connector: Connector,
  connection: string,
  scopes: readonly string[] | undefined,
) => Promise<ActionRun>;

/** A thing, and for one of a connector what that says of its kind. */
export interface KeptThing {
  readonly record: ThingRecord;
  /** `undefined`: an application made it. */
  readonly kind: ThingKind | undefined;
}

/** Something happened to a thing that an application made. Of one of a connector the feed of its connection tells. */
export interface ThingChange {
  readonly tenant: string;
  readonly subject: string | null;
  /** Its id. */
  readonly thing: string;
  readonly component: string;
  /** Id of the property that has another value. */
  readonly property?: string;
  readonly value?: string | null;
  /** What the application is asked to do. */
  readonly action?: ActionRequest & { readonly name: string; readonly parameters: Readonly<Record<string, string>> };
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Something that a thing was asked to do. `PENDING` until the application has done it, until `deadline`. */
export interface ActionRequest {
  readonly id: string;
  readonly status: 'COMPLETED' | 'PENDING';
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** The things of one caller, within one request: what was read of a provider is remembered until its end. */
export interface CallersThings {
  /** Those of its connections, mapped where they are not yet, and those that applications made for it. */
  readonly list: (where?: {
    readonly connection?: string;
    readonly connector?: string;
  }) => Promise<readonly KeptThing[]>;
  /** @throws InputError THING_NOT_FOUND, the same for one of somebody else. */
  readonly find: (id: string) => Promise<KeptThing>;
  /**
   * As it is now.
   *
   * @throws what opening its connection and asking its provider throws.
   */
  readonly read: (kept: KeptThing) => Promise<Thing>;
  /** As it is described, without values: nobody is asked. */
  readonly describe: (kept: KeptThing) => Thing;
  /** @throws InputError INPUT_INVALID with all faults. */
  readonly create: (thing: unknown) => Promise<KeptThing>;
  /** Of one that an application made. @throws InputError THING_NOT_FOUND, THING_DESCRIBED, INPUT_INVALID */
  readonly setProperty: (id: string, component: string, property: string, value: unknown) => Promise<KeptThing>;
  /** @throws as `setProperty` */
  readonly setStatus: (id: string, status: ThingStatus) => Promise<KeptThing>;
  /** @throws as `setProperty` */
  readonly remove: (id: string) => Promise<void>;
  /**
   * Asks it to do something: of one of a connector the action is run, of an application's the application is told.
   *
   * @throws InputError THING_NOT_FOUND, INPUT_INVALID; what the action throws.
   */
  readonly act: (
    id: string,
    component: string,
    action: string,
    parameters: Readonly<Record<string, unknown>>,
  ) => Promise<ActionRequest>;
}

export interface Things {
  readonly of: (caller: Caller, open: OpenRun) => CallersThings;
  /**
   * Maps what a working connection shows: each of its things gets an id that stays, in one step for all. Once per
   * connecting; what appears later is mapped when the things are listed.
   *
   * @throws what opening the connection and asking its provider throws; nothing is mapped then.
   */
  readonly map: (connection: ConnectionRecord, open: OpenRun) => Promise<readonly KeptThing[]>;
  /** What has to be removed in the same step as a connection: all or nothing. */
  readonly removalOf: (connection: string) => Promise<readonly Change[]>;
}
