import { describe, expect, it } from '@jest/globals';
import { sealedKinds } from '../../src/connection/sealed-kinds.ts';
import type { StoredRecord } from '../../src/storage/records.ts';

const value = { tenant: 'acme', subject: 'alice', connector: 'shop', connection: 'c' };

describe('a sealed text of any kind', () => {
  /** Its id is the record's. */
  const inRecord = ['tenant', 'subject', 'connector'];
  const place = [...inRecord, 'connection'];
  const places: readonly (readonly [kind: string, path: string, owner: readonly string[]])[] = [
    ['finish_code', 'credentials.tokens', place],
    ['connection', 'tokens', inRecord],
    ['connection', 'fields', inRecord],
    ['connection', 'acquired', inRecord],
    ['registration', 'secrets', ['tenant', 'connector']],
    ['connect_session', 'fields', place],
    ['oauth_flow', 'verifier', place],
    ['device_flow', 'deviceCode', place],
    ['revocation', 'tokens', place],
    ['revocation', 'fields', place],
  ];
  const identityOf = (kind: string, path: string, edit: Readonly<Record<string, string | null>> = {}) =>
    sealedKinds
      .find((one) => one.kind === kind)!
      .identityOf({ kind, id: 'i', value: { ...value, ...edit } } as unknown as StoredRecord, path);

  it.each(places)('names its owner, connector and connection in %s, %s', (kind, path, owner) => {
    const own = identityOf(kind, path);
    expect(own).toEqual(expect.arrayContaining(['acme']));
    for (const name of owner) expect(identityOf(kind, path, { [name]: 'other' })).not.toEqual(own);
    if (owner.includes('subject')) expect(identityOf(kind, path, { subject: null })).not.toEqual(own);
  });

  it('is listed here for every kind', () => {
    expect([...new Set(places.map(([kind]) => kind))].sort()).toEqual(sealedKinds.map(({ kind }) => kind).sort());
  });
});
