/** Judges whether an action fits the capability that it implements: what it takes, what it gives, and whether it pages. */
import type { Action, CapabilityMapping, CapabilityOutput, NotationSource } from '../connector/definition.ts';
import {
  choicesOf,
  elementTypeOf,
  resolveProperties,
  streamFieldOf,
  type Field,
  type Notation,
} from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';
import { didYouMean } from '../notation/nearest.ts';
import type { Capability, CapabilityField, CapabilityNotation } from '../connector/capability.ts';

/** Told of each fault, with its place below the action. */
type Report = (at: string, message: string) => void;

export function checkFit(capability: Capability, action: Action, mapping: CapabilityMapping, report: Report): void {
  const { name, readOnly, shape } = capability;
  if ((action.readOnly === true) !== readOnly) {
    report('readOnly', `expected ${readOnly} for "${name}", which ${readOnly ? 'only reads' : 'writes'}.`);
  }
  checkInput(capability, knownFields(action.input, []), mapping, report);
  if (shape === 'transfer') return checkContent(name, readOnly, action, report);
  const isList = action.list === true || action.paginate !== undefined || action.batch === true;
  if (isList !== (shape === 'connection')) {
    const expected = isList ? 'one answer, without `list`, `paginate` and `batch`' : '`list` or `paginate`';
    report('output', `expected ${expected}, as "${name}" has it.`);
  }
  checkOutput(capability.output, mapping.output, knownFields(action.output, undefined), 'output', report, name);
}

/** A content is given by what reads, and taken by what writes. */
function checkContent(name: string, readOnly: boolean, action: Action, report: Report): void {
  const at = readOnly ? 'output' : 'input';
  const own = knownFields(action[at], []);
  if (own && !streamFieldOf(own)) report(at, `expected a field of type stream, which is the content of "${name}".`);
}

/** The fields that are known at start; what a function gives is judged when it is asked for. */
function knownFields<Absent>(source: NotationSource | undefined, absent: Absent): Notation | Absent | undefined {
  if (source === undefined) return absent;
  if (typeof source === 'function') return undefined;
  return 'fields' in source ? source.fields : source;
}

/** Every field that the action needs is given by the capability, and all that each request of it has is used. */
function checkInput(
  { name, input }: Capability,
  own: Notation | undefined,
  { input: sources = {} }: CapabilityMapping,
  report: Report,
): void {
  if (!own) return;
  const used = new Set<string>();
  for (const [index, field] of own.entries()) {
    const source = Object.hasOwn(sources, field.name) ? sources[field.name] : undefined;
    if (typeof source === 'function' || field.type === 'stream') continue;
    const place = source === undefined ? `input[${index}]` : `capability.input.${field.name}`;
    const given = source === undefined ? find(input, fieldName(field)) : findBelow(input, source);
    if (!given) {
      if (source !== undefined) report(place, unknownName(source, input, `an argument of "${name}"`));
      else if (field.optional === false && field.default === undefined) {
        report(
          place,
          `expected an optional field, or one that \`capability.input\` maps: "${name}" has no "${fieldName(field)}".`,
        );
      }
      continue;
    }
    used.add(source?.split('.')[0] ?? given.name);
    if (
      field.optional === false &&
      given.optional !== false &&
      given.default === undefined &&
      field.default === undefined
    ) {
      report(place, `expected an optional field, as "${given.name}" of "${name}" is; got a required one.`);
    }
    checkType(given, field, place, report);
  }
  checkNames(
    sources,
    own.map((field) => field.name),
    'capability.input',
    'an own input field',
    report,
  );
  if (Object.values(sources).some((source) => typeof source === 'function')) return;
  for (const { name: argument, optional } of input) {
    if (optional !== false || used.has(argument)) continue;
    report('input', `expected a field for "${argument}", which each request of "${name}" has.`);
  }
}

/** All that each answer has is given, and of the right type. */
function checkOutput(
  fields: CapabilityNotation,
  sources: CapabilityOutput = {},
  own: Notation | undefined,
  path: string,
  report: Report,
  name: string,
): void {
  for (const field of fields) {
    const source = Object.hasOwn(sources, field.name) ? sources[field.name] : undefined;
    if (typeof source === 'function') continue;
    const place = source === undefined ? path : `capability.${path}.${field.name}`;
    if (typeof source === 'object') {
      if (field.properties && field.type === 'object') {
        checkOutput(field.properties, source, own, `${path}.${field.name}`, report, name);
      } else report(place, `expected the name of a field or a function, since "${field.name}" has no fields.`);
      continue;
    }
    if (!own) continue;
    const given = source === undefined ? findByGraphName(own, field.name) : findBelow(own, source);
    if (given) checkType(field, given, place, report);
    else if (source !== undefined) report(place, unknownName(source, own, 'an own output field'));
    else if (field.optional === false) {
      report(
        place,
        `expected a field for "${field.name}", which each answer of "${name}" has; map it by \`capability.output\`.`,
      );
    }
  }
  checkNames(
    sources,
    fields.map((field) => field.name),
    `capability.${path}`,
    `a field of the answer of "${name}"`,
    report,
  );
}

function checkNames(sources: object, known: readonly string[], path: string, expected: string, report: Report): void {
  for (const name of Object.keys(sources)) {
    if (known.includes(name)) continue;
    report(`${path}.${name}`, `expected ${expected}${didYouMean(name, known)}; got ${JSON.stringify(name)}.`);
  }
}

function unknownName(given: string, fields: Notation, expected: string): string {
  return `expected ${expected}${didYouMean(
    given,
    fields.map((field) => field.name),
  )}; got ${JSON.stringify(given)}.`;
}

/** One type for both, whichever way the value goes. */
function checkType(said: CapabilityField, own: Field, place: string, report: Report): void {
  const [expected, got] = [typeText(said), typeText(own)];
  const isFit =
    said.type === 'array'
      ? own.type === 'array' && isFitting(said, elementOf(said), elementOf(own))
      : isFitting(said, expected, got);
  if (!isFit) {
    report(place, `expected ${accepted(said)}, as "${said.name}" is in schema/capabilities.graphql; got ${got}.`);
    return;
  }
  checkChoices(said, own, place, report);
  const properties = resolveProperties(own);
  if (!said.properties || !properties) return;
  for (const part of said.properties) {
    const given = findByGraphName(properties, part.name);
    if (given) checkType(part, given, `${place}.${part.name}`, report);
  }
}

function isFitting(said: CapabilityField, expected: string, got: string): boolean {
  if (expected === got) return true;
  if (said.identifier) return got === 'integer';
  // Any JSON: a list is JSON too.
  if (expected === 'object') return said.properties === undefined && got === 'array';
  if (expected === 'number') return got === 'integer';
  return expected === 'date_time' && got === 'timestamp';
}

function typeText({ type = 'string' }: Field): string {
  return type;
}

function elementOf(field: Field): string {
  return elementTypeOf(field);
}

function accepted(said: CapabilityField): string {
  const one = said.type === 'array' ? `array of ${elementOf(said)}` : typeText(said);
  return said.identifier ? `${one} or integer` : one;
}

/** Where both have choices, each own choice is one that the capability knows. */
function checkChoices(said: CapabilityField, own: Field, place: string, report: Report): void {
  const known = choicesOf(said)?.map(([, value]) => String(value));
  const strange = choicesOf(own)?.find(([, value]) => !known?.includes(String(value)));
  if (!known || !strange) return;
  report(place, `expected choices among ${known.join(', ')}; got ${JSON.stringify(strange[1])}. Map it by a function.`);
}

function find(fields: CapabilityNotation, name: string): CapabilityField | undefined {
  return fields.find((field) => field.name === name);
}

function findByGraphName(fields: Notation, name: string): Field | undefined {
  return fields.find((field) => fieldName(field) === name);
}

/** The field at a dotted path of own names. */
function findBelow<Each extends Field>(fields: readonly Each[], path: string): Each | undefined {
  const [first, ...rest] = path.split('.');
  const field = fields.find(({ name }) => name === first);
  if (!field || rest.length === 0) return field;
  const properties = resolveProperties(field) as readonly Each[] | undefined;
  return properties && findBelow(properties, rest.join('.'));
}
