/** What an operator says of subgraphs that are not in this process. */

export interface SubgraphSettings {
  /** As it is called in the supergraph, in errors and in the log. */
  readonly name: string;
  /** Where it is asked. With `supergraph` it may be left out: the supergraph says it. */
  readonly url?: string;
  /** File with its SDL, relative to the configuration; default: it is asked for `_service { sdl }` at start. */
  readonly sdl?: string;
  /** Headers of every request: a text, in which `{tenant}` and `{subject}` are the caller's, or `{ env: 'NAME' }`. */
  readonly headers?: Readonly<Record<string, string | { readonly env: string }>>;
  /** Names of headers that are passed on as the client sent them, e.g. `['accept-language']`. Default none. */
  readonly propagate?: readonly string[];
  /** Milliseconds of one request, repetitions included. Default 20 000. */
  readonly timeoutMs?: number;
  /** How it tells of events. Default: server-sent events at `url`. */
  readonly subscriptions?: { readonly transport: 'sse' | 'graphql-ws'; readonly url?: string };
  /** Its origin may lie at an address that is not public. Default `false`. */
  readonly allowPrivateAddress?: boolean;
}

export interface SupergraphSettings {
  /** File, relative to the configuration, or http(s) URL of a supergraph's SDL. */
  readonly source: string;
  /** Headers for the URL. */
  readonly headers?: Readonly<Record<string, string | { readonly env: string }>>;
  /** Milliseconds between two looks at the URL. Default 10 000. */
  readonly pollMs?: number;
  /** The origin of the URL may lie at an address that is not public. Default `false`. */
  readonly allowPrivateAddress?: boolean;
}

/** Whether a source is asked for, and no file. */
export function isRemoteSource(source: string): boolean {
  return /^https?:\/\//i.test(source);
}
