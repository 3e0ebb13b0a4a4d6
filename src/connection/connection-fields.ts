/** The fields of a connection: what was entered, and what its connector acquired. */
import { AuthorizationError } from '../errors.ts';
import type { ConnectionFields } from '../connector/definition.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { sealIdentity, sealingTarget, type OpenableConnection } from './connection-record.ts';
import { fieldsText, openFields } from './connection-tokens.ts';
import type { KeyRing } from './seal.ts';

/** What was entered and acquired, as connector code sees it. */
export function fieldsOf(record: OpenableConnection, keyRing: KeyRing): ConnectionFields {
  return hideFields({
    ...openFields(record, 'fields', keyRing),
    ...openFields(record, 'acquired', keyRing),
  });
}

/** The sealed fields of a connection after `acquire` or `refresh` gave more; tokens have a place of their own. */
export function mergeAcquired(
  record: OpenableConnection,
  extra: Readonly<Record<string, unknown>>,
  keyRing: KeyRing,
): string {
  const merged = { ...openFields(record, 'acquired', keyRing), ...extra };
  return keyRing.seal(fieldsText(merged), sealIdentity(sealingTarget(record), 'acquired'));
}

/** The error of a connection that was removed while it was used. */
export function disconnected(connectionId: string, connector: { readonly name: string }): AuthorizationError {
  return new AuthorizationError(
    'CONNECTION_NOT_FOUND',
    `The connection ${JSON.stringify(connectionId)} was disconnected.`,
    { connector: connector.name },
  );
}
