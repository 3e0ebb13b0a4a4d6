/** Tells the operator of clients that authorization servers refuse: nobody else can mend a registration. */
import type { RefusedClient } from './oauth-client.ts';
import { createRecent } from './recent.ts';

/** As long as a registration is wrong, every connection that uses it meets the refusal: one line a minute is enough. */
const silenceMs = 60_000;
const maxRemembered = 1_000;

/**
 * Hands on the first refusal, and of one tenant and connector no second one within a minute.
 *
 * @param now - milliseconds of a clock that never runs backward.
 */
export function createRefusalAlarm(
  tell: (refused: RefusedClient) => void,
  now: () => number = () => performance.now(),
): (refused: RefusedClient) => void {
  const toldAt = createRecent<number>(maxRemembered);
  return (refused) => {
    const key = JSON.stringify([refused.tenant, refused.connector]);
    if (now() - (toldAt.get(key) ?? -Infinity) < silenceMs) return;
    toldAt.set(key, now());
    tell(refused);
  };
}
