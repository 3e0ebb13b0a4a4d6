/** XML, both ways: attributes are `@name`, text is `content!`, every element is an array. */
import { createRequire } from 'node:module';
import type * as FastXmlParser from 'fast-xml-parser';
import { GatewayError } from '../../errors.ts';
import type { XmlRequestOptions, XmlResponseOptions } from '../request.ts';

/** Deeper XML is refused, both ways. */
const maxDepth = 200;
/** Opening and closing ones: at some 5 µs each, what one answer may hold up the process. */
const maxTags = 200_000;

/** Why a text is no XML that we read; never holds a piece of the text. */
export class XmlRefused extends Error {}

/**
 * Writes `{ root: [{ '@id': '1', name: [{ 'content!': 'Ann' }] }] }`; a single value may stand for its array, and a
 * scalar for `{ 'content!': … }`.
 *
 * @throws GatewayError `REQUEST_INVALID` for a name or a text that XML cannot say, and without exactly one root.
 */
export function encodeXml(payload: unknown, options: XmlRequestOptions = {}): string {
  const { root, namespaces } = options;
  const [name, value] = root === undefined ? onlyRoot(payload) : [root, payload];
  const content = isRecord(value) ? { ...namespaceAttributes(namespaces), ...value } : value;
  const element = namespaces && !isRecord(value) ? { ...namespaceAttributes(namespaces), 'content!': value } : content;
  return `<?xml version="1.0" encoding="UTF-8"?>${encodeElement(name, element, 0)}`;
}

/**
 * Reads XML without DTD and without entities beyond the five; an empty text is `{}`.
 *
 * @throws XmlRefused saying what was wrong, without the text.
 */
export function decodeXml(text: string, options: XmlResponseOptions = {}): Record<string, unknown> {
  if (text.trim() === '') return {};
  refuseManyTags(text);
  refuseDeclarations(text);
  const validity = reader().validate(text);
  if (validity !== true) throw new XmlRefused(`it is not well-formed at line ${validity.err.line}`);
  return decodeChildren(parseNodes(text), options.stripResponseNamespaces === true, 0);
}

function parseNodes(text: string): OrderedNode[] {
  try {
    return reader().parse(text) as OrderedNode[];
  } catch (error) {
    // Its other messages may quote a name.
    const isTooDeep = error instanceof Error && error.message === 'Maximum nested tags exceeded';
    throw new XmlRefused(isTooDeep ? `it is nested deeper than ${maxDepth}` : 'it is not well-formed');
  }
}

type OrderedNode = { readonly ':@'?: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>;

const reservedNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const parserOptions: FastXmlParser.X2jOptions = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  cdataPropName: '#cdata',
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  // References are resolved below: only the five and numbers, whatever a declaration may say.
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: maxDepth,
  // The parser refuses these names for the sake of its own objects; in ours they are names like others.
  transformTagName: (name) => (reservedNames.has(name) ? `\0${name}` : name),
  onDangerousProperty: (name) => name,
};

interface XmlReader {
  readonly parse: (text: string) => unknown;
  readonly validate: (text: string) => true | { readonly err: { readonly line: number } };
}

let loaded: XmlReader | undefined;

/** Loaded with the first XML that comes: most gateways never see any, and it takes a twentieth of the start. */
function reader(): XmlReader {
  if (!loaded) {
    const { XMLParser, XMLValidator } = createRequire(import.meta.url)('fast-xml-parser') as typeof FastXmlParser;
    const parser = new XMLParser(parserOptions);
    loaded = { parse: (text) => parser.parse(text), validate: (text) => XMLValidator.validate(text) };
  }
  return loaded;
}

function refuseManyTags(text: string): void {
  let tags = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
    if (++tags > maxTags) throw new XmlRefused(`it has more than ${maxTags} tags`);
  }
}

/** The only declarations (`<!…`) that are not refused are comments and CDATA: one pass, before any parser sees the text. */
function refuseDeclarations(text: string): void {
  for (let at = text.indexOf('<!'); at >= 0; at = text.indexOf('<!', at)) {
    const end = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : undefined;
    if (end === undefined) throw new XmlRefused('it has a document type declaration, which is never read');
    const close = text.indexOf(end, at + 4);
    if (close < 0) throw new XmlRefused('it ends too early');
    at = close + end.length;
  }
}

function decodeChildren(nodes: readonly OrderedNode[], strip: boolean, depth: number): Record<string, unknown> {
  if (depth > maxDepth) throw new XmlRefused(`it is nested deeper than ${maxDepth}`);
  const element: Record<string, unknown> = {};
  let content = '';
  let hasChildren = false;
  for (const node of nodes) {
    for (const key of Object.keys(node)) {
      if (key === ':@') continue;
      if (key === '#text') content += decodeReferences(String(node[key]));
      else if (key === '#cdata') content += cdataText(node[key]);
      else {
        hasChildren = true;
        const written = key.startsWith('\0') ? key.slice(1) : key;
        const name = strip ? withoutPrefix(written) : written;
        // Not a name that any API uses; as a key it would change the prototype (safety X5).
        if (name === '__proto__') continue;
        const child = decodeChildren(node[key] as OrderedNode[], strip, depth + 1);
        const withAttributes = node[':@'] ? { ...decodeAttributes(node[':@'], strip), ...child } : child;
        if (Object.hasOwn(element, name)) (element[name] as unknown[]).push(withAttributes);
        else element[name] = [withAttributes];
      }
    }
  }
  // White space between elements is layout; alone in an element it is its text.
  if (content !== '' && !(hasChildren && content.trim() === '') && depth > 0) element['content!'] = content;
  return element;
}

function cdataText(node: unknown): string {
  const [first] = node as readonly { readonly '#text'?: string }[];
  return first?.['#text'] ?? '';
}

function decodeAttributes(attributes: Readonly<Record<string, string>>, strip: boolean): Record<string, string> {
  const decoded: Record<string, string> = {};
  for (const key of Object.keys(attributes)) {
    const name = key.slice(1);
    if (strip && (name === 'xmlns' || name.startsWith('xmlns:'))) continue;
    decoded[`@${strip ? withoutPrefix(name) : name}`] = decodeReferences(String(attributes[key]));
  }
  return decoded;
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const five: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#x[\da-f]{1,6}|#\d{1,7}|\w{1,32})?;?/gi, (reference, name: string | undefined) => {
    const value = name === undefined || !reference.endsWith(';') ? undefined : referenceValue(name);
    if (value === undefined) throw new XmlRefused('it uses an entity beyond the five of XML');
    return value;
  });
}

function referenceValue(name: string): string | undefined {
  if (!name.startsWith('#')) return Object.hasOwn(five, name) ? five[name] : undefined;
  const code = name[1] === 'x' || name[1] === 'X' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function onlyRoot(payload: unknown): [string, unknown] {
  const names = isRecord(payload) ? Object.keys(payload) : [];
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw invalid(
      `A payload of the format xml needs exactly one root element; got ${names.length}. Name it: formatXml(root).`,
    );
  }
  const value = (payload as Record<string, unknown>)[name];
  if (Array.isArray(value) && value.length !== 1) {
    throw invalid(`The root element ${JSON.stringify(name)} must stand once; got ${value.length}.`);
  }
  return [name, Array.isArray(value) ? value[0] : value];
}

function namespaceAttributes(namespaces: Readonly<Record<string, string>> = {}): Record<string, string> {
  const entries = Object.entries(namespaces);
  return Object.fromEntries(entries.map(([name, uri]) => [name.startsWith('@') ? name : `@${name}`, uri]));
}

/** XML 1.0 §2.3, the names in ASCII and Latin letters beyond. */
const validName = /^[A-Za-z_\u00c0-\u02ff\u0370-\u1fff][\w.\-:\u00b7\u00c0-\u02ff\u0370-\u1fff]*$/;

function encodeElement(name: string, value: unknown, depth: number): string {
  if (depth > maxDepth)
    throw invalid(`A payload of the format xml is nested deeper than ${maxDepth}, or contains itself.`);
  if (!validName.test(name)) throw invalid(`${JSON.stringify(name)} is no name of an XML element.`);
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => encodeElement(name, item, depth)).join('');
  if (!isRecord(value)) return wrap(name, '', value === null ? '' : escapeText(scalarText(name, value)));
  let attributes = '';
  let content = '';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (key === 'content!') content += item === null ? '' : escapeText(scalarText(name, item));
    else if (!key.startsWith('@')) content += encodeElement(key, item, depth + 1);
    else {
      if (!validName.test(key.slice(1)))
        throw invalid(`${JSON.stringify(key.slice(1))} is no name of an XML attribute.`);
      attributes += ` ${key.slice(1)}="${escapeAttribute(item === null ? '' : scalarText(key, item))}"`;
    }
  }
  return wrap(name, attributes, content);
}

function wrap(name: string, attributes: string, content: string): string {
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

function scalarText(name: string, value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  const isScalar = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
  if (typeof value !== 'string' && !isScalar) {
    throw invalid(`${JSON.stringify(name)} must hold text, a number or a boolean in XML; got ${typeof value}.`);
  }
  const text = String(value);
  // XML 1.0 §2.2 has no way to write these signs, not even as a reference.
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u.test(text)) {
    throw invalid(`The text of ${JSON.stringify(name)} holds a sign that XML cannot carry.`);
  }
  return text;
}

function escapeText(text: string): string {
  // A bare carriage return would be read as a line feed (XML 1.0 §2.11).
  return text.replace(/[&<>\r]/g, (sign) => escapes[sign]!);
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"\t\n\r]/g, (sign) => escapes[sign]!);
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function invalid(message: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', message);
}
