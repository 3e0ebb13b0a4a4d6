/** Notations that are right and notations that are wrong, each with its reason: run as tests and printed in the docs. */
import type { ObjectDefinition } from './field.ts';

/** A notation that is right. */
export interface NotationExample {
  readonly title: string;
  /** Why one writes it so. */
  readonly reason: string;
  readonly notation: readonly unknown[];
}

/** A notation that is refused. */
export interface NotationAntiExample extends NotationExample {
  /** What `plugboard check` says, where the notation stands at `input`. */
  readonly faults: readonly string[];
}

/** What the connector of the examples has besides. */
export const exampleObjects: Readonly<Record<string, ObjectDefinition>> = {
  customer: { key: 'id', fields: [{ name: 'id', type: 'integer', format: 'int64' }, { name: 'name' }] },
  comment: {
    fields: [
      { name: 'body', optional: false },
      { name: 'replies', type: 'array', properties: 'comment' },
    ],
  },
  hen: { fields: [{ name: 'egg', type: 'object', properties: 'egg', optional: false }] },
  egg: { fields: [{ name: 'hen', type: 'object', properties: 'hen', optional: false }] },
};

/** A method of the connector of the examples, which fields may name as convertor. */
export const exampleMethods: readonly string[] = ['normalize_phone'];

/** A pick list of the connector of the examples. */
export const examplePickLists: readonly string[] = ['projects'];

export const notationExamples: readonly NotationExample[] = [
  {
    title: 'A name is enough',
    reason: 'A field is an optional string unless it says otherwise; its label is made from its name.',
    notation: [{ name: 'display_name' }],
  },
  {
    title: 'Required, and of a type',
    reason: 'Only `optional: false` makes a field required.',
    notation: [{ name: 'number', type: 'integer', optional: false, hint: 'Number of the issue in its repository.' }],
  },
  {
    title: 'Integers outside 32 bits, exact amounts',
    reason: "GraphQL's Int has 32 bits and its Float rounds; ids and money need more.",
    notation: [
      { name: 'id', type: 'integer', format: 'int64' },
      { name: 'amount', type: 'number', format: 'decimal' },
    ],
  },
  {
    title: 'Nested objects, and lists of them',
    reason: '`properties` are the fields of the object, or of each element; `of` is `object` when it is not said.',
    notation: [
      { name: 'address', type: 'object', properties: [{ name: 'street' }, { name: 'zip' }] },
      { name: 'lines', type: 'array', properties: [{ name: 'quantity', type: 'integer' }] },
      { name: 'tags', type: 'array', of: 'string' },
      { name: 'metadata', type: 'object' },
    ],
  },
  {
    title: 'Objects of the connector, by name',
    reason:
      'Shared by all actions: one type in the graph. They may contain themselves through a list or an optional field.',
    notation: [
      { name: 'customer', type: 'object', properties: 'customer' },
      { name: 'comments', type: 'array', properties: 'comment' },
    ],
  },
  {
    title: 'A join to another connector',
    reason: 'The field holds the key of an entity; the graph adds a field that yields the entity itself.',
    notation: [{ name: 'account_id', type: 'integer', references: 'crm.account' }],
  },
  {
    title: 'Choices',
    reason: 'Static choices become an enum where every value can be one; the value for the provider is kept.',
    notation: [
      {
        name: 'state',
        pickList: [
          ['Open', 'open'],
          ['In progress', 'in-progress'],
        ],
        default: 'open',
      },
      { name: 'project', pickList: 'projects' },
    ],
  },
  {
    title: 'Two ways to give one value',
    reason: 'A toggle offers a choice and free text; for the provider it is one value under one name.',
    notation: [
      {
        name: 'project_id',
        optional: false,
        pickList: 'projects',
        toggleHint: 'Choose from a list',
        toggleField: { name: 'project_id', type: 'string', optional: false, toggleHint: 'Enter an id' },
      },
    ],
  },
  {
    title: 'Convertors',
    reason: "One of the built-in convertors, or a method of the connector; Workato's older names mean the same.",
    notation: [
      { name: 'created', type: 'date_time', convertOutput: 'parse_epoch_time' },
      { name: 'phone', convertInput: 'normalize_phone' },
      { name: 'items', type: 'array', of: 'string', parseOutput: 'item_array_wrap' },
    ],
  },
  {
    title: 'Names that only the provider says so',
    reason: 'Names are made sayable for GraphQL; `graphqlName` sets what cannot be made.',
    notation: [
      { name: '+1', type: 'integer' },
      { name: '-1', type: 'integer' },
      { name: '名前', graphqlName: 'name' },
    ],
  },
  {
    title: 'The content of a file',
    reason:
      "One field of a writing action's input, where `execute` is given a `Content`; or the only one of a reading action's output, where it gives one (docs/files.md).",
    notation: [
      { name: 'path', optional: false },
      { name: 'content', type: 'stream', optional: false },
    ],
  },
];

export const notationAntiExamples: readonly NotationAntiExample[] = [
  {
    title: 'A type of another system',
    reason: "Workato's runtime would take it for a string in silence.",
    notation: [
      { name: 'total', type: 'float' },
      { name: 'seen_at', type: 'datetime' },
      { name: 'n', type: 'Integer' },
    ],
    faults: [
      'NOTATION_TYPE_UNKNOWN: input[0].type: expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "float" (did you mean "number"?).',
      'NOTATION_TYPE_UNKNOWN: input[1].type: expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "datetime" (did you mean "date_time"?).',
      'NOTATION_TYPE_UNKNOWN: input[2].type: expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "Integer" (did you mean "integer"?).',
    ],
  },
  {
    title: 'No name, or one that nobody can say',
    reason: 'The name is the identity of a field.',
    notation: [{ label: 'Title' }, { name: '***' }, { name: 'id', graphqlName: '__id' }],
    faults: [
      'NOTATION_FIELD_NAME: input[0].name: expected a name; got nothing.',
      'NOTATION_FIELD_NAME: input[1].name: expected a name with letters or digits, which GraphQL can say; got "***". Add a graphqlName.',
      'NOTATION_FIELD_NAME: input[2].graphqlName: expected letters, digits and _, with no digit and no __ in front; got "__id".',
    ],
  },
  {
    title: 'One name twice',
    reason: 'Names must also differ in the graph, where `created_at` is `createdAt`.',
    notation: [{ name: 'id' }, { name: 'created_at' }, { name: 'id' }, { name: 'createdAt' }],
    faults: [
      'NOTATION_FIELD_DUPLICATE: input[2].name: expected a name of its own; got "id", as input[0] has.',
      'NOTATION_FIELD_DUPLICATE: input[3].name: expected a name of its own in the graph; got "createdAt", which is "createdAt" there, as input[1] is. Add a graphqlName.',
    ],
  },
  {
    title: 'Values of the wrong type',
    reason: 'A required field that says `optional: "false"` would be optional.',
    notation: [{ name: 'title', optional: 'false', label: 7, format: 'int64' }],
    faults: [
      'NOTATION_KEY_INVALID: input[0].optional: expected true or false; got "false".',
      'NOTATION_KEY_INVALID: input[0].label: expected a string; got 7.',
      'NOTATION_KEY_INVALID: input[0].format: expected "int64" with integer or "decimal" with number; got "int64" with string.',
    ],
  },
  {
    title: 'Elements without a list, properties without an object',
    reason: 'The type is not guessed from what stands beside it.',
    notation: [
      { name: 'tags', of: 'string' },
      { name: 'matrix', type: 'array', of: 'array' },
      { name: 'address', properties: [{ name: 'street' }] },
    ],
    faults: [
      "NOTATION_KEY_INVALID: input[0].of: expected type: 'array' beside it; got no type.",
      'NOTATION_KEY_INVALID: input[1].of: expected the type of one element; got "array". A list of lists is of: \'object\' without properties, any JSON.',
      "NOTATION_KEY_INVALID: input[2].properties: expected type: 'object', or 'array' of objects, beside it; got string.",
    ],
  },
  {
    title: 'A toggle that does not agree',
    reason: 'Field and toggle are one value: it cannot be required here and optional there.',
    notation: [{ name: 'project', optional: false, toggleField: { name: 'project_id', optional: true } }],
    faults: [
      'NOTATION_TOGGLE_INVALID: input[0].toggleHint: expected a hint for the switch to the toggle field; got nothing.',
      'NOTATION_TOGGLE_INVALID: input[0].toggleField.type: expected a type; got nothing.',
      'NOTATION_TOGGLE_INVALID: input[0].toggleField.optional: expected false, as the field has it; got true.',
    ],
  },
  {
    title: 'Names of what is not there',
    reason: 'A misspelt name is found at start, not when the first value comes.',
    notation: [
      { name: 'at', type: 'date_time', convertOutput: 'parse_epoc_time' },
      { name: 'project', pickList: 'project' },
      { name: 'customer', type: 'object', properties: 'costumer' },
    ],
    faults: [
      'NOTATION_CONVERTOR_UNKNOWN: input[0].convertOutput: expected a convertor or a method of the connector; got "parse_epoc_time" (did you mean "parse_epoch_time"?).',
      'NOTATION_PICK_LIST_UNKNOWN: input[1].pickList: expected a pick list of the connector; got "project" (did you mean "projects"?).',
      'NOTATION_OBJECT_UNKNOWN: input[2].properties: expected an object of the connector; got "costumer" (did you mean "customer"?).',
    ],
  },
  {
    title: 'Objects that require each other',
    reason: 'A hen needs an egg that needs a hen: no value can ever be complete.',
    notation: [{ name: 'hen', type: 'object', properties: 'hen', optional: false }],
    faults: [
      'NOTATION_CIRCULAR: input[0]: expected a value that can end; got objects that each require the next: hen → egg → hen. Make one of these fields optional, or an array.',
    ],
  },
  {
    title: 'A default that is none',
    reason: 'A default is a value of its field, and one of its choices.',
    notation: [
      { name: 'size', type: 'integer', default: 'large' },
      { name: 'state', pickList: [['Open', 'open']], default: 'closed' },
    ],
    faults: [
      'NOTATION_KEY_INVALID: input[0].default: expected an integer; got "large".',
      'NOTATION_KEY_INVALID: input[1].default: expected one of "open"; got "closed".',
    ],
  },
  {
    title: 'Choices under both names',
    reason: '`options` is the older name of `pickList`: which would be meant?',
    notation: [{ name: 'state', pickList: [['Open', 'open']], options: [['Closed', 'closed']] }],
    faults: ['NOTATION_KEY_INVALID: input[0].options: expected either pickList or options; got both.'],
  },
  {
    title: 'A content within something else',
    reason: 'A content passes by itself: nobody could say when one of many, or one within a row, is read.',
    notation: [
      { name: 'files', type: 'array', of: 'stream' },
      { name: 'photo', type: 'object', properties: [{ name: 'content', type: 'stream' }] },
    ],
    faults: [
      "NOTATION_KEY_INVALID: input[0].of: expected another type: 'stream' is for one field of an action's own input or output.",
      "NOTATION_KEY_INVALID: input[1].properties[0].type: expected another type: 'stream' is for one field of an action's own input or output.",
    ],
  },
];
