/** The clock that a configuration asks for: timers for an embedded store, a queue for replicas that share one. */
import { randomBytes } from 'node:crypto';
import type { Configuration } from './configuration.ts';
import { DefinitionError } from './errors.ts';
import type { JobQueue } from './feed/job-queue.ts';
import type { CreatePollClock } from './feed/poll-clock.ts';
import { storeFile } from './open-vault.ts';
import type { Records } from './storage/records.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Kind of the record that names the queue of a store: what hands out polls for one must not do so for another. */
const queueKind = 'feed_queue';

/**
 * @returns `undefined`: polls are handed out by timers of the process.
 * @throws GatewayError QUEUE_DRIVER_MISSING, QUEUE_UNAVAILABLE; DefinitionError CONFIGURATION_INVALID.
 */
export async function openClock(
  configuration: Configuration,
  environment: Environment,
  records: Records,
): Promise<CreatePollClock | undefined> {
  const url = queueUrl(configuration, environment);
  if (url === undefined) return undefined;
  // Loaded only where there are replicas.
  const [{ openJobQueue }, { createQueueClock }] = await Promise.all([
    import('./feed/job-queue.ts'),
    import('./feed/queue-clock.ts'),
  ]);
  const name = await readQueueName(records);
  let onFailure: (error: unknown) => void = () => {};
  const queue: JobQueue = await openJobQueue({ url, name, onFailure: (error) => onFailure(error) });
  return (options) => {
    onFailure = options.onFailure ?? onFailure;
    return createQueueClock(queue, options);
  };
}

/** The queue of a configuration: its own, else the database of the store, else none. */
function queueUrl(configuration: Configuration, environment: Environment): string | undefined {
  const isInMemory = configuration.insecureDev && configuration.store === undefined;
  const store = isInMemory ? ':memory:' : storeFile(configuration, environment);
  const isSharedStore = /^postgres(ql)?:/.test(store);
  const given = configuration.queue ?? environment['PLUGBOARD_QUEUE'];
  if (given !== undefined && !/^(rediss?|postgres(ql)?):/.test(given)) {
    throw invalid('expected a URL that begins with redis:, rediss: or postgres:; got another one.');
  }
  if (given !== undefined && !isSharedStore) {
    throw invalid(
      'expected it only with a store on PostgreSQL: an embedded store is of one machine, which needs no queue.',
    );
  }
  return isSharedStore ? (given ?? store) : undefined;
}

async function readQueueName(records: Records): Promise<string> {
  for (;;) {
    const found = await records.get(queueKind, 'feeds');
    if (found) return `feeds-${found.value['name'] as string}`;
    await records.create(queueKind, 'feeds', { name: randomBytes(9).toString('base64url') });
  }
}

function invalid(message: string): DefinitionError {
  return new DefinitionError([{ code: 'CONFIGURATION_INVALID', path: 'queue', message }]);
}
