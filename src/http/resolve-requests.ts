/** Sends the requests that the code of a connector returned un-awaited, wherever they stand in its result. */

/**
 * Replaces every request (and every other promise) in arrays and plain objects by its answer; all are sent together.
 * A value without any is given back as it is, without a copy.
 *
 * @throws whatever the first failing request throws.
 */
export async function resolveRequests(value: unknown): Promise<unknown> {
  if (isThenable(value)) return value;
  return holdsThenable(value, 0) ? resolveDeep(value) : value;
}

/** Provider answers are at most 200 deep (safety X5); what is deeper was not built by a connector. */
const maxDepth = 200;

function holdsThenable(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (isThenable(item) || holdsThenable(item, depth + 1)) return true;
    return false;
  }
  if (!isPlain(value)) return false;
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && item !== null && (isThenable(item) || holdsThenable(item, depth + 1))) return true;
  }
  return false;
}

async function resolveDeep(value: unknown): Promise<unknown> {
  // What a request answered is data: nothing in it is looked at again.
  if (isThenable(value)) return value;
  if (!holdsThenable(value, 0)) return value;
  if (Array.isArray(value)) return Promise.all(value.map(resolveDeep));
  const entries = Object.entries(value as Record<string, unknown>);
  const answers = await Promise.all(entries.map(([, item]) => resolveDeep(item)));
  return Object.fromEntries(entries.map(([key], index) => [key, answers[index]]));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
