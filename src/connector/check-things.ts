/** Checks what an object says of its things: paths lead to values of the object, actions exist, ids can be ids. */
import { didYouMean } from '../notation/nearest.ts';
import { thingIdPattern } from '../notation/thing.ts';
import { checkKeys, describe, isPlainObject, type KeyKinds } from './check-keys.ts';
import { findByName } from './find-by-name.ts';
import { listedFields, namesOf, type PartCheck, type Unchecked } from './part-check.ts';

const code = 'THING_INVALID';
const thingKeys: KeyKinds = {
  manufacturer: 'string!',
  displayType: 'string!',
  list: 'string!',
  name: 'string',
  available: 'string',
  measuredAt: 'string',
  intervalMs: 'count',
  mainComponent: 'string',
  components: 'object!',
};
const componentKeys: KeyKinds = {
  name: 'string',
  componentType: 'string!',
  capabilities: 'strings',
  properties: 'object',
  actions: 'object',
};
const propertyKeys: KeyKinds = { field: 'string!', name: 'string', unit: 'string', propertyType: 'string' };
const actionKeys: KeyKinds = { action: 'string!', name: 'string', input: 'object!' };

/** What the checks of one thing share. */
interface Thing {
  readonly object: Unchecked;
  readonly check: PartCheck;
}

export function checkThing(object: Unchecked, thing: Unchecked, path: string, check: PartCheck): void {
  checkKeys(thing, thingKeys, path, code, check.report, check.warn);
  const whole: Thing = { object, check };
  if (typeof object.key !== 'string')
    check.fault(code, path, 'expected a `key` beside it, which tells things apart; got none.');
  checkList(whole, thing.list, `${path}.list`);
  checkPath(whole, thing.name ?? 'name', `${path}.name`);
  checkPath(whole, thing.available, `${path}.available`, ['boolean']);
  checkPath(whole, thing.measuredAt, `${path}.measuredAt`, ['date_time', 'timestamp']);
  const { components, mainComponent } = thing;
  if (!isPlainObject(components)) return;
  const ids = checkIds(components, `${path}.components`, check);
  if (ids.length === 0) check.fault(code, `${path}.components`, 'expected one component at least; got none.');
  if (typeof mainComponent === 'string' && !ids.includes(mainComponent)) {
    const message = `expected the id of one of its components${didYouMean(mainComponent, ids)}; got ${describe(mainComponent)}.`;
    check.fault(code, `${path}.mainComponent`, message);
  }
  for (const [id, component] of Object.entries(components)) {
    if (isPlainObject(component)) checkComponent(whole, component, `${path}.components.${id}`);
  }
}

function checkComponent(thing: Thing, component: Unchecked, path: string): void {
  const { check } = thing;
  checkKeys(component, componentKeys, path, code, check.report, check.warn);
  const { properties = {}, actions = {} } = component;
  if (!isPlainObject(properties) || !isPlainObject(actions)) return;
  if (Object.keys(properties).length + Object.keys(actions).length === 0) {
    check.fault(code, path, 'expected one property or action at least; got none.');
  }
  checkIds(properties, `${path}.properties`, check);
  checkIds(actions, `${path}.actions`, check);
  for (const [id, property] of Object.entries(properties)) {
    if (!isPlainObject(property)) continue;
    const at = `${path}.properties.${id}`;
    checkKeys(property, propertyKeys, at, code, check.report, check.warn);
    checkPath(thing, property.field, `${at}.field`);
  }
  for (const [id, action] of Object.entries(actions)) {
    if (isPlainObject(action)) checkAction(thing, action, `${path}.actions.${id}`);
  }
}

function checkAction(thing: Thing, asked: Unchecked, path: string): void {
  const { check } = thing;
  checkKeys(asked, actionKeys, path, code, check.report, check.warn);
  if (typeof asked.action !== 'string') return;
  const [name, action] = findByName(check.actions, asked.action) ?? [];
  if (!isPlainObject(action)) {
    const guess = didYouMean(asked.action, Object.keys(check.actions));
    return check.fault(
      code,
      `${path}.action`,
      `expected the name of an action${guess}; got ${describe(asked.action)}.`,
    );
  }
  if (action.readOnly === true) check.fault(code, `${path}.action`, `expected an action that writes; got ${name}.`);
  const names = namesOf(listedFields(action.input) ?? []);
  for (const [field, source] of Object.entries(isPlainObject(asked.input) ? asked.input : {})) {
    if (!names.includes(field)) {
      const message = `expected the name of an input field of ${name}${didYouMean(field, names)}; got ${describe(field)}.`;
      check.fault(code, `${path}.input.${field}`, message);
    }
    checkPath(thing, source, `${path}.input.${field}`);
  }
}

function checkList({ object, check }: Thing, name: unknown, path: string): void {
  if (typeof name !== 'string') return;
  const [found, action] = findByName(check.actions, name) ?? [];
  if (!isPlainObject(action)) {
    const guess = didYouMean(name, Object.keys(check.actions));
    return check.fault(code, path, `expected the name of an action${guess}; got ${describe(name)}.`);
  }
  const isList = action.readOnly === true && (action.list === true || action.paginate !== undefined);
  if (!isList) check.fault(code, path, `expected an action that reads a list; got ${found}.`);
  const isOfObject = action.output === object || listedFields(action.output) === object.fields;
  if (!isOfObject) check.fault(code, path, `expected an action whose output is this object; got ${found}.`);
  const needed = (listedFields(action.input) ?? []).filter(({ optional }) => optional === false);
  if (needed.length === 0) return;
  check.fault(
    code,
    path,
    `expected an action without required input; ${found} requires ${namesOf(needed).join(', ')}.`,
  );
}

/** A path from field to field to one value. @param types - of the value; default any. */
function checkPath({ object, check }: Thing, path: unknown, at: string, types?: readonly string[]): void {
  if (typeof path !== 'string') return;
  let fields = listedFields(object.fields) ?? [];
  for (const [index, name] of path.split('.').entries()) {
    const field = fields.find((each) => each.name === name);
    if (!field) {
      const message = `expected the name of a field, with dots into nested ones${didYouMean(name, namesOf(fields))}; got ${describe(path)}.`;
      return check.fault(code, at, message);
    }
    const { type = 'string' } = field;
    const isLast = index === path.split('.').length - 1;
    if (!isLast && type === 'object') {
      fields = listedFields(field.properties) ?? [];
    } else if (!isLast || type === 'object' || type === 'array' || (types && !types.includes(String(type)))) {
      const message = `expected the path of ${types ? `a ${types.join(' or ')}` : 'one value'}; ${name} is of type ${describe(type)}.`;
      return check.fault(code, at, message);
    }
  }
}

/** @returns the ids. */
function checkIds(parts: Unchecked, path: string, check: PartCheck): string[] {
  const ids = Object.keys(parts);
  for (const [index, id] of ids.entries()) {
    if (!thingIdPattern.test(id)) {
      check.fault(code, `${path}.${id}`, 'expected 1 to 200 letters, digits, "_" and "-" as an id.');
    }
    if (ids.findIndex((other) => other.toLowerCase() === id.toLowerCase()) < index) {
      check.fault(code, `${path}.${id}`, 'expected ids that differ in more than small and capital letters.');
    }
    if (!isPlainObject(parts[id]))
      check.fault(code, `${path}.${id}`, `expected an object; got ${describe(parts[id])}.`);
  }
  return ids;
}
