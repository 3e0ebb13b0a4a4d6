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

/** The URLs of static webhooks of tenants. Every method @throws GatewayError of the store. */
export interface StaticAddresses {
  /**
   * Makes a URL for one tenant's connector. It is shown this once; those that were made before stay valid until they are
   * removed, so that one can replace the other at the provider without a gap.
   */
  readonly create: (tenant: string, connector: string) => Promise<WebhookAddress>;
  /** Their ids, and when each was made. */
  readonly list: (
    tenant: string,
    connector: string,
  ) => Promise<readonly { readonly id: string; readonly createdAt: number }[]>;
  /** What is sent there is refused from now on as at any unknown path. Whether there was one of that tenant. */
  readonly remove: (tenant: string, id: string) => Promise<boolean>;
}

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

/** @param baseUrl - where providers reach the gateway; read when it is needed. */
export function createStaticAddresses(records: Records, baseUrl: () => string): StaticAddresses {
  return {
    async create(tenant, connector) {
      const address = newWebhookAddress(baseUrl());
      await records.create(staticAddressKind, address.id, { tenant, connector }, { indexes: { tenant, connector } });
      return address;
    },
    async list(tenant, connector) {
      const found = await records.list(staticAddressKind, { tenant, connector }, { limit: 1_000 });
      return found.map(({ id, createdAt }) => ({ id, createdAt }));
    },
    async remove(tenant, id) {
      const found = (await records.get(staticAddressKind, id)) as StaticAddress | undefined;
      return found?.value.tenant === tenant && (await records.remove(staticAddressKind, id));
    },
  };
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
