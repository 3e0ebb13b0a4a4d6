/** What the check of each part of a connector is given: where faults go, and how the notations of the part are checked. */
import type { ErrorCode } from '../errors.ts';
import { checkFields } from '../notation/check-fields.ts';
import type { ObjectDefinition } from '../notation/field.ts';
import { isPlainObject, describe, type Report } from './check-keys.ts';

/** A part of a definition that may have any shape yet. */
export type Unchecked = Readonly<Record<string, unknown>>;

export interface PartCheck {
  /** Name of the connector, with which every path begins; `connector` where it has no proper name. */
  readonly path: string;
  readonly report: Report;
  readonly warn: Report;
  readonly fault: (code: ErrorCode, path: string, message: string) => void;
  /** The actions of the connector by name, whatever they are. */
  readonly actions: Unchecked;
  /** Whether the connector finds the keys of static webhooks. */
  readonly hasWebhookKeys: boolean;
  /** Checks a list of fields. */
  readonly fields: (fields: unknown, path: string) => void;
  /** Checks what `input` and `output` take: a list of fields, or one of the connector's objects; functions are left alone. */
  readonly notation: (source: unknown, path: string) => void;
  /** Calls `visit` for every entry that is an object; any other is a fault. */
  readonly each: (parts: unknown, key: string, code: ErrorCode, visit: (part: Unchecked, path: string) => void) => void;
}

export function createPartCheck(connector: Unchecked, report: Report, warn: Report): PartCheck {
  // One whose name is none is called by its file, by those who know it.
  const path = isConnectorName(connector.name) ? connector.name : 'connector';
  const objects = entriesOf(connector.objects);
  const context = {
    convertors: new Set(entriesOf(connector.methods).keys()),
    objects: objects as ReadonlyMap<string, ObjectDefinition>,
    pickLists: new Set(entriesOf(connector.pickLists).keys()),
    warn,
  };
  const check: PartCheck = {
    path,
    report,
    warn,
    fault: (code, at, message) => report({ code, path: at, message }),
    actions: isPlainObject(connector.actions) ? connector.actions : {},
    hasWebhookKeys: connector.webhookKeys !== undefined,
    fields: (fields, at) => checkFields(fields, at, { ...context, streams: ofAction.test(at) }).forEach(report),
    notation(source, at) {
      if (Array.isArray(source)) return check.fields(source, at);
      if (!isPlainObject(source) || [...objects.values()].includes(source)) return;
      const message =
        "expected a list of fields, or one of the connector's `objects`; got an object that is none of them.";
      check.fault('NOTATION_INVALID', at, message);
    },
    each(parts, key, code, visit) {
      for (const [name, part] of entriesOf(parts)) {
        const at = `${path}.${key}.${name}`;
        if (isPlainObject(part)) visit(part, at);
        else check.fault(code, at, `expected an object; got ${describe(part)}.`);
      }
    },
  };
  return check;
}

/** Where a field may be a content. */
const ofAction = /\.actions\.[^.]+\.(?:input|output)$/;

/** The fields of `input` or `output` that are objects; `undefined` where they are not known, or not listed rightly. */
export function listedFields(source: unknown): readonly Unchecked[] | undefined {
  const fields = isPlainObject(source) ? source.fields : source;
  return Array.isArray(fields) ? (fields as readonly unknown[]).filter(isPlainObject) : undefined;
}

/** The names of fields, as far as they have any. */
export function namesOf(fields: readonly Unchecked[]): string[] {
  return fields.map((field) => field.name).filter((name) => typeof name === 'string');
}

/** A name that can be the prefix of GraphQL names: starts with a letter, then letters, digits, `_`. */
export function isConnectorName(name: unknown): name is string {
  return typeof name === 'string' && /^[a-z][a-z0-9_]*$/i.test(name);
}

function entriesOf(parts: unknown): ReadonlyMap<string, unknown> {
  return new Map(isPlainObject(parts) ? Object.entries(parts) : []);
}
