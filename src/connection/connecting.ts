/** How a subject connects an account: from `connect`, over the browser, to a connection that works (design §6, safety O3). */
import type { Connector } from '../connector/definition.ts';
import type { Notation } from '../notation/field.ts';
import type { Caller } from './caller.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { AcquiredTokens } from './connection-tokens.ts';

/** What an application says when it begins. */
export interface ConnectInput {
  /** What the subject would otherwise enter on the connect page, by field name. */
  readonly fields?: Readonly<Record<string, unknown>> | null;
  /** Where the browser is sent at the end; one of the allowed return URLs, exactly. */
  readonly returnUrl?: string | null;
  readonly label?: string | null;
  /** Default `SUBJECT`. */
  readonly owner?: 'SUBJECT' | 'TENANT' | null;
  /** OAuth scopes beside those that the connector always asks for. */
  readonly scopes?: readonly string[] | null;
}

/** How a facade begins where its own protocol is stricter, or knows no `finishConnection`. */
export interface ConnectWay {
  /** Refuses whatever the owner has of that label already, were it only begun. */
  readonly onlyNew?: boolean;
  /** Refuses while there is no registration for the tenant. */
  readonly needsRegistration?: boolean;
  /**
   * The browser that opens the link also finishes, without `finishConnection`: whoever is sent the link then connects an
   * account for the subject that began (safety O3), so it is for operators to allow.
   */
  readonly finishInBrowser?: boolean;
}

export interface Begun {
  readonly connection: ConnectionRecord;
  /** Our own link that the browser opens, good for 10 minutes and one browser; `null` when nothing is left to do. */
  readonly authorizationUrl: string | null;
  /** What the subject enters on another device; `null` where the connector does not authorize so. */
  readonly device: BegunDevice | null;
}

/** A code for another device (RFC 8628). */
export interface BegunDevice {
  readonly userCode: string;
  /** Where the subject enters it. */
  readonly verificationUrl: string;
  /** With the code in it, for a link or a picture. */
  readonly verificationUrlComplete: string | null;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the browser is shown or told to do next. */
export type BrowserStep =
  /** The connect page with a form for these fields. */
  | {
      readonly step: 'form';
      readonly connector: Connector;
      readonly notation: Notation;
      /** What was entered before, without secrets. */
      readonly values: Readonly<Record<string, unknown>>;
      /** Why what was entered does not do, by field name; '' is about the whole form. */
      readonly problems: Readonly<Record<string, string>>;
    }
  /** 303 to the provider. */
  | { readonly step: 'provider'; readonly url: string }
  /** 303 to the application, with `code` or `error` in the query. */
  | { readonly step: 'return'; readonly url: string }
  /** The end, where no application waits: the connection works, or why it does not. */
  | {
      readonly step: 'end';
      readonly connector: Connector;
      readonly identity: string | null;
      readonly problem: string | null;
    };

/** Binds what a browser does to the browser that began: a random text that only its cookie holds. */
export type BrowserBinding = string;

/** Credentials that another system got by itself. */
export interface BroughtCredentials {
  /** Of the connection, by name. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Absent: the fields are all. */
  readonly tokens?: AcquiredTokens;
  /** Name of the account at the provider. */
  readonly identity: string | null;
}

/** @throws AuthorizationError CONNECTION_EXISTS; InputError REGISTRATION_REQUIRED */
export type Adopt = (
  caller: Caller & { readonly subject: string },
  connector: Connector,
  brought: BroughtCredentials,
) => Promise<ConnectionRecord>;

export interface Connecting {
  /**
   * @throws AuthorizationError, InputError; CONNECTION_EXISTS when the owner has one of that label already;
   *   REGISTRATION_REQUIRED when `way` needs a registration and there is none.
   */
  readonly begin: (caller: Caller, connector: Connector, input: ConnectInput, way?: ConnectWay) => Promise<Begun>;
  /** The same for a connection that exists; it keeps working until the new credentials are there. */
  readonly beginAgain: (caller: Caller, connectionId: string, input: ConnectInput) => Promise<Begun>;
  /**
   * The browser opens the link. The first browser to come is bound to the session.
   *
   * @throws AuthorizationError SESSION_INVALID when the token is unknown, expired, of another connector, or another browser's.
   */
  readonly openSession: (connectorName: string, token: string, browser: BrowserBinding) => Promise<BrowserStep>;
  /** The browser posts the form: the fields are tried by the connector's `test` before anything is kept. @throws as `openSession` */
  readonly submitSession: (
    connectorName: string,
    token: string,
    browser: BrowserBinding,
    values: Readonly<Record<string, string>>,
  ) => Promise<BrowserStep>;
  /**
   * The provider sends the browser back.
   *
   * @param context - last segment of the path, which is unique per tenant and connector.
   * @throws AuthorizationError FLOW_INVALID for unknown, replayed, swapped or expired `state`, or another browser's.
   */
  readonly returnFromProvider: (
    context: string,
    parameters: URLSearchParams,
    browser: BrowserBinding | undefined,
  ) => Promise<BrowserStep>;
  /** The connection after the provider was asked about a device code, where one is under way. */
  readonly advance: (connection: ConnectionRecord) => Promise<ConnectionRecord>;
  /** Keeps what another system got by itself: for the facades of such systems alone. @throws as `Adopt` */
  readonly adopt: Adopt;
  /** The application brings the code that the browser brought it. @throws AuthorizationError FINISH_CODE_INVALID */
  readonly finish: (caller: Caller, code: string) => Promise<ConnectionRecord>;
  /** Asks the provider whether it works, and keeps the result as its state. @throws AuthorizationError CONNECTION_NOT_FOUND */
  readonly test: (
    caller: Caller,
    connectionId: string,
  ) => Promise<{ readonly connection: ConnectionRecord; readonly works: boolean; readonly problem: string | null }>;
  /**
   * Removes it at once, and has its tokens revoked (RFC 7009).
   *
   * @returns whether the provider has been told, or has no way to be told.
   */
  readonly disconnect: (caller: Caller, connectionId: string) => Promise<boolean>;
}
