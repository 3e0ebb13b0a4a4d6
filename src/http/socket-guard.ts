/** The rules of the outbound client for connections that it does not make itself: WebSockets. */
import type { LookupFunction } from 'node:net';
import { lookup } from 'node:dns';
import { GatewayError } from '../errors.ts';
import { createGuardedLookup, urlRefusal, type AddressPolicy } from './address-guard.ts';

/** Judges where a socket goes. @returns the `lookup` to dial with. @throws GatewayError ADDRESS_REFUSED */
export type SocketGuard = (url: URL) => LookupFunction;

/** Makes the guard; `ws:` is judged as `http:` is, and `wss:` as `https:`. */
export function createSocketGuard(policy: AddressPolicy): SocketGuard {
  const guarded = createGuardedLookup();
  return (socketUrl) => {
    const url = new URL(socketUrl);
    url.protocol = url.protocol.replace('ws', 'http');
    // `URL` keeps the scheme of a special URL special: the port stays what it was.
    const refusal = urlRefusal(url, policy, url.origin);
    if (refusal) throw new GatewayError('ADDRESS_REFUSED', `${url.host} is not asked: ${refusal}.`);
    return policy.allowedPrivateOrigins.has(url.origin) ? lookup : guarded;
  };
}
