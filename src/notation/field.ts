/** What a field may say: the notation that describes input, output and configuration (design §3). */
import type { ThingDefinition } from './thing.ts';

/**
 * The types of the notation. `stream` is the content of a file: one field of a writing action's input, or the only one of a
 * reading action's output (docs/files.md).
 *
 * @see https://docs.workato.com/developing-connectors/sdk/sdk-reference/schema.html
 */
export const fieldTypes = [
  'string',
  'integer',
  'number',
  'boolean',
  'date_time',
  'timestamp',
  'date',
  'object',
  'array',
  'stream',
] as const;
export type FieldType = (typeof fieldTypes)[number];

/** A list of fields, in the order in which they are shown. */
export type Notation = readonly Field[];

/** A choice of a static pick list: what is shown, and the value. */
export type StaticChoice = readonly [label: string, value: string | number | boolean];

/**
 * One field. Workato's keys in camelCase, with the defaults of its real runtime; a key that is not listed here is ignored
 * with a warning.
 */
export interface Field {
  /** The provider's name of it, and its identity: the name in the graph is made from this (`fieldName`). */
  readonly name: string;
  /** What people read. Default: the name, in words (`labelize`). */
  readonly label?: string;
  /** One or two sentences under the label; the description in the graph. */
  readonly hint?: string;
  /** Default `true`: a field is required only when it says `optional: false`. */
  readonly optional?: boolean;
  /** Default `string`. */
  readonly type?: FieldType;
  /** Element type of an `array`; a named object stands for `object` with its properties. Default `object`. */
  readonly of?: FieldType | ObjectDefinition;
  /**
   * Fields of an `object`, or of each element of an `array` of objects: a list, an object, or the name of an object of the
   * connector. Absent: any JSON; a number in it that has more digits than a double holds is a string of them.
   */
  readonly properties?: Notation | ObjectDefinition | string;
  /** How a form shows it; see `controlTypes`. `small-` and `medium-` in front are dropped. Default by type. */
  readonly controlType?: string;
  /** `int64` for integers outside 32 bits, `decimal` for exact numbers: each digit that the provider wrote. */
  readonly format?: 'int64' | 'decimal';
  /** The entity whose key this field holds, `object` or `connector.object`. */
  readonly references?: string;
  /** Name of the joined field that `references` adds. Default: the field's name without `_id`. */
  readonly referenceName?: string;
  /** Name in the graph, instead of the camelCase of `name`. */
  readonly graphqlName?: string;
  /**
   * What its field says to federation, as SDL has it, e.g. `@requires(fields: "weight")`; of no effect in what is taken as
   * input.
   */
  readonly directives?: readonly string[];
  /** Stands for the value when the client gives none; an explicit null stays null. */
  readonly default?: unknown;
  /** Choices, or the name of one of the connector's pick lists. */
  readonly pickList?: readonly StaticChoice[] | string;
  /** Parameter of the pick list → name of the field whose value it takes. */
  readonly pickListParams?: Readonly<Record<string, string>>;
  /** Older name of `pickList`, for the fields of a connection. */
  readonly options?: readonly StaticChoice[];
  /** What stands between the values of a `multiselect`; the value is then one string. Default `,`. */
  readonly delimiter?: string;
  /** Shown at once although it is optional. */
  readonly sticky?: boolean;
  /** Name of a convertor or of a method of the connector, applied to what the client gave. */
  readonly convertInput?: string;
  /** Name of a convertor or of a method of the connector, applied to what the provider gave. */
  readonly convertOutput?: string;
  /** Older name of `convertInput`. */
  readonly renderInput?: string;
  /** Older name of `convertOutput`. */
  readonly parseOutput?: string;
  /** What the switch between the field and its `toggleField` says. */
  readonly toggleHint?: string;
  /** Another way to give the value: either this or the field itself. May have the same name. */
  readonly toggleField?: Field;
  /** `true`, or the reason. */
  readonly deprecated?: boolean | string;
  readonly changeOnBlur?: boolean;
  readonly supportPills?: boolean;
  readonly custom?: boolean;
  /** Its value changes which other fields there are. */
  readonly extendsSchema?: boolean;
  readonly schemaNeutral?: boolean;
  readonly listMode?: 'static' | 'dynamic';
  readonly listModeToggle?: boolean;
  readonly itemLabel?: string;
  readonly addFieldLabel?: string;
  readonly emptySchemaMessage?: string;
  readonly sampleDataType?: 'json_input' | 'csv' | 'xml';
  /** Shown only if this holds, e.g. `input.kind == "issue"`. */
  readonly ngIf?: string;
  readonly treeOptions?: {
    readonly selectableFolder?: boolean;
    readonly multiSelect?: boolean;
    readonly forceSelectionHierarchy?: boolean;
  };
  /** What follows a subdomain, e.g. `.example.com`. */
  readonly url?: string;
  readonly emptyListTitle?: string;
  readonly emptyListText?: string;
}

/** A named notation that actions and triggers share; with a `key` it is an entity. */
export interface ObjectDefinition<Fields extends Notation = Notation> {
  readonly fields: Fields;
  readonly title?: string;
  readonly description?: string;
  /** Name of the field that identifies one; makes it an entity. */
  readonly key?: string;
  /** Name of the action that gets one by its key. */
  readonly lookup?: string;
  /** Name of the batch action that gets many by their keys. */
  readonly batch?: string;
  /** Further keys by which other subgraphs may name one. */
  readonly keys?: readonly KeyDefinition[];
  /** Type name in the graph, instead of connector and object name. */
  readonly graphqlName?: string;
  /** What its type says to federation, as SDL has it, e.g. `@tag(name: "internal")`. */
  readonly directives?: readonly string[];
  /** Makes its rows things, which are mapped for each connection (docs/from-connctd.md); it needs a `key`. */
  readonly thing?: ThingDefinition;
}

/** A key of an object beside its own: one field or several, some of them within others. */
export interface KeyDefinition {
  /** Names in the graph, as `@key` has them, e.g. `owner { login } name`. */
  readonly fields: string;
  /** Name of the action that gets one by it; absent, with `batch`: others name it so, and nobody can ask for it. */
  readonly lookup?: string;
  /** Name of the batch action that gets many by it; its list takes values of one field, or objects with a property for each. */
  readonly batch?: string;
  /**
   * Where inputs of the action, or properties in its list, are taken from, by their names in the graph: fields of the key,
   * with a dot below others, e.g. `{ owner: 'owner.login' }`. Default: from the field of the same name.
   */
  readonly arguments?: Readonly<Record<string, string>>;
}

/** How a form may show a field: the documented control types, then those found in published connectors. */
export const controlTypes = [
  'text',
  'text-area',
  'plain-text',
  'plain-text-area',
  'password',
  'integer',
  'number',
  'url',
  'select',
  'checkbox',
  'multiselect',
  'date',
  'date_time',
  'phone',
  'email',
  'subdomain',
  'schema-designer',
  'key_value',
  'tree',
  'string',
  'nested_fields',
  'timestamp',
  'array',
  'boolean',
  'plain_text',
  'static-list',
] as const;

const controlTypeByType: Readonly<Record<FieldType, string | undefined>> = {
  string: 'text',
  integer: 'integer',
  number: 'number',
  boolean: 'checkbox',
  date_time: 'date_time',
  timestamp: 'date_time',
  date: 'date',
  object: undefined,
  array: undefined,
  stream: undefined,
};

/** How a form shows a field: what it says, else by its choices and its type; `undefined` for objects and lists. */
export function controlTypeOf(field: Field): string | undefined {
  if (field.controlType !== undefined) return field.controlType.replace(/^(small|medium)-/, '');
  if (choicesOf(field) !== undefined || typeof field.pickList === 'string') return 'select';
  return controlTypeByType[field.type ?? 'string'];
}

/** The static choices of a field, under either name; `undefined` when it has none or they are asked of the provider. */
export function choicesOf(field: Field): readonly StaticChoice[] | undefined {
  return Array.isArray(field.pickList) ? field.pickList : field.options;
}

/** The field of a notation that is the content of a file; there is one at most. */
export function streamFieldOf(notation: Notation | undefined): Field | undefined {
  return notation?.find(({ type }) => type === 'stream');
}

/** Type of each element of an `array`; `object` when `of` is absent or names an object. */
export function elementTypeOf(field: Field): FieldType {
  return typeof field.of === 'string' ? field.of : 'object';
}

/** The named objects of a connector, by name. */
export type Objects = ReadonlyMap<string, ObjectDefinition>;

/** The object that a field's `properties` or `of` refers to; `undefined` for an inline list, for none, and for an unknown name. */
export function resolveObject(field: Field, objects?: Objects): ObjectDefinition | undefined {
  const source = typeof field.of === 'object' ? field.of : field.properties;
  if (typeof source === 'string') return objects?.get(source);
  return source === undefined || isNotation(source) ? undefined : source;
}

/** The fields of an object, or of each element of a list of objects; `undefined` = any JSON. */
export function resolveProperties(field: Field, objects?: Objects): Notation | undefined {
  const { properties } = field;
  if (typeof field.of !== 'object' && isNotation(properties)) return properties;
  return resolveObject(field, objects)?.fields;
}

function isNotation(source: Field['properties']): source is Notation {
  return Array.isArray(source);
}
