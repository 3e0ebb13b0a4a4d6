import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { getIntrospectionQuery, parse } from 'graphql';
import { defaultLimits, exceededLimits } from '../../src/server/limits.ts';
import type { OperationLimits } from '../../src/server/limits.ts';

const refusals = (query: string, limits: Partial<OperationLimits> = {}) =>
  exceededLimits(parse(query), { ...defaultLimits, ...limits }).map((error) => error.message);
const nested = (depth: number) => '{a'.repeat(depth) + '}'.repeat(depth);

describe('exceededLimits', () => {
  it('lets the introspection query of tools pass', () => {
    expect(refusals(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }))).toEqual([]);
  });

  it('counts depth to the leaf', () => {
    expect(refusals(nested(15))).toEqual([]);
    expect(refusals(nested(16))).toEqual([
      'The operation is 16 levels deep; the limit is 15. Ask for the deeper part in a second operation.',
    ]);
  });

  it('counts depth through fragments and inline fragments', () => {
    const query = `query Deep { ...A } fragment A on Query { a { ... on Query { b { ...B } } } } fragment B on Query { c { d } }`;
    expect(refusals(query, { depth: 4 })).toEqual([]);
    expect(refusals(query, { depth: 3 })).toEqual([
      'The operation "Deep" is 4 levels deep; the limit is 3. Ask for the deeper part in a second operation.',
    ]);
  });

  it('counts aliases as often as their fragment is spread', () => {
    const query = '{ a { ...F } b { ...F } } fragment F on X { one: a two: a three: a }';
    expect(refusals(query, { aliases: 6 })).toEqual([]);
    expect(refusals(query, { aliases: 5 })).toEqual([
      'The operation has 6 aliases; the limit is 5. Ask for many things of a kind through a list field, or in several operations.',
    ]);
  });

  it('counts directives on the operation, its variables, fields, spreads and fragments', () => {
    const query = 'query ($x: Int @a) @b { c @d ...F @e ... @f { g } } fragment F on Query @h { i @j }';
    expect(refusals(query, { directives: 7 })).toEqual([]);
    expect(refusals(query, { directives: 6 })).toEqual([
      'The operation has 7 directives; the limit is 6. Leave out the directives that change nothing, or split the operation.',
    ]);
  });

  it('counts the root fields of all operations of the document together', () => {
    const query = 'query A { a b ...F } mutation B { c ... { d } } fragment F on Query { e f }';
    expect(refusals(query, { rootFields: 6 })).toEqual([]);
    expect(refusals(query, { rootFields: 5 })).toEqual([
      'The document has 6 root fields; the limit is 5. Split the document into several operations and send each alone.',
    ]);
  });

  it('measures each operation alone for the other limits, and names the worst', () => {
    const query = 'query A { a { b } } query B { x: a { y: b } }';
    expect(refusals(query, { aliases: 2, fields: 2 })).toEqual([]);
    expect(refusals(query, { aliases: 1 })).toEqual([
      'The operation "B" has 2 aliases; the limit is 1. Ask for many things of a kind through a list field, or in several operations.',
    ]);
  });

  it('refuses fields that are repeated beside themselves', () => {
    expect(refusals(`{ a { ${'b '.repeat(31)} } }`)).toEqual([]);
    expect(refusals(`{ a { ${'b '.repeat(32)} } }`)).toEqual([
      'The operation repeats fields 31 times beside themselves; the limit is 30. Name each field once per selection set.',
    ]);
  });

  it('reports all exceeded limits at once, with what was allowed and what came', () => {
    const errors = exceededLimits(parse('{ x: a @d { y: b } }'), {
      ...defaultLimits,
      depth: 1,
      aliases: 1,
      directives: 0,
      fields: 1,
      rootFields: 0,
    });
    expect(errors.map((error) => error.extensions)).toEqual([
      { code: 'OPERATION_TOO_LARGE', limit: 'depth', max: 1, actual: 2 },
      { code: 'OPERATION_TOO_LARGE', limit: 'aliases', max: 1, actual: 2 },
      { code: 'OPERATION_TOO_LARGE', limit: 'directives', max: 0, actual: 1 },
      { code: 'OPERATION_TOO_LARGE', limit: 'fields', max: 1, actual: 2 },
      { code: 'OPERATION_TOO_LARGE', limit: 'rootFields', max: 0, actual: 1 },
    ]);
  });

  it('walks each fragment once: a chain that doubles 150 times is refused, not expanded', () => {
    let query = '{ ...F150 } fragment F0 on Query { a }';
    for (let link = 1; link <= 150; link += 1) {
      query += ` fragment F${link} on Query { x${link} { ...F${link - 1} ...F${link - 1} } }`;
    }
    const errors = exceededLimits(parse(query, { maxTokens: 2_000 }), { ...defaultLimits, depth: 1_000 });
    expect(errors.map(({ message, extensions }) => [message, extensions['actual']])).toEqual([
      [
        'The operation has more than 9007199254740991 fields, with its fragments in place; the limit is 2000. ' +
          'Split the operation, and spread large fragments fewer times.',
        Number.MAX_SAFE_INTEGER,
      ],
    ]);
  });

  it('ends on circular and unknown fragments', () => {
    expect(refusals('{ ...A ...Nobody } fragment A on Query { a ...B } fragment B on Query { b ...A }')).toEqual([]);
  });

  it('measures what a plain expansion of the fragments would', () => {
    const selection = fc.letrec<{ set: string; one: string }>((tie) => ({
      one: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('a', 'x: a', 'b @d', '...F', '...G @d'),
        tie('set').map((set) => `a ${set}`),
        tie('set').map((set) => `... ${set}`),
      ),
      set: fc.array(tie('one'), { minLength: 1, maxLength: 4 }).map((all) => `{ ${all.join(' ')} }`),
    })).set;
    // F may spread neither; G may spread F: no circles.
    const leaf = selection.map((set) => set.replaceAll('...F', 'a').replaceAll('...G @d', 'a'));
    const middle = selection.map((set) => set.replaceAll('...G @d', 'a'));
    fc.assert(
      fc.property(selection, leaf, middle, (operation, f, g) => {
        const document = parse(`${operation} fragment F on Query ${f} fragment G on Query ${g}`);
        const expanded = operation.replaceAll('...G @d', `... @d ${g}`).replaceAll('...F', `... ${f}`);
        const strict = { ...defaultLimits, depth: -1, aliases: -1, directives: -1, fields: -1, rootFields: -1 };
        const actuals = (all: ReturnType<typeof exceededLimits>) =>
          all.filter(({ extensions }) => extensions['limit'] !== 'repeats').map(({ extensions }) => extensions);
        expect(actuals(exceededLimits(document, strict))).toEqual(actuals(exceededLimits(parse(expanded), strict)));
      }),
    );
  });
});
