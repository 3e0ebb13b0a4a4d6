/** Decides which addresses a request may go to: public ones, and what the operator allows by name (SSRF, CWE-918). */
import { lookup as resolveName } from 'node:dns';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { GatewayError } from '../errors.ts';

/** What the operator allows beyond https to public addresses. */
export interface AddressPolicy {
  /** Plain http to public addresses. */
  readonly allowHttp: boolean;
  /** Exact origins that may be at addresses that are not public, with their scheme and port, e.g. `http://127.0.0.1:4010`. */
  readonly allowedPrivateOrigins: ReadonlySet<string>;
}

/**
 * Says why a URL may not be asked, or nothing when it may. It judges what can be known without resolving the name; the
 * address that is dialled in the end is judged by `createGuardedLookup`.
 *
 * @param declaredOrigin - origin of the connector's own fixed `baseUri`: trusted for its port only.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function urlRefusal(url: URL, policy: AddressPolicy, declaredOrigin?: string): string | undefined {
  if (url.username !== '' || url.password !== '') return 'a user name or password stands in its URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'only https URLs can be asked';
  if (policy.allowedPrivateOrigins.has(url.origin)) return undefined;
  if (url.protocol === 'http:' && !policy.allowHttp) return 'plain http is not allowed';
  if (url.port !== '' && url.origin !== declaredOrigin) return 'its port is not the usual one of its scheme';
  return hostRefusal(url.hostname);
}

/** `true` for what a stranger may be at: global unicast addresses. Spellings are those of `URL` and of the resolver. */
export function isPublicAddress(address: string): boolean {
  // A zone (`fe80::1%eth0`) belongs to link-local addresses only, and BlockList does not read it.
  if (address.includes('%')) return false;
  const version = isIP(address);
  if (version === 0) return false;
  return version === 4 ? !nonPublicIpv4.check(address, 'ipv4') : !nonPublicIpv6.check(address, 'ipv6');
}

/** Gives all addresses of a name, as `dns.lookup` does. */
export type ResolveName = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Makes the `lookup` of the dialler: it resolves a name and gives only public addresses, so that what is judged is what is
 * dialled, however often the name changes its mind (DNS rebinding).
 *
 * @param resolve - for tests; Node's resolver by default.
 * @throws GatewayError ADDRESS_REFUSED, through the callback, when none is left. It never names an address: who may not
 *   reach an internal host may not map the internal network either.
 */
export function createGuardedLookup(resolve: ResolveName = resolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const allowed = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (!first) return callback(addressRefused(hostname), '');
      if (options.all) return callback(null, allowed satisfies LookupAddress[]);
      return callback(null, first.address, first.family);
    });
  };
}

/** The error of a name that resolves to nothing public. */
function addressRefused(hostname: string): GatewayError {
  return new GatewayError('ADDRESS_REFUSED', `${hostname} is not at a public address.`);
}

/** RFC 1123 labels, and the underscore that some providers use. */
const hostLabel = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** Names that by their standards never are public: RFC 6761, RFC 6762, RFC 8375, ICANN resolution 2024.07.29.06. */
const privateName = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;

function hostRefusal(hostname: string): string | undefined {
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(literal) !== 0) return isPublicAddress(literal) ? undefined : 'it is not at a public address';
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => hostLabel.test(label))) return 'its host is no DNS name';
  // A name of one label is completed from the search list of the machine: it is never a public host.
  if (labels.length < 2 || privateName.test(name)) return 'it is not at a public address';
  return undefined;
}

// Two lists: one list would take ::/3 for a rule about mapped, and so about all, IPv4 addresses.
const nonPublicIpv4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], // "this network", RFC 791
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // shared by carriers (CGNAT), RFC 6598; 100.100.100.200 is a metadata service
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, RFC 3927; 169.254.169.254 is a metadata service
  ['168.63.129.16', 32], // Azure's host agent, from inside its machines
  ['172.16.0.0', 12], // private, RFC 1918
  ['192.0.0.0', 24], // IETF protocols, RFC 6890; 192.0.0.192 is a metadata service
  ['192.0.2.0', 24], // documentation, RFC 5737
  ['192.31.196.0', 24], // AS112, RFC 7535
  ['192.52.193.0', 24], // AMT, RFC 7450
  ['192.88.99.0', 24], // 6to4 relays, RFC 7526
  ['192.168.0.0', 16], // private, RFC 1918
  ['192.175.48.0', 24], // AS112, RFC 7534
  ['198.18.0.0', 15], // benchmarks, RFC 2544
  ['198.51.100.0', 24], // documentation, RFC 5737
  ['203.0.113.0', 24], // documentation, RFC 5737
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
] as const) {
  nonPublicIpv4.addSubnet(network, prefix, 'ipv4');
}
const nonPublicIpv6 = new BlockList();
for (const [network, prefix] of [
  // Only 2000::/3 is global unicast. Outside it lie ::, ::1, mapped and compatible IPv4, NAT64 (64:ff9b::/96 and
  // 64:ff9b:1::/48), discard (100::/64), segment routing (5f00::/16), ULA (fc00::/7), link-local (fe80::/10),
  // site-local (fec0::/10) and multicast (ff00::/8).
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23], // IETF protocols: Teredo, ORCHID, benchmarks, RFC 2928
  ['2001:db8::', 32], // documentation, RFC 3849
  ['2002::', 16], // 6to4, RFC 3056: holds any IPv4 address
  ['2620:4f:8000::', 48], // AS112, RFC 7534
  ['3fff::', 20], // documentation, RFC 9637
] as const) {
  nonPublicIpv6.addSubnet(network, prefix, 'ipv6');
}
