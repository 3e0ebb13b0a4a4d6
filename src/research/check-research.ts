/** What a research context may hold: a name, and ports with what applications keep of them. */
import { InputError } from '../errors.ts';
import type { JsonValue } from '../storage/records.ts';
import type { ResearchPort, ResearchProperty } from './research.ts';

const maxNameLength = 200;
/** Characters of JSON. */
const maxValueLength = 4_000;
const maxDepth = 20;
const maxPorts = 100;
const maxProperties = 100;

/** Without a name it is `null`, as it is with an empty one. @throws InputError INPUT_INVALID */
export function checkName(name: string | null): string | null {
  return name === null || name === '' ? null : checkText(name, 'name', maxNameLength);
}

/** No two of one name: the later one counts. @throws InputError INPUT_INVALID */
export function checkPorts(ports: readonly ResearchPort[], path: string): readonly ResearchPort[] {
  if (ports.length > maxPorts) throw invalid(path, `expected at most ${maxPorts} ports; got ${ports.length}.`);
  const byName = new Map(ports.map((port, index) => [port.port, checkPort(port, `${path}[${index}]`)]));
  return [...byName.values()];
}

/** @throws InputError INPUT_INVALID */
export function checkPort(given: ResearchPort, path: string): ResearchPort {
  const { port, fileStorage, metadata, customProperties } = given;
  if (port === '') throw invalid(`${path}.port`, 'expected the name of a port; got an empty text.');
  return {
    port: checkText(port, `${path}.port`, maxNameLength),
    fileStorage,
    metadata,
    customProperties: customProperties && checkProperties(customProperties, `${path}.customProperties`),
  };
}

function checkProperties(properties: readonly ResearchProperty[], path: string): readonly ResearchProperty[] {
  if (properties.length > maxProperties) {
    throw invalid(path, `expected at most ${maxProperties} properties; got ${properties.length}.`);
  }
  return properties.map(({ key, value }, index) => ({
    key: checkText(key, `${path}[${index}].key`, maxNameLength),
    value: checkValue(value, `${path}[${index}].value`),
  }));
}

function checkValue(value: JsonValue, path: string): JsonValue {
  if (depthOf(value) > maxDepth) throw invalid(path, `expected at most ${maxDepth} levels of lists and objects.`);
  const { length } = JSON.stringify(value);
  if (length <= maxValueLength) return value;
  throw invalid(path, `expected at most ${maxValueLength} characters of JSON; got ${length}.`);
}

function depthOf(value: JsonValue | undefined, known = 0): number {
  if (typeof value !== 'object' || value === null || known > maxDepth) return known;
  return Math.max(known, ...Object.values(value).map((each) => depthOf(each as JsonValue, known + 1)));
}

function checkText(text: string, path: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  throw invalid(path, `expected a text of at most ${maxLength} characters; got ${text.length}.`);
}

function invalid(path: string, message: string): InputError {
  return new InputError('INPUT_INVALID', `${path}: ${message}`);
}
