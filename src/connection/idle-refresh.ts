/** Renews the tokens of connections that nobody uses, before their refresh tokens die of it. */
import type { Connector } from '../connector/definition.ts';
import { GatewayError } from '../errors.ts';
import { withLease } from '../storage/hold-lease.ts';
import type { Leases } from '../storage/lease.ts';
import type { Records } from '../storage/records.ts';
import type { ConnectionCredentials } from './access-token.ts';
import { connectionKind, type ConnectionRecord } from './connection-record.ts';
import type { Registration } from './registration.ts';
import { isIdle } from './token-schedule.ts';

export interface IdleRefreshOptions {
  readonly records: Records;
  readonly leases: Leases;
  readonly credentials: ConnectionCredentials;
  /** `undefined` for a connector that is not loaded any more: its connections are left alone. */
  readonly resolve: (
    tenant: string,
    connector: string,
  ) => Promise<{ readonly connector: Connector; readonly registration: Registration | undefined } | undefined>;
  /** Connections that are renewed at one time. Default 4. */
  readonly concurrency?: number;
  /** Ends the sweep after the renewals under way. */
  readonly signal?: AbortSignal;
}

export interface IdleRefreshResult {
  readonly renewed: number;
  /** What failed was noted at the connection, and is tried again when its pause is over. */
  readonly failed: number;
}

const pageSize = 500;

/**
 * Goes through all connections once and renews what is due: once a day, or at 85 % of a refresh token's lifetime. One
 * replica does it at a time; the others return at once. To be called every few minutes.
 *
 * @param now - milliseconds since 1970.
 * @throws GatewayError of the store.
 */
export async function refreshIdle(options: IdleRefreshOptions, now: number): Promise<IdleRefreshResult> {
  const { leases, signal } = options;
  const lease = { ttlMs: 60_000, renewEveryMs: 20_000, waitMs: 0, ...(signal ? { signal } : {}) };
  try {
    return await withLease(leases, 'refresh idle connections', lease, (_fence, held) => sweep(options, now, held));
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'LEASE_TIMEOUT') return { renewed: 0, failed: 0 };
    throw error;
  }
}

async function sweep(options: IdleRefreshOptions, now: number, signal: AbortSignal): Promise<IdleRefreshResult> {
  const { records, concurrency = 4 } = options;
  const counts = { renewed: 0, failed: 0 };
  for (let after: string | undefined; ;) {
    const page = await records.list(connectionKind, {}, { limit: pageSize, ...(after === undefined ? {} : { after }) });
    const due = (page as readonly ConnectionRecord[]).filter((record) => isIdle(record, now));
    const renewNext = async (): Promise<void> => {
      for (let record = due.shift(); record && !signal.aborted; record = due.shift()) {
        const outcome = await renew(options, record);
        if (outcome) counts[outcome] += 1;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, renewNext));
    if (page.length < pageSize || signal.aborted) return counts;
    after = page.at(-1)!.id;
  }
}

async function renew(
  { resolve, credentials }: IdleRefreshOptions,
  record: ConnectionRecord,
): Promise<keyof IdleRefreshResult | undefined> {
  try {
    const found = await resolve(record.value.tenant, record.value.connector);
    if (!found) return undefined;
    return (await credentials.refreshIdle({ record, ...found })) ? 'renewed' : undefined;
  } catch {
    // One that fails has noted it, and must not keep the others from being renewed.
    return 'failed';
  }
}
