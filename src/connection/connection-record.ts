/** A connection as it is kept: whose it is, in what state, and its credentials, sealed. */
import type { Secret } from '../http/secret.ts';
import type { RecordValue, StoredRecord } from '../storage/records.ts';
import type { Binding } from './connection-binding.ts';
import { connectionIdentity, type Owner } from './owner.ts';

/** `PENDING` until the subject has finished; `ERROR` when its test failed; `REAUTH_REQUIRED` when the provider refuses its credentials. */
export type ConnectionState = 'PENDING' | 'STARTED' | 'REAUTH_REQUIRED' | 'ERROR';

export interface ConnectionValue extends RecordValue {
  readonly tenant: string;
  /** `null`: it belongs to the tenant, and all its subjects use it. */
  readonly subject: string | null;
  readonly connector: string;
  /** Tells several connections of one owner apart. */
  readonly label: string | null;
  readonly state: ConnectionState;
  /** Why it is in this state, in words that may be shown; `null` while nothing is wrong. */
  readonly reason: string | null;
  /** Sealed JSON of what was entered, by field name. */
  readonly fields: string;
  /** Sealed JSON of what the connector's `acquire` gave; `null` until it has worked for the first time. */
  readonly acquired: string | null;
  /** Sealed JSON of `StoredTokens`. */
  readonly tokens: string | null;
  /** OAuth scopes that were granted. */
  readonly scopes: readonly string[];
  /** When the access token ends, in milliseconds since 1970; `null`: not known, use it until a 401. */
  readonly expiresAt: number | null;
  /** Name of the account at the provider, for display only. */
  readonly identity: string | null;
  /** When it was last connected, in milliseconds since 1970; absent while it never was. */
  readonly connectedAt?: number;
  /** Renewals that failed in a row for reasons that pass. */
  readonly failures: number;
  /** Not to be renewed before this time. */
  readonly retryAt: number | null;
  /** Fence of the lease under which its refresh token is being spent, or was by a process that has not said what came of it; absent or `null`: by none. */
  readonly renewing?: number | null;
  /** When its tokens are renewed though nobody uses them, in milliseconds since 1970; absent or `null`: never. */
  readonly idleRefreshAt?: number | null;
  /** `connectedAt` when its things were mapped last; absent: they never were. */
  readonly mappedAt?: number;
  /** Origins that its tenant had chosen when it was connected: its credentials go to no others. Absent: none. */
  readonly boundTo?: Binding;
}

export type ConnectionRecord = StoredRecord<ConnectionValue>;

/** What the token endpoint gave, in the words of RFC 6749. */
export interface StoredTokens {
  readonly access_token: Secret;
  readonly token_type: string;
  readonly refresh_token?: Secret;
  readonly id_token?: Secret;
  readonly scope?: string;
  /** Seconds, from when the tokens were got. */
  readonly refresh_token_expires_in?: number;
  /** Seconds, as the provider said; absent or 0: not known. */
  readonly expires_in?: number;
  /** When they were got, in milliseconds since 1970. */
  readonly obtained_at?: number;
  /** Whether the provider gave another refresh token for the one before; absent: it has not been asked yet. */
  readonly rotates?: boolean;
}

/** Kind of the record. */
export const connectionKind = 'connection';

/** A connection that was only begun: it has no credentials yet. */
export function begunConnection(
  place: Pick<ConnectionValue, 'tenant' | 'subject' | 'connector' | 'label'>,
): ConnectionValue {
  const { tenant, subject, connector, label } = place;
  return {
    tenant,
    subject,
    connector,
    label,
    state: 'PENDING',
    reason: null,
    fields: '',
    acquired: null,
    tokens: null,
    scopes: [],
    expiresAt: null,
    identity: null,
    failures: 0,
    retryAt: null,
  };
}

/** Its id and what stands in it: all that opens its sealed parts. */
export type OpenableConnection = Pick<ConnectionRecord, 'id' | 'value'>;

/** Which connection something is sealed for, and whose that is. */
export interface SealingTarget extends Owner {
  readonly id: string;
  readonly connector: string;
}

/** What a sealed part of a connection is bound to, so that it opens nowhere else, and for no other owner. */
export function sealIdentity(
  { id, ...place }: SealingTarget,
  part: 'fields' | 'acquired' | 'tokens',
): readonly string[] {
  return [connectionKind, ...connectionIdentity({ ...place, connection: id }), part];
}

/** The same target, of a record that is there. */
export function sealingTarget({ id, value: { tenant, subject, connector } }: OpenableConnection): SealingTarget {
  return { id, tenant, subject, connector };
}

/** What no two connections share. */
export function connectionKey(value: Pick<ConnectionValue, 'tenant' | 'subject' | 'connector' | 'label'>): string {
  return JSON.stringify([value.tenant, value.subject, value.connector, value.label]);
}
