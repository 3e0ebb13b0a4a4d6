/** Whether a feed can be started: its connection opens, its input is understood, the connector's test passes. */
import { untilAborted } from '../connector/until-aborted.ts';
import { AuthorizationError, GatewayError, InputError, ProviderError } from '../errors.ts';
import { feedId, type FeedKey } from './feed.ts';
import { openFeed, type FeedDesk } from './feed-desk.ts';
import { isRunning } from './feed-record.ts';

/** Makes sure that a feed can run; of those who ask at a time, one asks the provider. */
export type TryFeed = (key: FeedKey, signal: AbortSignal) => Promise<void>;

/** A test that hangs fails the start. */
const testTimeoutMs = 30_000;

/**
 * Tries a feed that does not run, in whichever process; one that runs is not tried again.
 *
 * @throws GatewayError FEED_START_FAILED with the words of the test; what opening the connection and coercing the input throw.
 */
export function createTryFeed(desk: FeedDesk): TryFeed {
  const underWay = new Map<string, Promise<void>>();
  return (key, signal) => {
    const id = feedId(key);
    let trying = underWay.get(id);
    if (!trying) {
      trying = tryOnce(desk, id, key).finally(() => underWay.delete(id));
      underWay.set(id, trying);
    }
    return untilAborted(trying, signal, (reason) =>
      reason instanceof GatewayError
        ? reason
        : new GatewayError('REQUEST_CANCELLED', 'The subscriber left before its feed had started.'),
    );
  };
}

async function tryOnce(desk: FeedDesk, id: string, key: FeedKey): Promise<void> {
  const record = await desk.records.read(id);
  if (record && isRunning(record)) return;
  const { trigger, run } = await openFeed(desk, key, AbortSignal.timeout(testTimeoutMs));
  try {
    await trigger.test(run);
  } catch (error) {
    throw startFailure(key, trigger.connector.title ?? key.connector, error);
  }
}

/** What the subject mends stays what it is; all else is told as what it prevented. */
function startFailure({ connector, connection, trigger }: FeedKey, title: string, error: unknown): unknown {
  if (!(error instanceof GatewayError) || error instanceof AuthorizationError || error instanceof InputError)
    return error;
  const ErrorClass = error instanceof ProviderError ? ProviderError : GatewayError;
  const message = `${title}: the feed of ${trigger} was not started, because the test of the connector failed. ${error.message}`;
  const details = { connector, ...(connection !== undefined && { connection }), ...error.details };
  return new ErrorClass('FEED_START_FAILED', message, { ...details, cause: error });
}
