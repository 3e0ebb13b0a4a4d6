/** XML: the convention of seed 003's runtime, and what is never read (safety X6). */
import { describe, it, expect } from '@jest/globals';
import * as fc from 'fast-check';
import { quickestMs } from '../../support/quickest.ts';
import { decodeXml, encodeXml } from '../../../src/http/formats/xml.ts';

describe('decodeXml', () => {
  it('reads attributes as @name, text as content! and every element as a list', () => {
    const text = `<?xml version="1.0"?><!-- head --><order id="7" note="a &amp; b">
      <item>one</item><item qty="2">two</item><empty/>
    </order>`;
    expect(decodeXml(text)).toEqual({
      order: [
        {
          '@id': '7',
          '@note': 'a & b',
          item: [{ 'content!': 'one' }, { '@qty': '2', 'content!': 'two' }],
          empty: [{}],
        },
      ],
    });
  });

  it('keeps digits, white space, CDATA and references as the text they are', () => {
    const text = '<a><n>007</n><t> x </t><s> </s><c><![CDATA[<b>&amp;</b>]]></c><r>&#233;&#x1F600;&lt;&quot;</r></a>';
    expect(decodeXml(text)).toEqual({
      a: [
        {
          n: [{ 'content!': '007' }],
          t: [{ 'content!': ' x ' }],
          s: [{ 'content!': ' ' }],
          c: [{ 'content!': '<b>&amp;</b>' }],
          r: [{ 'content!': 'é😀<"' }],
        },
      ],
    });
  });

  it('keeps namespaces, or strips them when it is told to', () => {
    const text = '<s:Envelope xmlns:s="urn:soap"><s:Body s:id="1"><ok xmlns="urn:x"/></s:Body></s:Envelope>';
    expect(decodeXml(text)).toEqual({
      's:Envelope': [{ '@xmlns:s': 'urn:soap', 's:Body': [{ '@s:id': '1', ok: [{ '@xmlns': 'urn:x' }] }] }],
    });
    expect(decodeXml(text, { stripResponseNamespaces: true })).toEqual({
      Envelope: [{ Body: [{ '@id': '1', ok: [{}] }] }],
    });
  });

  it('reads nothing as nothing, and names of the prototype as names', () => {
    expect(decodeXml(' \n')).toEqual({});
    const read = decodeXml(
      '<a><constructor>x</constructor><toString/><__proto__><polluted>1</polluted></__proto__></a>',
    );
    expect(read).toEqual({ a: [{ constructor: [{ 'content!': 'x' }], toString: [{}] }] });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('encodeXml', () => {
  it('writes the convention that decodeXml reads', () => {
    expect(encodeXml({ order: { '@id': 7, item: ['one', { '@qty': 2, 'content!': 'a < b' }], at: null } })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><order id="7"><item>one</item><item qty="2">a &lt; b</item><at/></order>',
    );
  });

  it('puts the payload into the root that it is told, with its namespaces', () => {
    const namespaces = { 'xmlns:soap': 'http://schemas.xmlsoap.org/soap/envelope/' };
    expect(encodeXml({ 'soap:Body': { ping: true } }, { root: 'soap:Envelope', namespaces })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><ping>true</ping></soap:Body></soap:Envelope>',
    );
  });

  it('comes back unchanged, whatever texts and attributes it holds', () => {
    const name = fc.stringMatching(/^[A-Za-z_][\w.-]{0,8}$/).filter((word) => word !== '__proto__');
    // What XML 1.0 can carry, without the sign that every parser reads as a line feed where it is bare.
    const text = fc
      .string({ unit: 'grapheme', minLength: 1 })
      // oxlint-disable-next-line no-control-regex
      .filter((value) => !/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]/.test(value));
    const { element } = fc.letrec<{ element: Record<string, unknown> }>((tie) => ({
      element: fc
        .record({
          attributes: fc.dictionary(name, fc.oneof(text, fc.constantFrom('', '\t\n\r"<&>'))),
          children: fc.oneof(
            { maxDepth: 3 },
            fc.constant({}),
            fc.dictionary(name, fc.array(tie('element'), { minLength: 1, maxLength: 3 })),
          ),
          content: fc.option(text),
        })
        .map(({ attributes, children, content }) => ({
          ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [`@${key}`, value])),
          ...children,
          // White space beside elements is layout and not kept.
          ...(content === null || (content.trim() === '' && Object.keys(children).length > 0)
            ? {}
            : { 'content!': content }),
        })),
    }));
    fc.assert(
      fc.property(name, element, (root, value) => {
        expect(decodeXml(encodeXml({ [root]: [value] }))).toEqual({ [root]: [value] });
      }),
      { numRuns: 100 },
    );
  });

  it('refuses what XML cannot say', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(() => encodeXml({ a: 1, b: 2 })).toThrow(
      'A payload of the format xml needs exactly one root element; got 2. Name it: formatXml(root).',
    );
    expect(() => encodeXml('text')).toThrow(
      'A payload of the format xml needs exactly one root element; got 0. Name it: formatXml(root).',
    );
    expect(() => encodeXml({ a: [1, 2] })).toThrow('The root element "a" must stand once; got 2.');
    expect(() => encodeXml({ a: { 'b><c': 1 } })).toThrow('"b><c" is no name of an XML element.');
    expect(() => encodeXml({ a: { '@x y': 1 } })).toThrow('"x y" is no name of an XML attribute.');
    expect(() => encodeXml({ a: 'x\0' })).toThrow('The text of "a" holds a sign that XML cannot carry.');
    expect(() => encodeXml({ a: { '@b': [1] } })).toThrow(
      '"@b" must hold text, a number or a boolean in XML; got object.',
    );
    expect(() => encodeXml({ a: circular })).toThrow(
      'A payload of the format xml is nested deeper than 200, or contains itself.',
    );
  });
});

describe('hostile XML', () => {
  const laughs = `<!DOCTYPE l [<!ENTITY a "ha">${Array.from({ length: 30 }, (_, index) => `<!ENTITY a${index} "&a;&a;">`).join('')}]><l>&a29;</l>`;
  const declared = 'it has a document type declaration, which is never read';
  it.each([
    ['a billion laughs', laughs, declared],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]><a>&x;</a>', declared],
    [
      'a parameter entity',
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>',
      declared,
    ],
    ['a declaration behind the root', '<a/><!DOCTYPE a [<!ENTITY x "y">]>', declared],
    ['an entity that nobody declared', '<a>&nbsp;</a>', 'it uses an entity beyond the five of XML'],
    ['an entity of the prototype', '<a>&constructor;</a>', 'it uses an entity beyond the five of XML'],
    ['a number that is no character', '<a>&#x110000;</a>', 'it uses an entity beyond the five of XML'],
    ['a bare ampersand', '<a>a & b</a>', 'it is not well-formed at line 1'],
    ['an element that does not end', '<a><b></a>', 'it is not well-formed at line 1'],
    ['a text that is none', 'hello', 'it is not well-formed at line 1'],
    ['a comment that does not end', '<a/><!-- x', 'it ends too early'],
    ['1 000 elements inside each other', '<a>'.repeat(1000) + '</a>'.repeat(1000), 'it is nested deeper than 200'],
    ['a million elements', `<a>${'<b/>'.repeat(1_000_000)}</a>`, 'it has more than 200000 tags'],
    ['100 000 open declarations', '<a>' + '<!--'.repeat(100_000), 'it ends too early'],
    ['100 000 ampersands', `<a>${'&'.repeat(100_000)}</a>`, 'it is not well-formed at line 1'],
  ])('refuses %s quickly', (_name, text, message) => {
    const refuse = (): void => expect(() => decodeXml(text)).toThrow(message);
    expect(quickestMs(refuse)).toBeLessThan(50);
  });

  it('reads a declaration in a comment or in CDATA as the text it is', () => {
    expect(decodeXml('<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>')).toEqual({
      a: [{ 'content!': '<!DOCTYPE a>' }],
    });
  });
});
