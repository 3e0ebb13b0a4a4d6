/** How long a failed renewal is left alone, for one connection and for a whole token endpoint. */

/** Milliseconds. */
export interface BackoffLimits {
  /** Ceiling of the first wait, doubled with each further failure. */
  readonly baseMs: number;
  /** The longest wait of our own: a server that is back is asked again within it. */
  readonly maxMs: number;
  /** The longest `Retry-After` that is heeded; a longer one is cut. */
  readonly maxRetryAfterMs: number;
}

export const defaultBackoff: BackoffLimits = { baseMs: 1_000, maxMs: 60_000, maxRetryAfterMs: 5 * 60_000 };

/**
 * The wait after so many failures in a row: full jitter, and no less than the server asked for.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(
  failures: number,
  retryAfterMs: number | undefined,
  random: () => number,
  limits: BackoffLimits = defaultBackoff,
): number {
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.ceil(Math.max(random() * ceiling, Math.min(retryAfterMs ?? 0, limits.maxRetryAfterMs)));
}

/**
 * What is up or down as one. A tenant chooses its endpoints itself, and servers limit each client by itself: what one
 * tenant meets says nothing to another, nor one endpoint about its neighbour.
 */
export interface TokenEndpoint {
  readonly tenant: string;
  readonly tokenUrl: string;
}

/** One for all connections of a process: a server that is down is probed, not asked by everyone. */
export interface ServerBreaker {
  /** Milliseconds until the server may be asked; 0: now, and whoever got 0 asks. */
  readonly waitMs: (endpoint: TokenEndpoint, now: number) => number;
  readonly succeeded: (endpoint: TokenEndpoint) => void;
  readonly failed: (endpoint: TokenEndpoint, now: number) => void;
}

/** So many failures in a row, of whatever connections, and the server counts as down. */
const openAfter = 5;
const probeEveryMs = 30_000;

/** Servers that fail at a time; of more, the one that failed first counts as up. */
const maxServers = 10_000;

/** Makes the breaker. */
export function createServerBreaker(probeMs = probeEveryMs): ServerBreaker {
  const servers = new Map<string, { failures: number; nextProbeAt: number }>();
  return {
    waitMs(endpoint, now) {
      const server = servers.get(keyOf(endpoint));
      if (!server || server.failures < openAfter) return 0;
      // A clock that was set back must not keep the breaker open.
      const wait = Math.min(server.nextProbeAt - now, probeMs);
      if (wait > 0) return wait;
      server.nextProbeAt = now + probeMs;
      return 0;
    },
    succeeded: (endpoint) => void servers.delete(keyOf(endpoint)),
    failed(endpoint, now) {
      const key = keyOf(endpoint);
      const server = servers.get(key) ?? { failures: 0, nextProbeAt: 0 };
      server.failures += 1;
      if (server.failures === openAfter) server.nextProbeAt = now + probeMs;
      servers.set(key, server);
      // Tenants choose their endpoints: whoever names many must not fill the memory.
      if (servers.size > maxServers) servers.delete(servers.keys().next().value!);
    },
  };
}

function keyOf({ tenant, tokenUrl }: TokenEndpoint): string {
  return JSON.stringify([tenant, tokenUrl]);
}
