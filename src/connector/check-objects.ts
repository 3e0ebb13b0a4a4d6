/** Checks the objects of a connector: their fields, and how entities are found by their key. */
import { didYouMean } from '../notation/nearest.ts';
import { checkKeys, describe, isPlainObject, type KeyKinds } from './check-keys.ts';
import { checkThing } from './check-things.ts';
import { findByName } from './find-by-name.ts';
import { listedFields, namesOf, type PartCheck, type Unchecked } from './part-check.ts';

const objectKeys: KeyKinds = {
  fields: 'array!',
  title: 'string',
  description: 'string',
  key: 'string',
  lookup: 'string',
  batch: 'string',
  keys: 'array',
  graphqlName: 'string',
  directives: 'strings',
  thing: 'object',
};

export function checkObjects(objects: unknown, check: PartCheck): void {
  check.each(objects, 'objects', 'OBJECT_INVALID', (object, path) => checkObject(object, path, check));
}

function checkObject(object: Unchecked, path: string, check: PartCheck): void {
  checkKeys(object, objectKeys, path, 'OBJECT_INVALID', check.report, check.warn);
  const { key, fields } = object;
  if (isPlainObject(object.thing)) checkThing(object, object.thing, `${path}.thing`, check);
  if (!Array.isArray(fields)) return;
  check.fields(fields, `${path}.fields`);
  checkFurtherKeys(object.keys, `${path}.keys`, check);
  if (key === undefined) return checkWithoutKey(object, path, check);
  if (typeof key !== 'string') return;
  const names = namesOf(listedFields(fields) ?? []);
  if (!names.includes(key)) {
    const message = `expected the name of one of its fields${didYouMean(key, names)}; got ${describe(key)}.`;
    check.fault('KEY_UNKNOWN', `${path}.key`, message);
  }
  checkLookup(object, 'lookup', path, check);
  checkLookup(object, 'batch', path, check);
}

const furtherKeyKeys: KeyKinds = { fields: 'string!', lookup: 'string', batch: 'string', arguments: 'object' };

/** What their fields are is checked where the graph knows their names. */
function checkFurtherKeys(keys: unknown, path: string, check: PartCheck): void {
  if (!Array.isArray(keys)) return;
  for (const [index, key] of (keys as readonly unknown[]).entries()) {
    const at = `${path}[${index}]`;
    if (!isPlainObject(key)) {
      check.fault('OBJECT_INVALID', at, `expected { fields, lookup, batch, arguments }; got ${describe(key)}.`);
      continue;
    }
    checkKeys(key, furtherKeyKeys, at, 'OBJECT_INVALID', check.report, check.warn);
    checkReadingAction(key, 'lookup', at, check);
    checkReadingAction(key, 'batch', at, check);
  }
}

function checkWithoutKey(object: Unchecked, path: string, check: PartCheck): void {
  for (const kind of ['lookup', 'batch'] as const) {
    if (object[kind] === undefined) continue;
    const message = 'expected a `key` beside it, which says what is looked up; got none.';
    check.fault('OBJECT_INVALID', `${path}.${kind}`, message);
  }
}

/** A lookup takes the key, a batch takes a list of keys; both only read. */
function checkLookup(object: Unchecked, kind: 'lookup' | 'batch', path: string, check: PartCheck): void {
  const found = checkReadingAction(object, kind, path, check);
  if (!found) return;
  const [actionName, action] = found;
  // How many lists a batch action takes is the action's own fault, and told there.
  const fields = action.input === undefined ? [] : listedFields(action.input);
  const isKeyField = namesOf(listedFields(object.fields) ?? []).includes(object.key as string);
  if (kind === 'batch' || !fields || !isKeyField || namesOf(fields).includes(object.key as string)) return;
  const message = `expected ${actionName} to have an input field "${object.key as string}", which takes the key; got ${describe(namesOf(fields))}.`;
  check.fault('LOOKUP_UNKNOWN', `${path}.${kind}`, message);
}

function checkReadingAction(
  object: Unchecked,
  kind: 'lookup' | 'batch',
  path: string,
  check: PartCheck,
): readonly [name: string, action: Unchecked] | undefined {
  const name = object[kind];
  if (typeof name !== 'string') return undefined;
  const fault = (message: string) => check.fault('LOOKUP_UNKNOWN', `${path}.${kind}`, message);
  const found = findByName(check.actions, name);
  if (!found) {
    fault(`expected the name of an action${didYouMean(name, Object.keys(check.actions))}; got ${describe(name)}.`);
    return undefined;
  }
  const [actionName, action] = found;
  if (!isPlainObject(action)) return undefined;
  if (action.readOnly !== true) {
    fault(`expected an action with readOnly: true, since joins only read; got ${actionName}.`);
  }
  if (kind === 'batch' && action.batch !== true) fault(`expected an action with batch: true; got ${actionName}.`);
  return [actionName, action];
}
