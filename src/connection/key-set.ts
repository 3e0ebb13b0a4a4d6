/** The keys of an issuer behind a URL, as they change: a token with an unknown key makes them be fetched anew. */
import { GatewayError } from '../errors.ts';
import { readKeySet, type FindKey } from './json-web-token.ts';

/** `fetch`, as far as it is needed: the outbound client stands behind it (`createClientFetch`). */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

interface FetchInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

export interface KeySetOptions {
  readonly url: string;
  readonly fetch: Fetch;
  readonly now: () => number;
}

/** Not more than one request a minute, whatever tokens come: anybody can make up a key id. */
const minIntervalMs = 60_000;
/** Sooner while there are no keys at all, for then no token can be judged. */
const firstIntervalMs = 5_000;
/** After this time the keys are asked for again, so that withdrawn ones end. */
const maxAgeMs = 10 * 60_000;
/** Keys that the issuer does not confirm any more end after a day. */
const maxStaleMs = 24 * 60 * 60_000;
const timeoutMs = 5_000;
const maxLength = 256 * 1024;

/**
 * Finds keys by the header of a token. They are fetched when the first token comes, again when a token names a key that
 * is not among them (rotation needs no restart), and every 10 minutes; at most once a minute, and once for all who wait.
 * While the issuer does not answer, the keys that it gave before hold for a day.
 *
 * @throws GatewayError ISSUER_UNAVAILABLE while there are no keys.
 */
export function createKeySet({ url, fetch, now }: KeySetOptions): FindKey {
  let keys: { readonly find: FindKey; readonly fetchedAt: number } | undefined;
  let askedAt = -Infinity;
  let asking: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    askedAt = now();
    try {
      keys = { find: readKeySet(await fetchKeySet(url, fetch)), fetchedAt: now() };
    } catch {
      // Who needs keys and has none says so; the others have theirs.
    } finally {
      asking = undefined;
    }
  };
  const ask = () => void (asking = renew());
  const mayAsk = () => !asking && (now() - askedAt >= (keys ? minIntervalMs : firstIntervalMs) || now() < askedAt);
  const usable = () => (keys && now() - keys.fetchedAt < maxStaleMs ? keys : undefined);

  return async (header) => {
    // Nobody waits for the renewal of keys that still hold.
    if (keys && now() - keys.fetchedAt >= maxAgeMs && mayAsk()) ask();
    const known = await usable()?.find(header);
    if (known) return known;
    if (mayAsk()) ask();
    await asking;
    const current = usable();
    if (!current) throw unavailable();
    return current.find(header);
  };
}

async function fetchKeySet(url: string, fetch: Fetch): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (response.status !== 200 || text.length > maxLength) throw unavailable();
  return JSON.parse(text);
}

function unavailable(): GatewayError {
  const message = 'The keys of the issuer of this token cannot be had just now. Ask again later.';
  return new GatewayError('ISSUER_UNAVAILABLE', message, { retryAfterMs: firstIntervalMs });
}
