/** A row of a connector as a capability shows it: each field is found and coerced when it is asked for, so that a bad one fails alone. */
import { describeKind, isPlainObject } from '../connector/check-keys.ts';
import type { CapabilityOutput, Connector } from '../connector/definition.ts';
import { addPlace } from '../connector/name-error.ts';
import { readPath } from '../connector/read-page.ts';
import { coerceOptions } from '../connector/run-action.ts';
import { ProviderError } from '../errors.ts';
import type { CapabilityField, CapabilityNotation } from '../connector/capability.ts';
import { compileOutputField, type CoerceOptions } from '../notation/coerce.ts';
import { resolveProperties, type Field, type Notation } from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';

/** Where a row came from. */
export interface RowOrigin {
  readonly connector: Connector;
  /** Id of the connection that was used. */
  readonly connection: string | undefined;
  /** e.g. `actions.list_members` */
  readonly raisedIn: string;
  /** The input of the capability, for the functions of its mapping. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** A row with the fields of a capability: properties that are read when they are asked for. */
export class CapabilityRow {
  readonly #raw: unknown;
  readonly #origin: RowOrigin;

  constructor(raw: unknown, origin: RowOrigin) {
    this.#raw = raw;
    this.#origin = origin;
  }

  /** What the provider gave. */
  static rawOf(row: CapabilityRow): unknown {
    return row.#raw;
  }

  static originOf(row: CapabilityRow): RowOrigin {
    return row.#origin;
  }
}

/** Makes a row of what the provider gave. @throws ProviderError PROVIDER_ANSWER_INVALID for what is no object. */
export type ToRow = (raw: unknown, origin: RowOrigin) => CapabilityRow;

/**
 * Prepares the rows of one implementation.
 *
 * @param fields - what the capability gives.
 * @param sources - where each comes from; absent: the own field of the same name in the graph.
 * @param own - the fields of the action's output; `undefined` where they are not known at start.
 */
export function compileRow(
  connector: Connector,
  fields: CapabilityNotation,
  sources: CapabilityOutput | undefined,
  own: Notation | undefined,
  timeZone: string | undefined,
): ToRow {
  const coerce = coerceOptions(connector, timeZone);
  return compile(fields, sources, own, coerce);
}

type ReadField = (raw: object, origin: RowOrigin) => unknown;

function compile(
  fields: CapabilityNotation,
  sources: CapabilityOutput | undefined,
  own: Notation | undefined,
  coerce: CoerceOptions,
): ToRow {
  class Row extends CapabilityRow {}
  for (const field of fields) {
    const read = compileField(field, sources?.[field.name], own, coerce);
    Object.defineProperty(Row.prototype, field.name, {
      enumerable: true,
      get(this: Row) {
        const origin = CapabilityRow.originOf(this);
        try {
          const value = read(CapabilityRow.rawOf(this) as object, origin);
          if (field.optional === false && (value === null || value === undefined)) throw missing(field, origin);
          return value;
        } catch (error) {
          throw addPlace(error, origin);
        }
      },
    });
  }
  return (raw, origin) => {
    if (isPlainObject(raw)) return new Row(raw, origin);
    const message = `${origin.raisedIn}: expected a row, an object; got ${describeKind(raw)}.`;
    throw addPlace(new ProviderError('PROVIDER_ANSWER_INVALID', message), origin);
  };
}

/** Without this, GraphQL would say that the gateway had failed. */
function missing({ name }: CapabilityField, { connector, raisedIn }: RowOrigin): ProviderError {
  const message = `${connector.name}.${raisedIn}: expected a value for "${name}", which each row of the capability has; the provider gave none.`;
  return new ProviderError('PROVIDER_ANSWER_INVALID', message);
}

function compileField(
  field: CapabilityField,
  source: CapabilityOutput[string] | undefined,
  own: Notation | undefined,
  coerce: CoerceOptions,
): ReadField {
  if (typeof source === 'object') {
    const toRow = compile(field.properties ?? [], source, own, coerce);
    return (raw, origin) => toRow(raw, origin);
  }
  if (typeof source === 'function') {
    const finish = compileValue(field, undefined, coerce);
    return (raw, origin) => finish(source(raw, origin.request), origin);
  }
  const path = source ?? own?.find((each) => fieldName(each) === field.name)?.name ?? field.name;
  const finish = compileValue(field, own && fieldBelow(own, path, coerce), coerce);
  return (raw, origin) => finish(readPath(raw, path), origin);
}

/** A raw value of the own field as the capability has it: the own convertor first, then the type that the capability says. */
function compileValue(
  field: CapabilityField,
  own: Field | undefined,
  coerce: CoerceOptions,
): (value: unknown, origin: RowOrigin) => unknown {
  if (field.properties) {
    const toRow = compile(field.properties, undefined, own && resolveProperties(own, coerce.objects), coerce);
    const one = (value: unknown, origin: RowOrigin) =>
      value === null || value === undefined ? null : toRow(value, origin);
    if (field.type !== 'array') return one;
    return (value, origin) => (Array.isArray(value) ? value.map((item) => one(item, origin)) : null);
  }
  const convertOutput = own?.convertOutput ?? own?.parseOutput;
  return compileOutputField({ ...field, ...(convertOutput !== undefined && { convertOutput }) }, coerce);
}

function fieldBelow(own: Notation, path: string, coerce: CoerceOptions): Field | undefined {
  const [first, ...rest] = path.split('.');
  const field = own.find(({ name }) => name === first);
  if (!field || rest.length === 0) return field;
  const properties = resolveProperties(field, coerce.objects);
  return properties && fieldBelow(properties, rest.join('.'), coerce);
}
