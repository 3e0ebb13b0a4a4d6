/** Every kind of record that holds sealed texts, and what each of them is bound to: for sealing them anew. */
import type { StoredRecord } from '../storage/records.ts';
import { connectionKind, sealIdentity } from './connection-record.ts';
import { sessionKind, sessionSealIdentity } from './connect-session.ts';
import { deviceFlowKind, deviceSealIdentity } from './device-flow.ts';
import { finishKind } from './finish-code.ts';
import { flowKind, flowSealIdentity } from './flow-record.ts';
import { registrationKind, registrationSealIdentity } from './registrations.ts';
import type { SealedKind } from './reseal.ts';
import { revocationKind, revocationSealIdentity } from './revocation.ts';

const connectionParts = ['fields', 'acquired', 'tokens'] as const;

/** What lives for minutes comes before what it ends up in, so that nothing moves behind the back of one who goes through them. */
export const sealedKinds: readonly SealedKind[] = [
  { kind: finishKind, identityOf: ({ value }, path) => partOf(value['connection'] as string, path, 'credentials.') },
  { kind: connectionKind, identityOf: ({ id }, path) => partOf(id, path, '') },
  { kind: registrationKind, identityOf: only('secrets', registrationSealIdentity) },
  { kind: sessionKind, identityOf: only('fields', sessionSealIdentity) },
  { kind: flowKind, identityOf: only('verifier', flowSealIdentity) },
  { kind: deviceFlowKind, identityOf: only('deviceCode', deviceSealIdentity) },
  {
    kind: revocationKind,
    identityOf: ({ id }, path) =>
      path === 'tokens' || path === 'fields' ? revocationSealIdentity(id, path) : undefined,
  },
];

/** Parked credentials are sealed for their connection already. */
function partOf(connectionId: string, path: string, prefix: string): readonly string[] | undefined {
  const part = connectionParts.find((name) => `${prefix}${name}` === path);
  return part && sealIdentity(connectionId, part);
}

function only(part: string, identity: (id: string) => readonly string[]): SealedKind['identityOf'] {
  return ({ id }: StoredRecord, path) => (path === part ? identity(id) : undefined);
}
