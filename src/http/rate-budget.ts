/** What providers said about their rate limits, per connection and host; actions and polls share it. */
import { ProviderError } from '../errors.ts';
import { readRateFacts } from './rate-headers.ts';
import { RateWindow } from './rate-window.ts';
import type { CallContext, ReceivedResponse } from './wire.ts';

/** Whose requests are counted together at a provider. */
export interface RateOwner {
  /** Id of the connection, which no two tenants have in common unless their operator shares it. */
  readonly connection?: string | undefined;
  readonly connector: string;
  /** Tells calls apart that need no connection. */
  readonly tenant?: string | undefined;
  /** It is a poll. */
  readonly isPoll?: boolean | undefined;
}

/** `go`: hand it to `settle` with the answer. `news`: the answers of requests under way decide. */
export type Admission =
  | Permit
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'news'; readonly onNews: (listener: () => void) => () => void };

/** A request that may go, counted until its answer is there. */
export interface Permit {
  readonly kind: 'go';
  readonly taken: readonly { readonly window: RateWindow; readonly revision: number }[];
}

export interface RateBudgets {
  /** Whether one request may go now; `undefined`: yes, and nothing is known of a limit. */
  readonly admit: (owner: RateOwner, url: URL) => Admission | undefined;
  /** Learns from an answer; `undefined` when none came. Every `go` is settled once. */
  readonly settle: (
    owner: RateOwner,
    url: URL,
    permit: Permit | undefined,
    answer: Pick<ReceivedResponse, 'status' | 'headers'> | undefined,
  ) => void;
  /**
   * When a poll of this owner may ask, in milliseconds since 1970; 0 for at once. Polls leave the last tenth of every
   * window, one request at least, to actions.
   */
  readonly readyAt: (owner: RateOwner) => number;
  /** Takes over what another process learned; it tells nobody. */
  readonly close: (limit: ClosedLimit) => void;
}

/** A limit that is reached, as one process tells it to others. */
export interface ClosedLimit {
  /** Whose requests are counted together. */
  readonly whose: string;
  readonly origin: string;
  /** What is counted apart there; empty: everything. */
  readonly resource: string;
  /** So long nothing goes, from now. */
  readonly closedMs: number;
}

/** All durations are in milliseconds. */
export interface RateBudgetOptions {
  /** Owners that are remembered; the one that heard nothing for the longest time is forgotten first. Default 10 000. */
  readonly maxOwners?: number;
  /** A clock that never moves back. Default `performance.now`. */
  readonly now?: () => number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly wallNow?: () => number;
  /** Hears of a limit that an answer said to be reached. It must not throw. */
  readonly onClosed?: (limit: ClosedLimit) => void;
}

/** Makes the budgets. One is enough for a gateway; it goes to `createSender`, and to the feeds. */
export function createRateBudgets(options: RateBudgetOptions = {}): RateBudgets {
  const { maxOwners = 10_000, now = () => performance.now(), wallNow = Date.now, onClosed } = options;
  const owners = new Map<string, Hosts>();

  return {
    admit(owner, url) {
      const host = owners.get(keyOf(owner))?.get(url.origin);
      if (!host) return undefined;
      const windows = host.windowsOf(url, owner.isPoll === true);
      if (windows.length === 0) return undefined;
      return admitTo(windows, now());
    },
    settle(owner, url, permit, answer) {
      const facts = answer && readRateFacts(answer.status, answer.headers, wallNow());
      if (!permit && !facts) return;
      const at = now();
      permit?.taken.forEach(({ window }) => window.underWay--);
      const learning =
        facts && hostOf(owners, maxOwners, keyOf(owner), url.origin).windowFor(url, facts.resource, owner.isPoll);
      if (learning) {
        const revision = permit?.taken.find(({ window }) => window === learning)?.revision;
        learning.learn(facts, at, revision ?? (learning.revision === 0 ? 0 : undefined));
        if (onClosed && (facts.isRefusal || facts.remaining === 0)) {
          const closedMs = learning.closedMs(at);
          const { resource = everything } = facts;
          if (closedMs > 0) onClosed({ whose: keyOf(owner), origin: url.origin, resource, closedMs });
        }
      }
      if (!permit) return;
      for (const { window } of permit.taken) {
        if (answer && window !== learning) window.count(at);
        window.tell();
      }
      if (!facts) forgetIdle(owners, owner, url.origin);
    },
    close({ whose, origin, resource, closedMs }) {
      hostOf(owners, maxOwners, whose, origin)
        .windowNamed(resource)
        .close(now() + closedMs);
    },
    readyAt(owner) {
      const hosts = owners.get(keyOf(owner));
      if (!hosts) return 0;
      const at = now();
      const readyAt = Math.max(0, ...[...hosts.values()].map((host) => host.readyAt(at)));
      return readyAt === 0 ? 0 : wallNow() + Math.ceil(readyAt - at);
    },
  };
}

/** The error for a request that was not sent, because the provider would refuse it. */
export function rateLimited(context: CallContext, url: URL, waitMs: number): ProviderError {
  const { connector, title = connector } = context;
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  return new ProviderError(
    'PROVIDER_RATE_LIMITED',
    `${title} at ${url.origin} takes no more requests of this connection for now, so nothing was sent. Ask again in ${Math.ceil(retryAfterMs / 1000)} s.`,
    { retryAfterMs },
  );
}

/** By origin. */
type Hosts = Map<string, HostBudget>;

const maxHosts = 16;
const maxResources = 8;
const maxRoutes = 64;
/** The window of everything that is not counted apart. */
const everything = '';

class HostBudget {
  /** By the name of what is counted apart. */
  readonly #windows = new Map<string, RateWindow>();
  /** What the requests of a path count as, by its first segment: nobody knows before an answer said it. */
  readonly #resources = new Map<string, string>();
  /** What polls count as. */
  readonly #polled = new Set<string>();

  windowsOf(url: URL, isPoll: boolean): RateWindow[] {
    const resource = this.#resources.get(routeOf(url)) ?? everything;
    if (isPoll) this.#polled.add(resource);
    const windows = [this.#windows.get(everything)];
    if (resource !== everything) windows.push(this.#windows.get(resource));
    return windows.filter((window) => window !== undefined);
  }

  windowFor(url: URL, resource: string = everything, isPoll: boolean = false): RateWindow {
    if (resource !== everything) keepNewest(this.#resources, routeOf(url), resource, maxRoutes);
    if (isPoll) this.#polled.add(resource);
    return this.windowNamed(resource);
  }

  windowNamed(resource: string): RateWindow {
    const window = this.#windows.get(resource) ?? new RateWindow();
    keepNewest(this.#windows, resource, window, maxResources);
    return window;
  }

  /** What polls never ask for does not keep them waiting. */
  readyAt(now: number): number {
    let readyAt = 0;
    for (const [resource, window] of this.#windows) {
      const concernsPolls = resource === everything || this.#polled.size === 0 || this.#polled.has(resource);
      if (concernsPolls) readyAt = Math.max(readyAt, window.readyAt(now));
    }
    return readyAt;
  }

  isIdle(): boolean {
    return [...this.#windows.values()].every((window) => window.isIdle());
  }
}

function admitTo(windows: readonly RateWindow[], now: number): Admission {
  let waitMs = 0;
  for (const window of windows) {
    const own = window.waitMs(now);
    if (own === undefined) return { kind: 'news', onNews: (listener) => window.onNews(listener) };
    waitMs = Math.max(waitMs, own);
  }
  if (waitMs > 0) return { kind: 'wait', waitMs };
  for (const window of windows) window.underWay++;
  return { kind: 'go', taken: windows.map((window) => ({ window, revision: window.revision })) };
}

function hostOf(owners: Map<string, Hosts>, maxOwners: number, key: string, origin: string): HostBudget {
  const hosts: Hosts = owners.get(key) ?? new Map<string, HostBudget>();
  const host = hosts.get(origin) ?? new HostBudget();
  keepNewest(owners, key, hosts, maxOwners);
  keepNewest(hosts, origin, host, maxHosts);
  return host;
}

function forgetIdle(owners: Map<string, Hosts>, owner: RateOwner, origin: string): void {
  const key = keyOf(owner);
  const hosts = owners.get(key);
  if (hosts?.get(origin)?.isIdle() !== true) return;
  hosts.delete(origin);
  if (hosts.size === 0) owners.delete(key);
}

/** Puts it last, and drops the first when there are too many. */
function keepNewest<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}

function keyOf({ connection, connector, tenant }: RateOwner): string {
  // No id of a connection begins with a line break, so that neither can be taken for the other.
  return connection ?? `\n${tenant ?? ''}\n${connector}`;
}

function routeOf({ pathname }: URL): string {
  const end = pathname.indexOf('/', 1);
  return (end < 0 ? pathname : pathname.slice(0, end)).slice(0, 64);
}
