/** Codes that RDS' front ends got: exchanged in RDS' own way, and kept as the user's token. */
import { readUnverifiedClaims, verifyShared } from '../../../connection/json-web-token.ts';
import { isSubjectName } from '../../../connection/subjects.ts';
import { isPlainObject } from '../../../connector/check-keys.ts';
import { callerFor, type RdsDesk } from '../desk.ts';
import { findService } from '../services.ts';
import { isOAuth } from '../show-service.ts';

/** Why a code could not be exchanged, for the log. */
export class CodeNotExchangeable extends Error {}

/**
 * Ends what `POST /exchange` begins: a JWT that is signed with the service's client secret, and in it the state that we gave
 * for that very service.
 *
 * @throws CodeNotExchangeable, GatewayError
 */
export async function exchangeSigned(desk: RdsDesk, jwt: unknown): Promise<void> {
  const said = typeof jwt === 'string' ? readUnverifiedClaims(jwt) : undefined;
  const named = said?.['servicename'];
  const service = typeof named === 'string' ? await findService(desk, named.toLowerCase()) : undefined;
  const secret = service?.registration.fields['client_secret'];
  if (typeof secret !== 'string') throw new CodeNotExchangeable('It is for no service with OAuth 2.0.');
  const claims = await verifyShared(jwt as string, new TextEncoder().encode(secret), new Date());
  if (!claims) throw new CodeNotExchangeable('It is not signed with the secret of its service, or too old.');
  const { code, state, userId } = claims;
  await exchangeCode(desk, { code, state, user: userId, servicename: named as string });
}

/**
 * Ends what a provider sends a browser back with: the state is base64 of `{ user, jwt }`.
 *
 * @throws CodeNotExchangeable, GatewayError
 */
export async function exchangeReturned(desk: RdsDesk, code: unknown, state: unknown): Promise<void> {
  const { user, jwt } = readState(state);
  await exchangeCode(desk, { code, state: jwt, user });
}

function readState(state: unknown): { readonly user?: unknown; readonly jwt?: unknown } {
  try {
    const read: unknown = JSON.parse(Buffer.from(String(state), 'base64').toString('utf8'));
    if (isPlainObject(read)) return read;
  } catch {
    // Told below.
  }
  throw new CodeNotExchangeable('Its state is none of ours.');
}

interface Returned {
  readonly code: unknown;
  /** The JWT that we gave. */
  readonly state: unknown;
  readonly user: unknown;
  /** As whoever brings it says; absent: as the state says. */
  readonly servicename?: string;
}

async function exchangeCode(desk: RdsDesk, { code, state, user, servicename }: Returned): Promise<void> {
  const { stateTokens, foreignTokens, connecting, subjects } = desk.served();
  if (typeof code !== 'string' || code === '') throw new CodeNotExchangeable('It has no code.');
  const claims = typeof state === 'string' ? await stateTokens.verify(state) : undefined;
  const named = claims?.['servicename'];
  if (typeof named !== 'string') throw new CodeNotExchangeable('Its state is none of ours, or too old.');
  // A code of one service is never brought to the token endpoint of another (RFC 9700 §4.4).
  if (servicename !== undefined && servicename.toLowerCase() !== named) {
    throw new CodeNotExchangeable('Its state is that of another service.');
  }
  const service = await findService(desk, named);
  if (!service || !isOAuth(service.registration)) throw new CodeNotExchangeable('There is no such service any more.');
  const got = await foreignTokens.exchange(desk.tenant, service.connector, code, desk.redirectUri());
  const { refresh_token, expires_in } = got.tokens;
  if (!refresh_token || expires_in === undefined) {
    throw new CodeNotExchangeable('The service gave no refresh_token or no expires_in.');
  }
  const owner = user ?? got.userId;
  if (!isSubjectName(owner)) throw new CodeNotExchangeable('Nobody says for which user it is.');
  await connecting.adopt(callerFor(desk, owner), service.connector, {
    fields: { user: owner },
    tokens: got,
    identity: owner,
  });
  await subjects.add(desk.tenant, owner);
}
