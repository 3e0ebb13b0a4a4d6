/** Checks a connector: every fault at once, each with its path, what was expected and what came. */
import type { Fault } from '../errors.ts';
import { checkActions } from './check-actions.ts';
import { checkAuthorization } from './check-authorization.ts';
import { checkKeys, describe, isPlainObject, type KeyKinds, type Report } from './check-keys.ts';
import { checkObjects } from './check-objects.ts';
import { checkTriggers } from './check-triggers.ts';
import { createPartCheck, isConnectorName, type PartCheck } from './part-check.ts';

const connectorKeys: KeyKinds = {
  name: 'string!',
  title: 'string',
  description: 'string',
  help: 'help',
  logo: 'string',
  graphqlName: 'string',
  connection: 'object',
  registration: 'object',
  test: 'function',
  directives: 'array',
  objects: 'object',
  actions: 'object',
  triggers: 'object',
  pickLists: 'object',
  methods: 'object',
  exceptionHandlers: 'array',
  webhookKeys: 'function',
  customAction: 'boolean',
  customActionHelp: 'help',
  streams: 'object',
  // Known, so that a connector may be carried over as it is; it has no effect.
  secureTunnel: 'any',
};
const connectionKeys: KeyKinds = {
  fields: 'array',
  extendedFields: 'function',
  baseUri: 'string or function',
  origins: 'array',
  hosts: 'array',
  authorization: 'object',
};

/**
 * All faults of one connector; it never throws, whatever it is given. What concerns several connectors (references, name
 * collisions) is checked where the graph is built.
 *
 * @param warn - told of what is odd but not wrong, such as unknown keys.
 */
export function checkConnector(connector: unknown, warn: Report): Fault[] {
  const faults: Fault[] = [];
  const report: Report = (fault) => faults.push(fault);
  if (!isPlainObject(connector)) {
    const message = `expected an object made with defineConnector; got ${describe(connector)}.`;
    return [{ code: 'CONNECTOR_INVALID', path: 'connector', message }];
  }
  const check = createPartCheck(connector, report, warn);
  checkKeys(connector, connectorKeys, check.path, 'CONNECTOR_INVALID', report, warn);
  checkName(connector.name, check);
  checkConnection(connector.connection, check);
  checkRegistration(connector.registration, check);
  checkDirectives(connector.directives, check);
  checkObjects(connector.objects, check);
  checkActions(connector.actions, check);
  checkTriggers(connector.triggers, check);
  checkPickLists(connector.pickLists, check);
  checkFunctions(connector.methods, 'methods', check);
  checkFunctions(connector.streams, 'streams', check);
  checkExceptionHandlers(connector.exceptionHandlers, check);
  return faults;
}

function checkName(name: unknown, check: PartCheck): void {
  if (typeof name !== 'string' || name === '' || isConnectorName(name)) return;
  const message = `expected letters, digits and "_", first a letter, since it begins names in GraphQL; got ${describe(name)}.`;
  check.fault('CONNECTOR_NAME', `${check.path}.name`, message);
}

function checkRegistration(registration: unknown, check: PartCheck): void {
  if (!isPlainObject(registration)) return;
  const path = `${check.path}.registration`;
  checkKeys(registration, { fields: 'array!' }, path, 'CONNECTOR_INVALID', check.report, check.warn);
  if (Array.isArray(registration.fields)) check.fields(registration.fields, `${path}.fields`);
}

function checkDirectives(directives: unknown, check: PartCheck): void {
  if (!Array.isArray(directives)) return;
  for (const [index, directive] of (directives as readonly unknown[]).entries()) {
    const path = `${check.path}.directives[${index}]`;
    if (!isPlainObject(directive)) {
      const message = `expected { definition, url }; got ${describe(directive)}.`;
      check.fault('CONNECTOR_INVALID', path, message);
      continue;
    }
    const keys: KeyKinds = { definition: 'string!', url: 'string!' };
    checkKeys(directive, keys, path, 'CONNECTOR_INVALID', check.report, check.warn);
  }
}

function checkConnection(connection: unknown, check: PartCheck): void {
  if (!isPlainObject(connection)) return;
  const path = `${check.path}.connection`;
  checkKeys(connection, connectionKeys, path, 'CONNECTOR_INVALID', check.report, check.warn);
  const { fields, baseUri, origins, hosts, authorization } = connection;
  if (Array.isArray(fields)) check.fields(fields, `${path}.fields`);
  if (typeof baseUri === 'string' && baseUri !== '' && !isHttpUrl(baseUri)) {
    const message = `expected an absolute http or https URL; got ${describe(baseUri)}.`;
    check.fault('CONNECTOR_INVALID', `${path}.baseUri`, message);
  }
  if (Array.isArray(origins)) checkOrigins(origins, `${path}.origins`, check);
  if (Array.isArray(hosts)) checkHosts(hosts, `${path}.hosts`, check);
  if (isPlainObject(authorization)) {
    checkAuthorization(authorization, `${path}.authorization`, check.report, check.warn, check.fields);
  }
}

function checkOrigins(origins: readonly unknown[], path: string, check: PartCheck): void {
  for (const [index, origin] of origins.entries()) {
    if (typeof origin === 'string' && isHttpUrl(origin) && new URL(origin).href === `${new URL(origin).origin}/`)
      continue;
    const message = `expected an origin such as "https://uploads.example.com"; got ${describe(origin)}.`;
    check.fault('CONNECTOR_INVALID', `${path}[${index}]`, message);
  }
}

function checkHosts(hosts: readonly unknown[], path: string, check: PartCheck): void {
  for (const [index, host] of hosts.entries()) {
    const name = typeof host === 'string' ? host.replace(/^\*\./, '') : '';
    // Written as URLs have it: what is compared with it is, too.
    if (/^[^/@:?#*\s]+$/.test(name) && URL.canParse(`https://${name}`) && new URL(`https://${name}`).hostname === name)
      continue;
    const message = `expected a host in small letters such as "api.example.com" or "*.example.com"; got ${describe(host)}.`;
    check.fault('CONNECTOR_INVALID', `${path}[${index}]`, message);
  }
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

function checkPickLists(pickLists: unknown, check: PartCheck): void {
  if (!isPlainObject(pickLists)) return;
  for (const [name, pickList] of Object.entries(pickLists)) {
    const path = `${check.path}.pickLists.${name}`;
    if (typeof pickList === 'function') continue;
    if (!Array.isArray(pickList)) {
      const message = `expected a list of [label, value], or a function that gives one; got ${describe(pickList)}.`;
      check.fault('CONNECTOR_INVALID', path, message);
      continue;
    }
    for (const [index, choice] of (pickList as readonly unknown[]).entries()) {
      if (isChoice(choice)) continue;
      const message = `expected [label, value], the value a string, a number or a boolean; got ${describe(choice)}.`;
      check.fault('CONNECTOR_INVALID', `${path}[${index}]`, message);
    }
  }
}

function isChoice(choice: unknown): boolean {
  if (!Array.isArray(choice) || typeof choice[0] !== 'string') return false;
  return ['string', 'number', 'boolean'].includes(typeof choice[1]);
}

function checkFunctions(functions: unknown, key: 'methods' | 'streams', check: PartCheck): void {
  if (!isPlainObject(functions)) return;
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value === 'function') continue;
    check.fault('CONNECTOR_INVALID', `${check.path}.${key}.${name}`, `expected a function; got ${describe(value)}.`);
  }
}

function checkExceptionHandlers(handlers: unknown, check: PartCheck): void {
  if (!Array.isArray(handlers)) return;
  for (const [index, entry] of (handlers as readonly unknown[]).entries()) {
    const [errorClass, handler, code] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    const isEntry =
      isClass(errorClass) &&
      (handler === null || typeof handler === 'function') &&
      (code === null || typeof code === 'string');
    if (isEntry) continue;
    const message = `expected [error class, handler or null, code or null]; got ${describe(entry)}.`;
    check.fault('CONNECTOR_INVALID', `${check.path}.exceptionHandlers[${index}]`, message);
  }
}

/** What `instanceof` takes: an arrow function is none. */
function isClass(value: unknown): boolean {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}
