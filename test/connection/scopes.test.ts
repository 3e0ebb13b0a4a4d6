import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  allows,
  allowsSome,
  checkScopes,
  connctdScopes,
  covers,
  everyScope,
  isScope,
  operationKinds,
  scopeOf,
  type OperationKind,
} from '../../src/connection/scopes.ts';

const kinds = Object.keys(operationKinds) as OperationKind[];
const kind = fc.constantFrom(...kinds);
const connector = fc.constantFrom('github', 'git', 'crm', 'my_app', undefined);
const given = fc.array(
  fc.oneof(
    fc.tuple(kind, connector).map(([kind, name]) => scopeOf(kind, name)),
    fc.constantFrom(...connctdScopes, '*', 'plugboard', 'plugboard.', 'plugboard.*', ':', ''),
  ),
  { maxLength: 8 },
);

describe('a scope', () => {
  it('allows its kind, everywhere or for its connector, and nothing else', () => {
    fc.assert(
      fc.property(given, kind, connector, (scopes, wanted, name) => {
        const isGiven =
          scopes.includes(scopeOf(wanted)) || (name !== undefined && scopes.includes(scopeOf(wanted, name)));
        expect(allows(new Set(scopes), wanted, name)).toBe(isGiven);
      }),
    );
  });

  it('allows something for some connector exactly when it does for one of them', () => {
    fc.assert(
      fc.property(given, kind, (scopes, wanted) => {
        const names = [undefined, 'github', 'git', 'crm', 'my_app'];
        expect(allowsSome(new Set(scopes), wanted)).toBe(names.some((name) => allows(new Set(scopes), wanted, name)));
      }),
    );
  });

  it('gives no more than what it is taken from', () => {
    fc.assert(
      fc.property(given, kind, connector, (scopes, wanted, name) => {
        const scope = scopeOf(wanted, name);
        if (!isScope(scope) || !covers(new Set(scopes), scope)) return;
        expect(allows(new Set(scopes), wanted, name)).toBe(true);
      }),
    );
    expect(covers(new Set(['plugboard.read:github']), 'plugboard.read')).toBe(false);
    expect(covers(new Set(['plugboard.read']), 'plugboard.read:github')).toBe(true);
    expect(covers(new Set(['plugboard.read']), 'plugboard.write:github')).toBe(false);
  });

  it.each([
    '*',
    'plugboard',
    'plugboard.',
    'plugboard.read:',
    'plugboard.read:a b',
    'plugboard.read:*',
    'read',
    'Plugboard.read',
  ])('is not %j', (text) => {
    expect(isScope(text)).toBe(false);
    expect(() => checkScopes([text])).toThrow(JSON.stringify(text));
  });

  it('of connctd is written as in its glossary', () => {
    expect(isScope('connctd.connector')).toBe(true);
    expect(checkScopes(['connctd.connector', 'plugboard.read:github'])).toEqual([
      'connctd.connector',
      'plugboard.read:github',
    ]);
  });
});

describe('docs/callers.md', () => {
  it('tells every kind of scope', async () => {
    const page = await readFile(new URL('../../docs/callers.md', import.meta.url), 'utf8');
    for (const each of kinds) expect(page).toContain(`| \`${scopeOf(each)}\` |`);
  });
});

describe('no scope', () => {
  it('allows nothing', () => {
    for (const each of kinds) expect([each, allows(new Set(), each, 'github')]).toEqual([each, false]);
  });
});

describe('every scope', () => {
  it('is known by identity only: no text stands for it', () => {
    for (const each of kinds) expect(allows(everyScope, each, 'github')).toBe(true);
    for (const each of kinds) expect(allows(new Set(everyScope), each, 'github')).toBe(false);
  });
});
