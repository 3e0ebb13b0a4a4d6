/** The feeds that this process holds, for one poll or for many: what it knows of each, and how many polls a connection has. */
import type { GatewayError } from '../errors.ts';
import { createConnectionPlaces } from './connection-places.ts';
import type { FeedDesk } from './feed-desk.ts';
import { createFeedHealth, type HealthState } from './feed-health.ts';
import { isRunning, keyOfRecord } from './feed-record.ts';
import type { HeldFeed } from './poll-clock.ts';
import { pollFeed, type Holding } from './poll-feed.ts';
import { createTrimmer, type Trimmer } from './trim-feed.ts';

export interface Holdings {
  /** One poll under a holding. It never fails. @returns as the clock's */
  readonly poll: (id: string, held: HeldFeed, signal: AbortSignal) => Promise<number | undefined>;
  /** How it fares, as far as this process polled it. */
  readonly health: (id: string) => HealthState | undefined;
  /** How it fares while this process holds it, when nobody knows better. */
  readonly held: (id: string) => HealthState | undefined;
  readonly forget: (id: string) => void;
}

export interface HoldingEvents {
  /** The feed is over for good. */
  readonly onEnd: (id: string, reason: GatewayError) => void;
  /** Another process stopped it, or removed its record. */
  readonly onStopped: (id: string) => void;
  /** Whether another process has listeners of it. @throws GatewayError of the store */
  readonly areElsewhere: (id: string) => Promise<boolean>;
}

/** What others serve and this process does not is left to them so long. */
const leftToOthersMs = 1_000;
/** Where nobody listens it may be that nobody serves it. */
const leftUnheardMs = 10_000;
/** A store that fails is asked again so soon. */
const storeFailedMs = 3_000;

export function createHoldings(desk: FeedDesk, events: HoldingEvents): Holdings {
  const holdings = new Map<string, Holding>();
  const healths = new Map<string, HealthState>();
  const trimmers = new Map<string, Trimmer>();
  const places = createConnectionPlaces(desk.limits.concurrentPollsPerConnection);
  /** @returns `undefined` when the feed does not run. @throws GatewayError of the store */
  const holdingOf = async (id: string, held: HeldFeed): Promise<Holding | undefined> => {
    const known = holdings.get(id);
    if (known?.fence === held.fence) return known;
    const fresh = await desk.records.read(id);
    if (!fresh || !isRunning(fresh)) return undefined;
    const { failures = fresh.value.state === 'RUNNING' ? 0 : 1 } = fresh.value;
    const health = createFeedHealth(desk, id, fresh.value, held.isHeld);
    const holding: Holding = { ...held, key: keyOfRecord(fresh), health, failures, fresh };
    holdings.set(id, holding);
    held.signal.addEventListener('abort', () => {
      if (holdings.get(id) === holding) holdings.delete(id);
    });
    return holding;
  };
  const trimmerOf = (id: string): Trimmer => {
    const trimmer = trimmers.get(id) ?? createTrimmer(desk, id);
    trimmers.set(id, trimmer);
    return trimmer;
  };
  return {
    async poll(id, held, signal) {
      let holding: Holding | undefined;
      try {
        holding = await holdingOf(id, held);
        const leftMs = holding && (await leftToOthers(desk, id, holding, events));
        if (leftMs) return leftMs * (1 + desk.random());
      } catch {
        return storeFailedMs;
      }
      if (!holding) {
        events.onStopped(id);
        return undefined;
      }
      const place = places.take(holding.key);
      if (!place) return places.busyMs * (0.5 + desk.random());
      try {
        const pollEvents = {
          onEnd: (reason: GatewayError) => events.onEnd(id, reason),
          onStopped: () => events.onStopped(id),
        };
        const inMs = await pollFeed({ desk, id, events: pollEvents, trimmer: trimmerOf(id) }, holding, signal);
        healths.set(id, holding.health.now());
        return inMs;
      } finally {
        place.release();
      }
    },
    health: (id) => holdings.get(id)?.health.now() ?? healths.get(id),
    held: (id) => holdings.get(id)?.health.now(),
    forget(id) {
      healths.delete(id);
      trimmers.delete(id);
    },
  };
}

/** For how long: replicas that are being replaced have different connectors, and whoever serves one polls it. */
async function leftToOthers(
  desk: FeedDesk,
  id: string,
  { key, fresh }: Holding,
  events: HoldingEvents,
): Promise<number> {
  if (!desk.isShared || desk.triggers(key.connector, key.trigger)) return 0;
  if (await events.areElsewhere(id)) return leftToOthersMs;
  return fresh?.value.durable ? leftUnheardMs : 0;
}
