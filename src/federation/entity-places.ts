/** Where entities stand in what was answered so far, what is sent of them, and how answers are put in. Pure. */
import type { PathSegment, Required, Rewrite, RewriteSegment } from './plan.ts';

export type Data = Record<string, unknown>;

/** An object in the answer, and where it stands. */
export interface Place {
  readonly object: Data;
  readonly path: readonly (string | number)[];
}

/** Everything at a path, lists opened, where it is an object of one of the types that the path names. */
export function placesAt(data: unknown, path: readonly PathSegment[], at: readonly (string | number)[] = []): Place[] {
  if (Array.isArray(data)) {
    const rest = path[0] === '@' ? path.slice(1) : path;
    return data.flatMap((each, index) => placesAt(each, rest, [...at, index]));
  }
  if (!isData(data)) return [];
  const [segment, ...rest] = path;
  if (segment === undefined) return [{ object: data, path: at }];
  if (segment === '@') return placesAt(data, rest, at);
  if ('Field' in segment) return placesAt(data[segment.Field], rest, [...at, segment.Field]);
  const type = data.__typename;
  return typeof type !== 'string' || segment.TypeCondition.includes(type) ? placesAt(data, rest, at) : [];
}

/** Whether an object type is, or implements, a type. */
export type IsOfType = (objectType: string, type: string) => boolean;

/** What is sent of an entity; `undefined` where the answer does not have all of it. */
export function representationOf(
  object: Data,
  requires: readonly Required[],
  rewrites: readonly Rewrite[] | undefined,
  isOfType: IsOfType,
): Data | undefined {
  const representation = selected(object, requires, isOfType);
  if (!representation || typeof representation.__typename !== 'string') return undefined;
  return rewritten(representation, rewrites) as Data;
}

function selected(object: Data, selections: readonly Required[], isOfType: IsOfType): Data | undefined {
  const made: Data = {};
  for (const selection of selections) {
    if (selection.kind === 'FragmentSpread') continue;
    if (selection.kind === 'InlineFragment') {
      const type = object.__typename;
      if (typeof type === 'string' && !isOfType(type, selection.typeCondition)) continue;
      const inner = selected(object, selection.selections, isOfType);
      if (!inner) return undefined;
      Object.assign(made, inner);
      continue;
    }
    const value = object[selection.alias ?? selection.name];
    if (value === undefined) return undefined;
    const { selections: below } = selection;
    made[selection.name] = below && below.length > 0 ? selectedBelow(value, below, isOfType) : value;
  }
  return made;
}

function selectedBelow(value: unknown, selections: readonly Required[], isOfType: IsOfType): unknown {
  if (Array.isArray(value)) return value.map((each) => selectedBelow(each, selections, isOfType));
  return isData(value) ? selected(value, selections, isOfType) : value;
}

/** Applies what is changed on the way to a value; gives the value. */
export function rewritten(value: unknown, rewrites: readonly Rewrite[] = []): unknown {
  for (const { ValueSetter: setter, KeyRenamer: renamer } of rewrites) {
    if (setter) rewriteAt(value, setter.path, (holder, key) => void (holder[key] = setter.setValueTo));
    if (!renamer) continue;
    rewriteAt(value, renamer.path, (holder, key) => {
      if (!Object.hasOwn(holder, key)) return;
      holder[renamer.renameKeyTo] = holder[key];
      delete holder[key];
    });
  }
  return value;
}

function rewriteAt(value: unknown, path: readonly RewriteSegment[], change: (holder: Data, key: string) => void): void {
  if (Array.isArray(value)) return value.forEach((each) => rewriteAt(each, path, change));
  const [segment, ...rest] = path;
  if (!isData(value) || !segment) return;
  if ('TypenameEquals' in segment) {
    if (segment.TypenameEquals.includes(String(value.__typename))) rewriteAt(value, rest, change);
    return;
  }
  if (rest.length === 0) return change(value, segment.Key);
  rewriteAt(value[segment.Key], rest, change);
}

/** Puts one answer into another: objects field by field, lists place by place; what is there already stays where the new one has nothing. */
export function mergeInto(target: Data, source: Data): void {
  for (const [key, value] of Object.entries(source)) {
    const known = Object.hasOwn(target, key) ? target[key] : undefined;
    define(target, key, known === undefined ? value : merged(known, value));
  }
}

function merged(known: unknown, value: unknown): unknown {
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    return known.map((each, index) => merged(each, value[index]));
  }
  if (isData(known) && isData(value)) {
    mergeInto(known, value);
    return known;
  }
  return value === null || value === undefined ? known : value;
}

/** A response name may be `__proto__`. */
function define(target: Data, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
