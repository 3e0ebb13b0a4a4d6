/** A content that is about to pass, as it is kept until somebody comes for it. What the action is given is sealed. */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { connectionIdentity, type OwnedConnection } from '../connection/owner.ts';
import type { SealedKind } from '../connection/reseal.ts';
import type { KeyRing } from '../connection/seal.ts';
import type { RecordValue } from '../storage/records.ts';

export interface TransferValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connector: string;
  /** `null`: the connector needs none. */
  readonly connection: string | null;
  /** Key of the connector's own action. */
  readonly action: string;
  readonly method: 'GET' | 'PUT';
  readonly name: string | null;
  /** Sealed; `sealInput`. */
  readonly input: string;
}

/** Kind of the record. */
export const transferKind = 'transfer';

/** Tokens are looked up by their digest, so that the store does not hold them. */
export function transferIdOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

type Unsealed = Pick<TransferValue, 'tenant' | 'subject' | 'connector' | 'connection' | 'action' | 'method'>;

/** V8's own form keeps times and large integers apart from text, which JSON does not. */
export function sealInput(
  id: string,
  value: Unsealed,
  input: Readonly<Record<string, unknown>>,
  ring: KeyRing,
): string {
  return ring.seal(serialize(input).toString('base64'), sealIdentity(id, value));
}

/** @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN */
export function openInput(id: string, value: TransferValue, ring: KeyRing): Readonly<Record<string, unknown>> {
  const text = ring.open(value.input, sealIdentity(id, value));
  return deserialize(Buffer.from(text, 'base64')) as Readonly<Record<string, unknown>>;
}

/** For sealing anew. */
export const transferSealedKind: SealedKind = {
  kind: transferKind,
  identityOf: ({ id, value }, path) => (path === 'input' ? sealIdentity(id, value as TransferValue) : undefined),
};

/** All that decides what passes where: who can write to the store cannot turn a URL to another place. */
function sealIdentity(id: string, value: Unsealed): readonly string[] {
  const { tenant, subject, connector, connection, action, method } = value;
  const owned: OwnedConnection = { tenant, subject, connector, connection: connection ?? '' };
  return [transferKind, ...connectionIdentity(owned), action, method, id];
}
