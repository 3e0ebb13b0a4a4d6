/** Which gateways run on a store, and whether they agree: each says so in a record that expires when it dies. */
import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Records, RecordValue } from './storage/records.ts';

/** What a gateway says of itself. */
export interface Replica extends RecordValue {
  readonly host: string;
  readonly processId: number;
  readonly version: string;
  /** Ids of its sealing keys, the current one first. */
  readonly keys: readonly string[];
  /** Name → digest of its definition, as far as that can be told. */
  readonly connectors: Readonly<Record<string, string>>;
}

interface Logger {
  readonly warn: (values: object, message: string) => void;
}

export interface RegisterOptions {
  readonly records: Records;
  readonly version: string;
  readonly keys: KeyRotation;
  /** Those that are served at the time. */
  readonly connectors: () => readonly { readonly name: string }[];
  readonly logger: Logger;
}

/** What a replica does about its keys whenever it says who it is. */
export interface KeyRotation {
  /** Ids of the keys, the one that seals first. */
  readonly ids: () => readonly string[];
  /** Before it says who it is: what is new in the list of keys is known from now on. */
  readonly readAgain: () => void;
  /** After it has read who the others are. @returns whether its own keys changed, so that they have to be told anew. */
  readonly agree: (others: readonly Replica[]) => boolean;
  /** A key waits until all know it: they are asked again soon. */
  readonly isWaiting: () => boolean;
}

export const replicaKind = 'replica';
/** One that died is gone so soon. */
const livesMs = 30_000;
const renewEveryMs = 10_000;
/** While a sealing key waits until all know it. */
const renewSoonMs = 1_000;
const leaveLimitMs = 2_000;

/** Those that run, or did half a minute ago. @param own - id of one that is left out. @throws GatewayError of the store */
export async function readReplicas(records: Pick<Records, 'list'>, own?: string): Promise<readonly Replica[]> {
  const found = await records.list(replicaKind, {}, { limit: 1000 });
  return found.filter(({ id }) => id !== own).map(({ value }) => value as Replica);
}

/** A gateway that runs. */
export interface RegisteredReplica {
  /** Resolves when it has said so for the first time, or could not: whoever seals before is not waited for by a new key. */
  readonly isKnown: Promise<void>;
  /** Says anew who it is, and looks who the others are: at once, after its keys were changed. */
  readonly tell: () => Promise<void>;
  readonly leave: () => Promise<void>;
}

/**
 * Says that this gateway runs, and warns of others that differ in what has to be the same for all: whoever has another
 * sealing key cannot read what the others keep, and a connector that only some have fails at random. By the same records
 * replicas agree which key seals. It never fails: a store that is away is no reason not to serve what needs none.
 */
export function registerReplica(options: RegisterOptions): RegisteredReplica {
  const { records, keys } = options;
  const id = randomUUID();
  const warn = createWarn(options.logger);
  let version: number | undefined;
  let isOver = false;
  const write = async (): Promise<Replica> => {
    const expiresAt = Date.now() + livesMs;
    const own = describeReplica(options);
    const record =
      version === undefined
        ? await records.create(replicaKind, id, own, { expiresAt })
        : await records.compareAndSet(replicaKind, id, version, own, { expiresAt });
    version = record?.version;
    return own;
  };
  const beat = async (): Promise<void> => {
    keys.readAgain();
    let own = await write();
    const others = await readReplicas(records, id);
    if (keys.agree(others)) own = await write();
    for (const other of others) warn(own, other);
  };
  let beating: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const tell = async (): Promise<void> => {
    clearTimeout(timer);
    await (beating = beating.then(() => (isOver ? undefined : beat())).catch(() => undefined));
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(() => void tell(), keys.isWaiting() ? renewSoonMs : renewEveryMs).unref();
  };
  return {
    isKnown: tell(),
    tell,
    async leave() {
      isOver = true;
      clearTimeout(timer);
      // A store that is away forgets it by itself, and a stop does not wait for that.
      const leaving = beating.then(() => records.remove(replicaKind, id)).catch(() => false);
      await Promise.race([leaving, sleep(leaveLimitMs, undefined, { ref: false })]);
    },
  };
}

function describeReplica({ version, keys, connectors }: RegisterOptions): Replica {
  return {
    host: hostname(),
    processId: process.pid,
    version,
    keys: keys.ids(),
    connectors: Object.fromEntries(connectors().map((connector) => [connector.name, digestOf(connector)])),
  };
}

/** Tells each difference once. */
function createWarn(logger: Logger): (own: Replica, other: Replica) => void {
  const told = new Set<string>();
  return (own, other) => {
    for (const { code, message } of differences(own, other)) {
      if (told.has(message)) continue;
      told.add(message);
      logger.warn({ host: other.host, process: other.processId, code }, message);
    }
  };
}

/** In what two replicas of one store must not differ, in words; empty when they agree. */
export function differences(
  own: Replica,
  other: Replica,
): readonly { readonly code: 'REPLICA_KEYS' | 'REPLICA_VERSION' | 'REPLICA_CONNECTORS'; readonly message: string }[] {
  const found: ReturnType<typeof differences>[number][] = [];
  const who = `the gateway on ${other.host} (process ${other.processId})`;
  if (!own.keys.includes(other.keys[0]!) || !other.keys.includes(own.keys[0]!)) {
    found.push({
      code: 'REPLICA_KEYS',
      message: `This gateway seals with the key ${own.keys[0]}, ${who} with ${other.keys[0]}, and not both know both: what one keeps the other cannot read. Give all of them the same keys; to change them, see \`plugboard keys rotate\`.`,
    });
  }
  if (own.version !== other.version) {
    found.push({
      code: 'REPLICA_VERSION',
      message: `This gateway is Plugboard ${own.version}, ${who} ${other.version}. That is good while one replaces the other, and not for long.`,
    });
  }
  const names = Object.keys({ ...own.connectors, ...other.connectors }).sort();
  const different = names.filter((name) => own.connectors[name] !== other.connectors[name]);
  if (different.length > 0) {
    found.push({
      code: 'REPLICA_CONNECTORS',
      message: `Connectors of this gateway and ${who} differ: ${different.join(', ')}. What is asked of them fails or succeeds by chance. Give all of them the same connectors.`,
    });
  }
  return found;
}

/** Code counts by its text: what it closes over cannot be told. */
function digestOf(connector: object): string {
  const seen = new WeakSet<object>();
  const text = JSON.stringify(connector, (_key, value: unknown) => {
    if (typeof value === 'function') return String(value);
    if (value instanceof RegExp) return String(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'object' && value !== null) {
      // A notation that stands in several places, or in itself, is told once.
      if (seen.has(value)) return undefined;
      seen.add(value);
    }
    return value;
  });
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
