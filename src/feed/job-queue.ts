/** A job for each feed in BullMQ, on PostgreSQL or on Redis: the only file that knows that package. */
import type { Job, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq';
import { GatewayError } from '../errors.ts';

/** Every method but `work` and `close` @throws what the engine said. */
export interface JobQueue {
  /** A job for each feed, due in so many milliseconds. One that is there stays as it is. */
  readonly add: (jobs: readonly { readonly feed: string; readonly inMs: number }[]) => Promise<void>;
  /**
   * Makes a job due as soon as so much time has passed since its last work began.
   *
   * @returns `false` when there is none, or somebody works on it.
   */
  readonly hasten: (feed: string, restMs: number) => Promise<boolean>;
  /** Takes the job of a feed away, unless somebody works on it. */
  readonly remove: (feed: string) => Promise<void>;
  readonly count: () => Promise<number>;
  /** Begins to take jobs. */
  readonly work: (options: JobWork) => void;
  /** Takes no more jobs; resolves when all that were taken are put back, or after a few seconds. */
  readonly close: () => Promise<void>;
}

export interface JobWork {
  /** @returns in how many milliseconds the job is due again; `undefined`: it is done. It never fails. */
  readonly process: (feed: string) => Promise<number | undefined>;
  /** Jobs at a time in this process. */
  readonly concurrency: number;
  /** A job whose process is silent for so long is given to another one. */
  readonly lockMs: number;
  /** How often such jobs are looked for. */
  readonly lookEveryMs: number;
}

export interface JobQueueOptions {
  /** `postgres:` or `redis:` (`rediss:` over TLS). */
  readonly url: string;
  /** Of the queue: stores that share an engine have different ones. */
  readonly name: string;
  /** The engine cannot be reached, or refused something. It is tried again. */
  readonly onFailure: (error: unknown) => void;
}

/** Of the database, beside that of the store. */
const schema = 'plugboard_queue';
const connectTimeoutMs = 5_000;
/** Who says nothing for so long to a command is not there any more. BullMQ waits up to ten seconds in one command. */
const silenceMs = 12_000;
const openLimitMs = 15_000;
const closeLimitMs = 4_000;
/** Transitions of jobs, which nobody reads. */
const keptEvents = 1_000;
const retryEveryMs = 500;
/** A feed is never given up, however often the process that polled it died. */
const always = 2_147_483_647;

type Engine = { readonly Queue: typeof Queue; readonly Worker: typeof Worker; readonly connection: object };

/**
 * Opens the queue, and makes its tables where it is on PostgreSQL.
 *
 * @throws GatewayError QUEUE_DRIVER_MISSING without the packages; QUEUE_UNAVAILABLE when nothing answers there. The message
 *   names the server and never the user or the password.
 */
export async function openJobQueue(options: JobQueueOptions): Promise<JobQueue> {
  const { url, name, onFailure } = options;
  const { Queue, Worker, connection } = await loadEngine(url);
  const common = { connection: { ...connection, max: 4 }, prefix: 'plugboard' } as QueueOptions;
  const queue: Queue = new Queue(name, { ...common, streams: { events: { maxLen: keptEvents } } });
  queue.on('error', onFailure);
  let worker: Worker | undefined;
  await readyWithin(queue, url).catch(async (error: unknown) => {
    await within(closeLimitMs, queue.close()).catch(() => undefined);
    throw error;
  });
  return {
    async add(jobs) {
      const opts = { removeOnComplete: true, removeOnFail: true };
      await queue.addBulk(
        jobs.map(({ feed, inMs }) => ({
          name: 'poll',
          data: {},
          opts: { ...opts, jobId: idOf(feed), delay: whole(inMs) },
        })),
      );
    },
    async hasten(feed, restMs) {
      const job = await queue.getJob(idOf(feed));
      const state = await job?.getState();
      if (!job || (state !== 'delayed' && state !== 'waiting')) return false;
      const inMs = whole((job.processedOn ?? 0) + restMs - Date.now());
      if (state === 'waiting') return true;
      // Somebody may take it meanwhile, and does what this would have brought about.
      await (inMs === 0 ? job.promote() : job.changeDelay(inMs)).catch(ignoreTaken);
      return true;
    },
    async remove(feed) {
      const job = await queue.getJob(idOf(feed));
      // Whoever works on it, or gets it though it could not be taken away, finds its feed stopped.
      await job?.remove().catch(() => undefined);
    },
    count: () => queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized'),
    work({ process, concurrency, lockMs, lookEveryMs }) {
      const work: Partial<WorkerOptions> = {
        concurrency,
        lockDuration: lockMs,
        stalledInterval: lookEveryMs,
        maxStalledCount: always,
        runRetryDelay: retryEveryMs,
        // Beyond its due time a job waits no longer, also when the sign of it was lost.
        drainDelay: 1,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      };
      worker = new Worker(name, (job, token) => processJob(job, token, process, onFailure), {
        ...(common as WorkerOptions),
        ...work,
      });
      worker.on('error', onFailure);
    },
    async close() {
      await within(closeLimitMs, worker?.close()).catch(() => worker?.close(true));
      await within(closeLimitMs, queue.close()).catch(() => undefined);
    },
  };
}

/** A job lives as long as its feed: it is not completed, but due again. */
async function processJob(
  job: Job,
  token: string | undefined,
  process: JobWork['process'],
  onFailure: JobQueueOptions['onFailure'],
): Promise<void> {
  const inMs = await process(feedOf(job.id!));
  if (inMs === undefined) return;
  // One that cannot be put back comes back by itself, when its lock has ended.
  await job
    .moveToDelayed(Date.now() + whole(inMs), token)
    .catch(ignoreTaken)
    .catch(onFailure);
  // By name, since the class is that of a package that this file does not load itself.
  throw Object.assign(new Error('due again'), { name: 'DelayedError' });
}

/** The engines count whole milliseconds, and PostgreSQL refuses parts of one. */
function whole(ms: number): number {
  return Math.max(0, Math.ceil(ms));
}

/** A job that another process has taken, or taken away, is left to it: BullMQ then says why by a negative number. */
function ignoreTaken(error: unknown): void {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code !== 'number' || code >= 0) throw error;
}

async function loadEngine(url: string): Promise<Engine> {
  const isRedis = /^rediss?:/.test(url);
  const [bullmq] = await Promise.all([
    load('bullmq', () => import('bullmq')),
    isRedis && load('ioredis', () => import('ioredis')),
  ]);
  if (!isRedis)
    return {
      ...bullmq.withBackend(bullmq.createPostgresBackend),
      connection: postgresConnection(url),
    } as unknown as Engine;
  const retryStrategy = (times: number) => Math.min(times * 50, retryEveryMs);
  const { Queue, Worker } = bullmq;
  return {
    Queue,
    Worker,
    connection: { url, connectTimeout: connectTimeoutMs, socketTimeout: silenceMs, retryStrategy },
  };
}

/** @throws GatewayError QUEUE_DRIVER_MISSING */
async function load<T>(name: string, given: () => Promise<T>): Promise<T> {
  try {
    return await given();
  } catch (cause) {
    const message = `Replicas hand out polls by the package ${name}, which is not here. Install it: npm install bullmq@6, and ioredis@5 for a queue on Redis.`;
    throw new GatewayError('QUEUE_DRIVER_MISSING', message, { cause });
  }
}

/** The limits hold on the server as well. Options of the URL are kept beside where the tables are. */
function postgresConnection(text: string): object {
  const url = new URL(text);
  const options = url.searchParams.get('options');
  url.searchParams.delete('options');
  return {
    connectionString: url.href,
    ...(options && { options }),
    schema,
    migrate: true,
    application_name: 'plugboard queue',
    statement_timeout: 10_000,
    query_timeout: 12_000,
    idle_in_transaction_session_timeout: 10_000,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

async function readyWithin(queue: Queue, text: string): Promise<void> {
  try {
    await within(openLimitMs, queue.waitUntilReady());
  } catch (cause) {
    const { hostname, port, protocol } = new URL(text);
    const where = `${protocol}//${hostname}${port && `:${port}`}`;
    const message = `The queue at ${where} cannot be opened. Start it, or name another one by \`queue\`.`;
    throw new GatewayError('QUEUE_UNAVAILABLE', message, { cause: nameOnly(cause) });
  }
}

/** What an engine says may hold a password. */
function nameOnly(error: unknown): Error {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return new Error(typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown');
}

async function within<T>(ms: number, work: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** BullMQ takes no id that is a number. */
function idOf(feed: string): string {
  return `feed-${feed}`;
}

function feedOf(id: string): string {
  return id.slice('feed-'.length);
}
