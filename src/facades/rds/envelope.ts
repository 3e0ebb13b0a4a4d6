/** How RDS writes its objects: `{ type, data }` around each, nested ones too; read with or without, also as JSON in a text. */
import { isPlainObject } from '../../connector/check-keys.ts';

export interface Envelope {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface List<Item> {
  readonly length: number;
  readonly list: readonly Item[];
}

export function listOf<Item>(list: readonly Item[]): List<Item> {
  return { length: list.length, list };
}

export function userEnvelope(username: string): Envelope {
  return { type: 'User', data: { username } };
}

/** What stands in an envelope of that kind, or an object without one; `undefined` for anything else. */
export function openEnvelope(
  value: unknown,
  kind: 'Service' | 'Token' | 'User',
): { readonly data: Readonly<Record<string, unknown>>; readonly isWrapped: boolean } | undefined {
  const opened = parsed(value);
  if (!isPlainObject(opened)) return undefined;
  if (typeof opened['type'] !== 'string' || !opened['type'].endsWith(kind) || !('data' in opened)) {
    return { data: opened, isWrapped: false };
  }
  const data = parsed(opened['data']);
  return isPlainObject(data) ? { data, isWrapped: true } : undefined;
}

/** The name of a user, however it is written; `undefined` where there is none. */
export function readUser(value: unknown): string | undefined {
  const username = openEnvelope(value, 'User')?.data['username'];
  return typeof username === 'string' && username !== '' ? username : undefined;
}

/** RDS' own parsers read JSON until it is no text any more: some of its services write it twice. */
function parsed(value: unknown): unknown {
  let result = value;
  for (let depth = 0; typeof result === 'string' && depth < maxDepth; depth += 1) {
    try {
      result = JSON.parse(result);
    } catch {
      return undefined;
    }
  }
  return result;
}

const maxDepth = 4;
