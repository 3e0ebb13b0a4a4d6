/** What a field may say: the notation that describes input, output and configuration (design §3). */

/** The types of the notation. */
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
] as const;
export type FieldType = (typeof fieldTypes)[number];

/** A list of fields, in the order in which they are shown. */
export type Notation = readonly Field[];

/** A choice of a static pick list: what is shown, and the value. */
export type StaticChoice = readonly [label: string, value: string | number | boolean];

/** One field. Workato's keys in camelCase; the real runtime's defaults. */
export interface Field {
  readonly name: string;
  /** Default: the name, in words. */
  readonly label?: string;
  readonly hint?: string;
  /** Default `true`: a field is required only when it says `optional: false`. */
  readonly optional?: boolean;
  /** Default `string`. */
  readonly type?: FieldType;
  /** Element type of an `array`. Default `object`. */
  readonly of?: FieldType | ObjectDefinition;
  /** Fields of an `object`, or of each element of an `array` of objects; a named object, or the name of one of the connector. */
  readonly properties?: Notation | ObjectDefinition | string;
  readonly controlType?: string;
  /** `int64` for integers outside 32 bits, `decimal` for exact numbers. */
  readonly format?: 'int64' | 'decimal';
  /** The entity whose key this field holds, `object` or `connector.object`. */
  readonly references?: string;
  /** Name of the joined field that `references` adds. Default: the field's name without `_id`. */
  readonly referenceName?: string;
  /** Name in the graph, instead of the camelCase of `name`. */
  readonly graphqlName?: string;
  readonly default?: unknown;
  /** Choices, or the name of one of the connector's pick lists. */
  readonly pickList?: readonly StaticChoice[] | string;
  readonly pickListParams?: Readonly<Record<string, string>>;
  /** Older name of `pickList`, for the fields of a connection. */
  readonly options?: readonly StaticChoice[];
  readonly delimiter?: string;
  readonly sticky?: boolean;
  /** Name of a convertor or of a method of the connector. Older names: `renderInput`, `parseOutput`. */
  readonly convertInput?: string;
  readonly convertOutput?: string;
  readonly renderInput?: string;
  readonly parseOutput?: string;
  readonly toggleHint?: string;
  readonly toggleField?: Field;
  readonly deprecated?: boolean | string;
  readonly changeOnBlur?: boolean;
  readonly supportPills?: boolean;
  readonly custom?: boolean;
  readonly extendsSchema?: boolean;
  readonly schemaNeutral?: boolean;
  readonly listMode?: 'static' | 'dynamic';
  readonly listModeToggle?: boolean;
  readonly itemLabel?: string;
  readonly addFieldLabel?: string;
  readonly emptySchemaMessage?: string;
  readonly sampleDataType?: 'json_input' | 'csv' | 'xml';
  readonly ngIf?: string;
  readonly treeOptions?: {
    readonly selectableFolder?: boolean;
    readonly multiSelect?: boolean;
    readonly forceSelectionHierarchy?: boolean;
  };
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
  /** Type name in the graph, instead of connector and object name. */
  readonly graphqlName?: string;
}
