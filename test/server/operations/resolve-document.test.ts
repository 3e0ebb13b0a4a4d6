import { describe, expect, it } from '@jest/globals';
import { InputError } from '../../../src/errors.ts';
import { defaultLimits } from '../../../src/server/limits.ts';
import { checkOperationList, hashOf } from '../../../src/server/operations/operation-list.ts';
import {
  resolveDocument,
  type DocumentRules,
  type NamedDocument,
} from '../../../src/server/operations/resolve-document.ts';
import { smallGraph } from '../../support/small-graph.ts';

const listed = '{ greeting }';
const other = '{ generation }';
const documents = [{ id: 'greet', text: listed, place: 'greet' }];
const list = checkOperationList({ source: 'list', documents, faults: [] }, smallGraph().schema, {
  limits: defaultLimits,
  production: false,
  introspection: true,
});
const persisted = (sha256Hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash } });

function resolve(named: NamedDocument, rules: Partial<DocumentRules> = {}): unknown {
  try {
    return resolveDocument(named, list, { only: false, automatic: true, ...rules });
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
}

describe('a document', () => {
  it('is what was sent, and kept by its hash where the hash came along', () => {
    expect(resolve({ query: other })).toEqual({ query: other });
    expect(resolve({ query: other, extensions: persisted(hashOf(other)) })).toEqual({
      query: other,
      keepAs: hashOf(other),
    });
    expect(resolve({ query: other, extensions: persisted(hashOf(other)) }, { automatic: false })).toEqual({
      query: other,
    });
  });

  it('is a listed one by its id or hash, whichever way it is named', () => {
    for (const named of [
      { documentId: 'greet' },
      { documentId: hashOf(listed) },
      { documentId: `sha256:${hashOf(listed)}` },
      { extensions: persisted(hashOf(listed)) },
      { extensions: persisted('greet') },
      { query: '', extensions: persisted(hashOf(listed)) },
      { query: null, documentId: 'greet' },
    ]) {
      expect(resolve(named)).toEqual({ query: listed });
      expect(resolve(named, { only: true, automatic: false })).toEqual({ query: listed });
    }
  });

  it('may be one that was kept, if what is asked for is a hash', () => {
    expect(resolve({ extensions: persisted(hashOf(other)) })).toEqual({ lookUp: hashOf(other) });
    expect(resolve({ documentId: `sha256:${hashOf(other)}` })).toEqual({ lookUp: hashOf(other) });
    expect(resolve({ documentId: 'unknown' })).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(resolve({ extensions: persisted(hashOf(other)) }, { automatic: false })).toBe(
      'PERSISTED_QUERY_NOT_SUPPORTED',
    );
  });

  it.each<[string, NamedDocument]>([
    ['a text', { query: other }],
    ['a text with its hash', { query: other, extensions: persisted(hashOf(other)) }],
    ['a text that differs by a space', { query: `${listed} ` }],
    ['a hash', { extensions: persisted(hashOf(other)) }],
    ['an id', { documentId: 'unknown' }],
    ['an id that objects have', { documentId: '__proto__' }],
  ])('that is not listed is refused where only listed ones are answered: %s', (_what, named) => {
    expect(resolve(named, { only: true })).toBe('OPERATION_NOT_LISTED');
  });

  it('that is listed is answered by its text too', () => {
    expect(resolve({ query: listed }, { only: true })).toEqual({ query: listed });
    expect(resolve({ query: listed, extensions: persisted(hashOf(listed)) }, { only: true })).toEqual({
      query: listed,
    });
  });

  it('is refused with a hash that is not its own', () => {
    for (const only of [true, false]) {
      expect(resolve({ query: listed, extensions: persisted(hashOf(other)) }, { only })).toBe('OPERATION_HASH_WRONG');
      expect(resolve({ query: other, extensions: persisted(hashOf(listed)) }, { only })).toBe('OPERATION_HASH_WRONG');
      expect(resolve({ query: listed, extensions: persisted('') }, { only })).toBe('BODY_INVALID');
    }
    expect(resolve({ query: listed, extensions: persisted(hashOf(listed).toUpperCase()) })).toBe(
      'OPERATION_HASH_WRONG',
    );
  });

  it.each<[string, NamedDocument]>([
    ['both a text and an id', { query: listed, documentId: 'greet' }],
    ['an id that is no text', { documentId: 7 }],
    ['another version', { extensions: persisted(hashOf(listed), 2) }],
    ['a hash that is no text', { extensions: persisted({}) }],
    ['a persisted query that is none', { extensions: { persistedQuery: 'greet' } }],
  ])('is refused when it is named by %s', (_what, named) => {
    expect(resolve(named)).toBe('BODY_INVALID');
  });

  it('that is not named at all is left to the transport', () => {
    for (const named of [{}, { query: '' }, { query: 7 }, { extensions: {} }, { extensions: null }]) {
      expect(resolve(named)).toBeUndefined();
      expect(resolve(named, { only: true })).toBeUndefined();
    }
  });
});
