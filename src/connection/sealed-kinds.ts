/** Every kind of record that holds sealed texts, and what each of them is bound to: for sealing them anew. */
import type { RecordValue, StoredRecord } from '../storage/records.ts';
import { connectionKind, sealIdentity } from './connection-record.ts';
import { sessionKind, sessionSealIdentity } from './connect-session.ts';
import { deviceFlowKind, deviceSealIdentity } from './device-flow.ts';
import { finishKind } from './finish-code.ts';
import { flowKind, flowSealIdentity } from './flow-record.ts';
import type { OwnedConnection } from './owner.ts';
import { registrationKind, registrationSealIdentity } from './registrations.ts';
import type { SealedKind } from './reseal.ts';
import { revocationKind, revocationSealIdentity, type RevocationValue } from './revocation.ts';

const connectionParts = ['fields', 'acquired', 'tokens'] as const;

/** What lives for minutes comes before what it ends up in, so that nothing moves behind the back of one who goes through them. */
export const sealedKinds: readonly SealedKind[] = [
  {
    kind: finishKind,
    // Parked credentials are sealed for their connection already.
    identityOf: ({ value }, path) => connectionPart(value['connection'] as string, value, path, 'credentials.'),
  },
  { kind: connectionKind, identityOf: ({ id, value }, path) => connectionPart(id, value, path, '') },
  { kind: registrationKind, identityOf: only('secrets', registrationSealIdentity) },
  { kind: sessionKind, identityOf: only('fields', sessionSealIdentity) },
  { kind: flowKind, identityOf: only('verifier', flowSealIdentity) },
  { kind: deviceFlowKind, identityOf: only('deviceCode', deviceSealIdentity) },
  {
    kind: revocationKind,
    identityOf: ({ id, value }, path) =>
      path === 'tokens' || path === 'fields' ? revocationSealIdentity(id, value as RevocationValue, path) : undefined,
  },
];

function connectionPart(id: string, value: RecordValue, path: string, prefix: string): readonly string[] | undefined {
  const part = connectionParts.find((name) => `${prefix}${name}` === path);
  const { tenant, subject, connector } = value as RecordValue & OwnedConnection;
  return part && sealIdentity({ id, tenant, subject, connector }, part);
}

/** For a kind of which one part is sealed. */
function only(
  part: string,
  identity: (id: string, value: OwnedConnection) => readonly string[],
): SealedKind['identityOf'] {
  return ({ id, value }: StoredRecord, path) =>
    path === part ? identity(id, value as unknown as OwnedConnection) : undefined;
}
