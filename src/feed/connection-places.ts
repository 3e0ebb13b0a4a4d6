/** How many feeds of one connection are polled at a time by this process, so that one account's feeds hold up no other's. */
import type { FeedKey } from './feed.ts';

export interface ConnectionPlaces {
  /** `undefined` while the connection has as many as it may. */
  readonly take: (
    key: Pick<FeedKey, 'tenant' | 'connection' | 'connector'>,
  ) => { readonly release: () => void } | undefined;
  /** When to ask again, in milliseconds. */
  readonly busyMs: number;
}

const defaultPlaces = 8;

export function createConnectionPlaces(places = defaultPlaces): ConnectionPlaces {
  const taken = new Map<string, number>();
  return {
    busyMs: 100,
    take({ tenant, connection, connector }) {
      const name = JSON.stringify([tenant, connection ?? null, connector]);
      const count = taken.get(name) ?? 0;
      if (count >= places) return undefined;
      taken.set(name, count + 1);
      return {
        release() {
          const left = taken.get(name)! - 1;
          if (left > 0) taken.set(name, left);
          else taken.delete(name);
        },
      };
    },
  };
}
