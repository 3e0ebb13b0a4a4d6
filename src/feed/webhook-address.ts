/** The URLs that providers send webhooks to: unguessable, and known to the store by their digest only. */
import { createHash, randomBytes } from 'node:crypto';
import type { RecordValue, Records, StoredRecord } from '../storage/records.ts';

/** A URL while it is known in full: when it was just made. */
export interface WebhookAddress {
  /** Digest of its token: all that is kept of it, and the id of its record. */
  readonly id: string;
  /** `<baseUrl>/webhooks/<token>`. Whoever has it may send to us, so it goes to the provider only. */
  readonly url: string;
}

/** A static webhook: the developer registers one URL at the provider for all users of the tenant. */
export interface StaticAddressValue extends RecordValue {
  readonly tenant: string;
  readonly connector: string;
}

export type StaticAddress = StoredRecord<StaticAddressValue>;

/** Kind of the records of static addresses. */
export const staticAddressKind = 'webhook_address';

/** 192 bits (safety W1 asks for 128). */
const tokenBytes = 24;
const tokenPattern = /^[\w-]{32}$/;

/** Makes an address that nobody has yet. @param baseUrl - where providers reach the gateway; it may have a path. */
export function newWebhookAddress(baseUrl: string): WebhookAddress {
  const token = randomBytes(tokenBytes).toString('base64url');
  return { id: digestOf(token), url: `${baseUrl.replace(/\/+$/, '')}/webhooks/${token}` };
}

/** Id of the address with this token; `undefined` for what cannot be a token of ours. */
export function addressId(token: string): string | undefined {
  return tokenPattern.test(token) ? digestOf(token) : undefined;
}

/**
 * Makes the URL of a connector's static webhooks for one tenant. It is shown this once; those that were made before stay
 * valid until they are removed, so that one can replace the other at the provider without a gap.
 */
export async function createStaticAddress(
  records: Records,
  baseUrl: string,
  { tenant, connector }: { readonly tenant: string; readonly connector: string },
): Promise<WebhookAddress> {
  const address = newWebhookAddress(baseUrl);
  await records.create(staticAddressKind, address.id, { tenant, connector }, { indexes: { tenant, connector } });
  return address;
}

/** The static addresses of a tenant's connector: their ids, and when each was made. */
export async function listStaticAddresses(
  records: Records,
  owner: { readonly tenant: string; readonly connector: string },
): Promise<readonly { readonly id: string; readonly createdAt: number }[]> {
  const { tenant, connector } = owner;
  const found = await records.list(staticAddressKind, { tenant, connector }, { limit: 1_000 });
  return found.map(({ id, createdAt }) => ({ id, createdAt }));
}

/** What is sent there is refused from now on as at any unknown path. Whether there was one of that tenant. */
export async function removeStaticAddress(records: Records, tenant: string, id: string): Promise<boolean> {
  const found = (await records.get(staticAddressKind, id)) as StaticAddress | undefined;
  return found?.value.tenant === tenant && (await records.remove(staticAddressKind, id));
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
