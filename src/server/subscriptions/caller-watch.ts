/** Ends what a caller has opened when its credentials end: it asks again who asks, as long as something is open. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../connection/caller.ts';
import { CallerError, InputError } from '../../errors.ts';

export interface CallerWatch {
  /**
   * Watches a caller.
   *
   * @param headers - the credentials that it was accepted with.
   * @param onEnd - called once, when they have expired, were revoked, or now stand for somebody else.
   * @returns the function that ends the watching.
   */
  readonly watch: (headers: IncomingHttpHeaders, caller: Caller, onEnd: () => void) => () => void;
}

export interface CallerWatchOptions {
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  /** Time between two questions about the same credentials, in milliseconds. */
  readonly everyMs: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** The headers that say who asks. */
export const credentialHeaders = ['authorization', 'x-external-subject-id'] as const;

/** One set of credentials, however many sockets were opened with it. */
interface Watched {
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  readonly ends: Set<() => void>;
  expiresAt: number | undefined;
  isAsked: boolean;
}

export function createCallerWatch({ caller: ask, everyMs, now = Date.now }: CallerWatchOptions): CallerWatch {
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;
  const end = (key: string, entry: Watched): void => {
    if (watched.get(key) === entry) watched.delete(key);
    for (const tell of entry.ends) tell();
    entry.ends.clear();
  };
  const check = async (key: string, entry: Watched): Promise<void> => {
    if (entry.expiresAt !== undefined && entry.expiresAt <= now()) return end(key, entry);
    if (entry.isAsked) return;
    entry.isAsked = true;
    try {
      const caller = await ask(entry.headers);
      if (isSame(caller, entry.caller)) entry.expiresAt = caller.expiresAt;
      else end(key, entry);
    } catch (error) {
      // A store or an issuer that does not answer revokes nothing.
      if (error instanceof CallerError || error instanceof InputError) end(key, entry);
    } finally {
      entry.isAsked = false;
    }
  };
  const checkAll = (): void => {
    for (const [key, entry] of watched) void check(key, entry);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    watch(headers, caller, onEnd) {
      const key = JSON.stringify([credentialHeaders.map((name) => headers[name]), caller.tenant, caller.subject]);
      let entry = watched.get(key);
      if (!entry) {
        entry = { headers, caller, ends: new Set(), expiresAt: caller.expiresAt, isAsked: false };
        watched.set(key, entry);
      }
      timer ??= setInterval(checkAll, everyMs).unref();
      const { ends } = entry;
      const own = entry;
      // A function of its own: one caller may open many things with one listener.
      const tell = (): void => onEnd();
      ends.add(tell);
      return () => {
        ends.delete(tell);
        if (ends.size === 0 && watched.get(key) === own) watched.delete(key);
      };
    },
  };
}

/** With fewer scopes or more, what was judged when it was opened may be judged otherwise now. */
function isSame(caller: Caller, other: Caller): boolean {
  if (caller.tenant !== other.tenant || caller.subject !== other.subject) return false;
  if (caller.scopes === other.scopes) return true;
  return caller.scopes.size === other.scopes.size && [...caller.scopes].every((scope) => other.scopes.has(scope));
}
