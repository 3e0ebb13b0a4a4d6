/** What goes out to a provider and what comes back, as it is on the wire. */
import type { Readable } from 'node:stream';
import type { Content } from '../content.ts';
import type { RequestBudget } from './budget.ts';

/** A request as it goes on the wire. Header names are lower case. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A content is sent as it comes, in its own time, and so once. */
  readonly body?: string | Uint8Array | Content;
  /** A success is given as it comes, of whatever size (`ReceivedResponse.stream`). */
  readonly streamed?: boolean;
  /** May be sent again after 502, 503, 504 or a cut connection: a read, or a write that says it is idempotent. */
  readonly repeatable: boolean;
  /** It is repeatable because it carries a key: what lost its last answer may have been carried out. */
  readonly keyed?: boolean;
  /** What carries credentials: never sent to another origin, never logged. */
  readonly credentials: { readonly headers: ReadonlySet<string>; readonly params: ReadonlySet<string> };
  readonly redirects: 'same-origin' | 'any-origin' | 'none';
  readonly tls?: TlsIdentity;
  /**
   * Origin of the connector's own fixed `baseUri`, e.g. `https://api.example.com:8443`. A URL of this origin may use its
   * port; nothing else is trusted for it. Leave it out when any part of the `baseUri` came from a person's input.
   */
  readonly declaredOrigin?: string;
}

/** Who we are to the provider (PEM), and which authorities vouch for the provider. */
export interface TlsIdentity {
  readonly certificate?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly ca?: readonly string[];
}

/** An answer, decompressed, of any status. Header names are lower case, repeated headers joined by `, `. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body of a success that was asked for so; `body` is empty then. It fails where the answer is cut. */
  readonly stream?: Readable;
  /** The URL that answered, after redirects. */
  readonly url: URL;
}

/** Whose call it is, and what bounds it. */
export interface CallContext {
  readonly connector: string;
  /** The provider's title, for messages. Default: the connector's name. */
  readonly title?: string;
  readonly connection?: string;
  /** Whose requests are counted together where no connection is needed (`http/rate-budget`). */
  readonly tenant?: string | undefined;
  /** It is a poll, which leaves the last of a rate limit to actions. */
  readonly isPoll?: boolean | undefined;
  /** It only reads, as its action says: what is alike and under way may be answered together. */
  readonly isRead?: boolean | undefined;
  /** Aborts when the client has gone or the operation's time is up; its reason says which. */
  readonly signal?: AbortSignal;
  /** Counts the requests of one call (`http/budget`). */
  readonly budget: RequestBudget;
}
