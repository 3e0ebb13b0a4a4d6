/** How Lumos writes the capabilities of `AccountDirectory` and their fields. @see https://developers.lumos.com/reference/connector-capabilities */
import type { CapabilityField, CapabilityNotation } from '../../connector/capability.ts';

/** Our name of a capability → the one of Lumos; its mixture of "-" and "_" is real, and later versions have "_" alone. */
const writtenNames: Readonly<Record<string, string>> = {
  activateAccount: 'activate_account',
  assignEntitlement: 'assign-entitlement',
  createAccount: 'create_account',
  deactivateAccount: 'deactivate_account',
  deleteAccount: 'delete_account',
  findEntitlementAssociations: 'find-entitlement-associations',
  getLastActivity: 'get-last-activity',
  listAccounts: 'list-accounts',
  listCustomAttributesSchema: 'list-custom-attributes-schema',
  listEntitlements: 'list-entitlements',
  listResources: 'list-resources',
  unassignEntitlement: 'unassign-entitlement',
  validateCredentials: 'validate-credentials',
};

/** Capabilities of Lumos for which there is another way here: connections are made by `connect`. */
const otherNames = ['get_authorization_url', 'handle_authorization_callback', 'refresh_access_token'];

const byWritten = new Map<string, LumosCapability>([
  ...Object.entries(writtenNames).map(([name, written]) => [dashed(written), { name, written }] as const),
  ...otherNames.map((written) => [dashed(written), { name: undefined, written }] as const),
]);

/** A capability of Lumos: as it writes it, and our name of it where we have it. */
export interface LumosCapability {
  readonly written: string;
  readonly name: string | undefined;
}

/** Reads `list-accounts`, `list_accounts` and `CapabilityName.LIST_ACCOUNTS` alike; `undefined` for what Lumos does not know. */
export function readLumosName(text: string): LumosCapability | undefined {
  return byWritten.get(dashed(text.replace(/^CapabilityName\./, '')));
}

/** `listAccounts` → `list-accounts`; `undefined` for capabilities that Lumos does not have. */
export function lumosNameOf(capability: string): string | undefined {
  return Object.hasOwn(writtenNames, capability) ? writtenNames[capability] : undefined;
}

function dashed(text: string): string {
  return text.toLowerCase().replaceAll('_', '-');
}

/** The key of an answer that holds its rows. */
export const rowsKeys: Readonly<Record<string, string>> = {
  findEntitlementAssociations: 'associations',
  getLastActivity: 'activities',
  listAccounts: 'accounts',
  listCustomAttributesSchema: 'schemas',
  listEntitlements: 'entitlements',
  listResources: 'resources',
};

/** Fields whose name is another than ours in snake_case, by the type that has them (for flat arguments: the capability). */
const fieldNames: Readonly<Record<string, string>> = {
  'Account.id': 'integration_specific_id',
  'Account.status': 'user_status',
  'AccountActivity.account': 'account_id',
  'AccountInput.account': 'account_id',
  'Entitlement.id': 'integration_specific_id',
  'Entitlement.resource': 'integration_specific_resource_id',
  'EntitlementAssignmentInput.account': 'account_integration_specific_id',
  'EntitlementAssignmentInput.entitlement': 'entitlement_integration_specific_id',
  'EntitlementAssignmentInput.resource': 'resource_integration_specific_id',
  'EntitlementAssociation.entitlement': 'integration_specific_entitlement_id',
  'EntitlementAssociation.resource': 'integration_specific_resource_id',
  'NewAccountEntitlementInput.id': 'integration_specific_id',
  'NewAccountEntitlementInput.resource': 'integration_specific_resource_id',
  'NewAccountInput.status': 'user_status',
  'Resource.id': 'integration_specific_id',
  'getLastActivity.accounts': 'account_ids',
  'listEntitlements.resource': 'resource_integration_specific_id',
};

/** The name of a field on the wire. @param owner - the type that has it, or the capability whose argument it is. */
export function wireNameOf(owner: string, { name }: CapabilityField): string {
  return fieldNames[`${owner}.${name}`] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Visits the fields of a notation with their names on the wire. */
export function wireFields(owner: string, notation: CapabilityNotation) {
  return notation.map((field) => ({ field, wireName: wireNameOf(owner, field) }));
}
