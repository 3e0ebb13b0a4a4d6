/** Takes tokens back at the provider (RFC 7009) after a connection was removed here, and tries for a day if need be. */
import { randomUUID } from 'node:crypto';
import type { Connector, OAuth2Authorization } from '../connector/definition.ts';
import { authorizationOf } from '../connector/authorize.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { Secret } from '../http/secret.ts';
import type { Change, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { isBoundTo, type Binding } from './connection-binding.ts';
import { fieldsOf } from './connection-fields.ts';
import type { OpenableConnection } from './connection-record.ts';
import { fieldsText, openTokens } from './connection-tokens.ts';
import type { OAuthClients } from './oauth-client.ts';
import { connectionIdentity, type OwnedConnection } from './owner.ts';
import { backoffMs } from './refresh-backoff.ts';
import type { Registration } from './registration.ts';
import type { KeyRing } from './seal.ts';
import { TokenFailure } from './token-failure.ts';

export interface RevocationValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connector: string;
  /** Whose tokens they were; it may be no more. */
  readonly connection: string;
  /** Sealed JSON of the tokens that are left to revoke, in their order. */
  readonly tokens: string;
  /** Sealed JSON of the connection's fields, on which endpoints may depend. */
  readonly fields: string;
  /** As the connection was. */
  readonly boundTo?: Binding;
  readonly failures: number;
  /** Not to be tried before, by whichever replica. */
  readonly retryAt: number;
}

/** Kind of the record. */
export const revocationKind = 'revocation';

const dayMs = 24 * 60 * 60_000;
/** While one replica asks, no other does. */
const claimMs = 90_000;

/** What the tokens and fields of a revocation are bound to. */
export function revocationSealIdentity(
  id: string,
  revocation: OwnedConnection,
  part: 'tokens' | 'fields',
): readonly string[] {
  return [revocationKind, ...connectionIdentity(revocation), id, part];
}

export interface RevocationDesk {
  readonly records: Records;
  readonly keyRing: KeyRing;
  readonly clients: OAuthClients;
  /** `undefined` for a connector that is not loaded any more. */
  readonly resolve: (
    tenant: string,
    connector: string,
  ) => Promise<{ readonly connector: Connector; readonly registration: Registration | undefined } | undefined>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** A revocation that is not kept yet. */
export type PlannedRevocation = Extract<Change, { change: 'create' }>;

export interface Revocations {
  /**
   * What to commit together with the removal of a connection, so that neither happens without the other; `undefined`
   * when it has no tokens, or its provider cannot take any back.
   */
  readonly plan: (record: OpenableConnection, connector: Connector) => PlannedRevocation | undefined;
  /** Tries once. @returns whether it is done; a provider that fails is tried again by `sweep`. */
  readonly attempt: (revocationId: string) => Promise<boolean>;
  /**
   * Keeps what was planned and tries it. Where the store takes nothing it is tried all the same: the tokens may stand
   * nowhere else. @returns whether it is done
   */
  readonly carryOut: (planned: PlannedRevocation) => Promise<boolean>;
  /** Tries what is due. To be called every minute or so. */
  readonly sweep: () => Promise<{ readonly done: number; readonly left: number }>;
}

interface TokenToRevoke {
  readonly token: Secret;
  readonly hint: 'refresh_token' | 'access_token';
}

/** Makes the revocations of a gateway. */
export function createRevocations(desk: RevocationDesk): Revocations {
  const { records, keyRing, now = Date.now, random = Math.random } = desk;
  const plan: Revocations['plan'] = (record, connector) => {
    const tokens = tokensToRevoke(record, keyRing);
    const fields = fieldsOf(record, keyRing);
    if (tokens.length === 0 || !oauthOf(connector, fields)) return undefined;
    const id = randomUUID();
    const { tenant, subject, connector: name, boundTo } = record.value;
    const place = { tenant, subject, connector: name, connection: record.id };
    const value: RevocationValue = {
      ...place,
      tokens: keyRing.seal(tokensText(tokens), revocationSealIdentity(id, place, 'tokens')),
      fields: keyRing.seal(fieldsText(fields), revocationSealIdentity(id, place, 'fields')),
      ...(boundTo && { boundTo }),
      failures: 0,
      retryAt: now(),
    };
    // Tokens that nobody could take back within a day are forgotten here too (safety O11).
    return {
      change: 'create',
      kind: revocationKind,
      id,
      value,
      indexes: { tenant, connector: name },
      expiresAt: now() + dayMs,
    };
  };
  const attempt: Revocations['attempt'] = async (id) => {
    const record = (await records.get(revocationKind, id)) as StoredRecord<RevocationValue> | undefined;
    if (!record) return true;
    const claimed = await records.compareAndSet(revocationKind, id, record.version, {
      ...record.value,
      retryAt: now() + claimMs,
    });
    if (!claimed) return false;
    const left = await revokeAll(desk, record);
    if (left.tokens.length === 0) {
      await records.remove(revocationKind, id);
      return true;
    }
    const failures = record.value.failures + 1;
    await records.compareAndSet(revocationKind, id, claimed.version, {
      ...record.value,
      tokens: keyRing.seal(tokensText(left.tokens), revocationSealIdentity(id, record.value, 'tokens')),
      failures,
      // There is no hurry: at least some seconds, and no more than five minutes apart.
      retryAt:
        now() +
        5_000 +
        backoffMs(failures, left.retryAfterMs, random, { baseMs: 5_000, maxMs: 300_000, maxRetryAfterMs: 3_600_000 }),
    });
    return false;
  };
  return {
    plan,
    attempt,
    async carryOut({ id, ...planned }) {
      const isKept = await records.commit([{ id, ...planned }]).catch(() => undefined);
      if (isKept) return attempt(id);
      return (await revokeAll(desk, { id, value: planned.value as RevocationValue })).tokens.length === 0;
    },
    async sweep() {
      const counts = { done: 0, left: 0 };
      for (let after: string | undefined; ;) {
        const page = await records.list(revocationKind, {}, { limit: 200, ...(after === undefined ? {} : { after }) });
        for (const record of page as StoredRecord<RevocationValue>[]) {
          const isDone = record.value.retryAt <= now() && (await attempt(record.id));
          counts[isDone ? 'done' : 'left'] += 1;
        }
        if (page.length < 200) return counts;
        after = page.at(-1)!.id;
      }
    },
  };
}

function tokensText(tokens: readonly TokenToRevoke[]): Secret {
  return new Secret(JSON.stringify(tokens.map(({ token, hint }) => ({ token: token.reveal(), hint }))));
}

/** The refresh token first: at many servers the access tokens end with it. */
function tokensToRevoke(record: OpenableConnection, keyRing: KeyRing): readonly TokenToRevoke[] {
  const { refresh_token, access_token } = openTokens(record, keyRing) ?? {};
  return [
    ...(refresh_token === undefined ? [] : [{ token: refresh_token, hint: 'refresh_token' as const }]),
    ...(access_token === undefined ? [] : [{ token: access_token, hint: 'access_token' as const }]),
  ];
}

function oauthOf(connector: Connector, fields: Readonly<Record<string, unknown>>): OAuth2Authorization | undefined {
  const authorization = authorizationOf(connector, fields);
  return authorization.type === 'oauth2' ? authorization : undefined;
}

interface LeftToRevoke {
  readonly tokens: readonly TokenToRevoke[];
  readonly retryAfterMs?: number | undefined;
}

async function revokeAll(
  desk: RevocationDesk,
  record: Pick<StoredRecord<RevocationValue>, 'id' | 'value'>,
): Promise<LeftToRevoke> {
  const { tenant, connector: name, connection } = record.value;
  const { keyRing } = desk;
  const open = (part: 'tokens' | 'fields') =>
    JSON.parse(keyRing.open(record.value[part], revocationSealIdentity(record.id, record.value, part))) as unknown;
  const opened = open('tokens') as readonly { readonly token: string; readonly hint: TokenToRevoke['hint'] }[];
  const tokens = opened.map(({ token, hint }) => ({ token: new Secret(token), hint }));
  try {
    const found = await desk.resolve(tenant, name);
    const fields = hideFields(open('fields') as Readonly<Record<string, unknown>>);
    const authorization = found && oauthOf(found.connector, fields);
    if (!authorization) return { tokens };
    // Tokens go to no host that the tenant chose since; it may choose the old one again within the day.
    if (!isBoundTo(record.value, found.connector, found.registration)) return { tokens };
    const client = await desk.clients({ ...found, authorization, fields, connectionId: connection });
    if (!client.canRevoke) return { tokens: [] };
    return await revokeInTurn(client.revoke, tokens);
  } catch {
    // Discovery or registration failed: nothing was asked, and all is left.
    return { tokens };
  }
}

async function revokeInTurn(
  revoke: (token: Secret, hint: TokenToRevoke['hint']) => Promise<void>,
  tokens: readonly TokenToRevoke[],
): Promise<LeftToRevoke> {
  const left: TokenToRevoke[] = [];
  let retryAfterMs: number | undefined;
  for (const each of tokens) {
    try {
      await revoke(each.token, each.hint);
    } catch (error) {
      if (!(error instanceof TokenFailure)) throw error;
      // A kind of token that the server does not take back (RFC 7009 §2.2.1) is not asked for again.
      if (error.kind === 'request' || error.kind === 'grant') continue;
      left.push(each);
      retryAfterMs = error.retryAfterMs;
    }
  }
  return { tokens: left, retryAfterMs };
}
