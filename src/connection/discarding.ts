/** Tokens that are used no more while the provider still accepts them: whether they are taken back there, and when. */
import { authorizationOf } from '../connector/authorize.ts';
import type { Connector, OAuth2Authorization } from '../connector/definition.ts';
import type { Records } from '../storage/records.ts';
import { fieldsOf } from './connection-fields.ts';
import {
  begunConnection,
  connectionKind,
  type ConnectionRecord,
  type OpenableConnection,
  type StoredTokens,
} from './connection-record.ts';
import { openTokens } from './connection-tokens.ts';
import { listCredentials, listUnfinished, type NewCredentials } from './finish-code.ts';
import type { PlannedRevocation, Revocations } from './revocation.ts';
import { tolerant, type KeyRing } from './seal.ts';

/** Tokens, and whose account at the provider they are good for. */
export interface Grant {
  readonly tokens: StoredTokens;
  /** Name of the account; `null`: not known. */
  readonly identity: string | null;
}

export interface Discarding {
  /**
   * What to commit together with the change that puts `next` in the place of the connection's tokens.
   *
   * @param leaving - id of the record in which `next` waited, which goes in the same step.
   */
  readonly planReplaced: (
    record: ConnectionRecord,
    next: NewCredentials,
    leaving: string | undefined,
  ) => Promise<PlannedRevocation | undefined>;
  /** Takes back new tokens that nobody will keep, also while the store fails: they stand nowhere else. Never throws. */
  readonly discard: (connection: OpenableConnection, credentials: NewCredentials) => Promise<void>;
  /** The same for credentials that wait for `finishConnection` no more. To be called every minute or so. */
  readonly sweep: () => Promise<void>;
}

export interface DiscardingOptions {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly records: Records;
  readonly keyRing: KeyRing;
  readonly revocations: Pick<Revocations, 'plan' | 'attempt' | 'carryOut'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Makes it for the connectors of a gateway. */
export function createDiscarding(options: DiscardingOptions): Discarding {
  const { records, keyRing, revocations, now } = options;
  const { connectors: byName } = options;

  /** Nothing for a connector that is not loaded any more, for what nobody can open, and where a living grant may be the same. */
  const plan = (discarded: OpenableConnection, living: readonly OpenableConnection[]) => {
    const connector = byName.get(discarded.value.connector);
    const grant = grantOf(discarded);
    if (!connector || !grant) return undefined;
    return tolerant(() => {
      const rule = ruleOf(connector, fieldsOf(discarded, keyRing));
      const others = living.flatMap((each) => grantOf(each) ?? []);
      return mayTakeBack(grant, others, rule) ? revocations.plan(discarded, connector) : undefined;
    });
  };
  const grantOf = (connection: OpenableConnection): Grant | undefined => {
    const tokens = tolerant(() => openTokens(connection, keyRing));
    return tokens && { tokens, identity: connection.value.identity };
  };
  const parkedOf = async (connection: OpenableConnection, leaving?: string) =>
    (await listCredentials(records, connection.id))
      .filter(({ record, finishBy }) => record.id !== leaving && finishBy > now())
      .map(({ credentials }) => withCredentials(connection, credentials));

  return {
    async planReplaced(record, next, leaving) {
      if (record.value.tokens === null || next.tokens === undefined) return undefined;
      return plan(record, [withCredentials(record, next), ...(await parkedOf(record, leaving))]);
    },
    async discard(connection, credentials) {
      const discarded = withCredentials(connection, credentials);
      const living = await livingOf(connection).catch(() => [connection]);
      const planned = plan(discarded, living);
      if (planned) await revocations.carryOut(planned).catch(() => false);
    },
    async sweep() {
      for (const { record, owned, credentials } of await listUnfinished(records, now())) {
        const discarded = withCredentials(
          { id: owned.connection, value: begunConnection({ ...owned, label: null }) },
          credentials,
        );
        const planned = plan(discarded, await livingOf(discarded));
        const removal = { change: 'remove', kind: record.kind, id: record.id, version: record.version } as const;
        const { committed } = await records.commit([removal, ...(planned ? [planned] : [])]);
        if (committed && planned) await revocations.attempt(planned.id).catch(() => false);
      }
    },
  };

  /** Everything of the connection that is used, or may come to be. */
  async function livingOf(connection: OpenableConnection): Promise<readonly OpenableConnection[]> {
    const current = (await records.get(connectionKind, connection.id)) as ConnectionRecord | undefined;
    return current ? [current, ...(await parkedOf(current))] : [];
  }
}

/**
 * Whether tokens may be taken back while others live: a provider may end a whole grant with one token of it, and cannot
 * be asked which tokens belong together (RFC 7009 §2.1).
 *
 * @param living - of the same connection.
 * @param rule - of the connector; `other-account` trusts the `sub` of ID tokens before the names of accounts.
 */
export function mayTakeBack(
  discarded: Grant,
  living: readonly Grant[],
  rule: NonNullable<OAuth2Authorization['revokeReplaced']>,
): boolean {
  if (living.some(({ tokens }) => sharesToken(tokens, discarded.tokens))) return false;
  if (rule === 'other-account') return living.every((grant) => isOtherAccount(grant, discarded));
  return rule === 'always' || living.length === 0;
}

function sharesToken(one: StoredTokens, other: StoredTokens): boolean {
  return (one.refresh_token?.equals(other.refresh_token) ?? false) || one.access_token.equals(other.access_token);
}

function isOtherAccount(one: Grant, other: Grant): boolean {
  const [left, right] = [subjectOf(one.tokens), subjectOf(other.tokens)];
  if (left !== undefined && right !== undefined) return left !== right;
  return one.identity !== null && other.identity !== null && one.identity !== other.identity;
}

/** `sub` of an ID token, which came from the token endpoint itself; read for this comparison alone. */
function subjectOf({ id_token: token }: StoredTokens): string | undefined {
  try {
    const { sub } = JSON.parse(Buffer.from(token!.reveal().split('.')[1]!, 'base64url').toString('utf8')) as {
      sub?: unknown;
    };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

function ruleOf(connector: Connector, fields: Readonly<Record<string, unknown>>) {
  const authorization = authorizationOf(connector, fields);
  return (authorization.type === 'oauth2' && authorization.revokeReplaced) || 'other-account';
}

/** The connection as it would be with them, and with no tokens but theirs. */
export function withCredentials<T extends OpenableConnection>(connection: T, credentials: NewCredentials): T {
  return { ...connection, value: { ...connection.value, tokens: null, identity: null, ...credentials } };
}
