/** Forms as Rails reads them. */
import { describe, it, expect } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeForm, encodeForm, formNames } from '../../../src/http/formats/form.ts';

describe('encodeForm', () => {
  it.each([
    [{ a: 1, b: 'x y', c: true }, 'a=1&b=x+y&c=true'],
    [{ a: { b: { c: 1 } } }, 'a%5Bb%5D%5Bc%5D=1'],
    [{ a: [1, 2] }, 'a%5B%5D=1&a%5B%5D=2'],
    [{ a: [{ b: 1, c: 2 }, { b: 3 }] }, 'a%5B%5D%5Bb%5D=1&a%5B%5D%5Bc%5D=2&a%5B%5D%5Bb%5D=3'],
    [{ a: null, b: undefined, c: '' }, 'a=&c='],
    [{ when: new Date(0), big: 9007199254740993n }, 'when=1970-01-01T00%3A00%3A00.000Z&big=9007199254740993'],
    [{ sign: "!'()~*é&=+%" }, 'sign=%21%27%28%29%7E*%C3%A9%26%3D%2B%25'],
    [{}, ''],
  ])('writes %j', (values, expected) => {
    expect(encodeForm(values)).toBe(expected);
  });

  it('carries every text through, whatever signs it holds', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(text, text), (values) => {
        fc.pre(!Object.hasOwn(values, '__proto__'));
        expect(decodeForm(encodeForm(values))).toEqual({ ...values });
      }),
    );
  });

  it('writes nested values so that names and order survive', () => {
    const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean());
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), tree), (values) => {
        const names = [...new URLSearchParams(encodeForm(values)).keys()];
        expect(names).toEqual(formNames(values));
      }),
    );
  });

  it('names the field that a form cannot carry', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(() => encodeForm({ a: { run: () => 1 } })).toThrow(
      'The form field "a[run]" is a function, which a form cannot carry.',
    );
    expect(() => encodeForm({ file: Buffer.from('x') })).toThrow(
      'The form field "file" holds bytes, which a form cannot carry; use multipart.',
    );
    expect(() => encodeForm(circular)).toThrow(/is nested deeper than 32, or contains itself\.$/);
    expect(() => encodeForm({ a: '\ud800' })).toThrow(
      'A name or value of a form holds half of a surrogate pair (no valid text).',
    );
  });
});
