/** A port of a research context as Sciebo RDS writes it, and a context itself. */
import { isPlainObject } from '../../connector/check-keys.ts';
import {
  researchStates,
  type ResearchContext,
  type ResearchPort,
  type ResearchProperty,
} from '../../research/research.ts';
import type { JsonValue } from '../../storage/records.ts';
import { badRequest } from '../rds/failure.ts';

type Property =
  | { readonly portType: 'fileStorage' | 'metadata'; readonly value: true }
  | { readonly portType: 'customProperties'; readonly value: readonly ResearchProperty[] };

/** What is false or was not said is left out, as in RDS. */
export function showPort({ port, fileStorage, metadata, customProperties }: ResearchPort) {
  const properties: Property[] = [];
  if (fileStorage) properties.push({ portType: 'fileStorage', value: true });
  if (metadata) properties.push({ portType: 'metadata', value: true });
  if (customProperties) properties.push({ portType: 'customProperties', value: customProperties });
  return { port, properties };
}

/** In RDS' words; a state is the number of its place, from 1. */
export function showResearch(context: ResearchContext) {
  return {
    userId: context.subject,
    status: statusOf(context),
    portIn: context.imports.map(showPort),
    portOut: context.exports.map(showPort),
    researchname: context.name,
    researchId: context.number,
    researchIndex: context.index,
  };
}

export function statusOf({ state }: ResearchContext): number {
  return researchStates.indexOf(state) + 1;
}

/** A property of a kind that RDS does not know is dropped, as RDS does. @throws RdsRefusal 400 */
export function readPort(given: unknown, path: string): ResearchPort {
  if (!isPlainObject(given)) throw badRequest(`${path}: expected { port, properties }.`);
  const { port, properties = [] } = given;
  if (typeof port !== 'string' || port === '') throw badRequest(`${path}.port: expected the name of a port.`);
  if (!Array.isArray(properties)) throw badRequest(`${path}.properties: expected a list.`);
  const values = new Map<unknown, unknown>();
  for (const [index, property] of properties.entries()) {
    if (!isPlainObject(property)) throw badRequest(`${path}.properties[${index}]: expected { portType, value }.`);
    values.set(property['portType'], property['value']);
  }
  return {
    port,
    fileStorage: readFlag(values, 'fileStorage', path),
    metadata: readFlag(values, 'metadata', path),
    customProperties: readCustom(values.get('customProperties') ?? null, path),
  };
}

/** A list of ports, which need not be there. @throws RdsRefusal 400 */
export function readPorts(given: unknown, path: string): readonly ResearchPort[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw badRequest(`${path}: expected a list of ports.`);
  return given.map((port, index) => readPort(port, `${path}[${index}]`));
}

function readFlag(values: ReadonlyMap<unknown, unknown>, name: string, path: string): boolean {
  const value = values.get(name) ?? false;
  if (typeof value === 'boolean') return value;
  throw badRequest(`${path}.properties: expected true or false for ${name}.`);
}

function readCustom(value: unknown, path: string): readonly ResearchProperty[] | null {
  if (value === null) return null;
  const isProperty = (each: unknown) => isPlainObject(each) && typeof each['key'] === 'string';
  if (!Array.isArray(value) || !value.every(isProperty)) {
    throw badRequest(`${path}.properties: expected a list of { key, value } for customProperties.`);
  }
  return (value as { key: string; value?: JsonValue }[]).map((each) => ({ key: each.key, value: each.value ?? null }));
}
