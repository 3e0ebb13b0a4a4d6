import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { buildSchema } from 'graphql';
import { errorCodes, type Fault, formatFault } from '../../src/errors.ts';
import { checkFields } from '../../src/notation/check-fields.ts';
import { compileInput, compileOutput } from '../../src/notation/coerce.ts';
import { type Field, fieldTypes, type Notation, type ObjectDefinition } from '../../src/notation/field.ts';
import { fieldName } from '../../src/notation/field-name.ts';

function check(fields: unknown, objects: Record<string, ObjectDefinition> = {}) {
  const warnings: Fault[] = [];
  const faults = checkFields(fields, 'github.actions.create_issue.input', {
    convertors: new Set(['my_method']),
    objects: new Map(Object.entries(objects)),
    pickLists: new Set(['projects']),
    warn: (fault) => warnings.push(fault),
  });
  const lines = (list: readonly Fault[]) =>
    list.map((fault) => formatFault(fault).replaceAll('github.actions.create_issue.input', 'input'));
  return { faults: lines(faults), warnings: lines(warnings) };
}

describe('checkFields', () => {
  it('reports all faults at once, each with its whole path', () => {
    const faults = checkFields([{ name: 'a' }, { type: 'strin' }, 5], 'github.actions.create_issue.input', {
      convertors: new Set(),
      objects: new Map(),
      pickLists: new Set(),
      warn: () => {},
    });
    expect(faults).toEqual([
      {
        code: 'NOTATION_FIELD_NAME',
        path: 'github.actions.create_issue.input[1].name',
        message: 'expected a name; got nothing.',
      },
      {
        code: 'NOTATION_TYPE_UNKNOWN',
        path: 'github.actions.create_issue.input[1].type',
        message:
          'expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "strin" (did you mean "string"?).',
      },
      {
        code: 'NOTATION_INVALID',
        path: 'github.actions.create_issue.input[2]',
        message: "expected a field, { name: '…' }; got 5.",
      },
    ]);
  });

  it('warns of keys that nobody knows, and of unknown control types, and is not stopped by them', () => {
    const { faults, warnings } = check([{ name: 'a', stickty: true, group: 'x', controlType: 'textaera' }]);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      'NOTATION_KEY_UNKNOWN: input[0].stickty: this key is not known and has no effect (did you mean "sticky"?).',
      'NOTATION_KEY_UNKNOWN: input[0].group: this key is not known and has no effect.',
      'NOTATION_KEY_INVALID: input[0].controlType: this control type is not known; a form shows text (did you mean "text-area"?).',
    ]);
  });

  it("takes Workato's snake_case keys for misspelt ones", () => {
    expect(check([{ name: 'a', control_type: 'text', pick_list: [] }]).warnings).toEqual([
      'NOTATION_KEY_UNKNOWN: input[0].control_type: this key is not known and has no effect (did you mean "controlType"?).',
      'NOTATION_KEY_UNKNOWN: input[0].pick_list: this key is not known and has no effect (did you mean "pickList"?).',
    ]);
  });

  it('accepts every key of the notation', () => {
    const field: Required<Omit<Field, 'options' | 'of' | 'properties' | 'format'>> = {
      name: 'project',
      label: 'Project',
      hint: 'Where',
      optional: true,
      type: 'string',
      controlType: 'small-select',
      references: 'crm.project',
      referenceName: 'project_itself',
      directives: ['@shareable'],
      graphqlName: 'projectId',
      default: 'a',
      pickList: 'projects',
      pickListParams: { owner: 'owner' },
      delimiter: ',',
      sticky: true,
      convertInput: 'my_method',
      convertOutput: 'date_conversion',
      renderInput: 'my_method',
      parseOutput: 'date_conversion',
      toggleHint: 'Choose',
      toggleField: { name: 'project', type: 'string', optional: true, hint: 'id' },
      deprecated: 'gone soon',
      changeOnBlur: true,
      supportPills: false,
      custom: true,
      extendsSchema: true,
      schemaNeutral: true,
      listMode: 'static',
      listModeToggle: false,
      itemLabel: 'x',
      addFieldLabel: 'x',
      emptySchemaMessage: 'x',
      sampleDataType: 'csv',
      ngIf: 'input.a == 1',
      treeOptions: { multiSelect: true },
      url: '.example.com',
      emptyListTitle: 'x',
      emptyListText: 'x',
    };
    expect(check([field])).toEqual({ faults: [], warnings: [] });
  });

  it('lets objects contain themselves where a value can end', () => {
    const comment: { fields: Notation } = { fields: [] };
    comment.fields = [
      { name: 'replies', type: 'array', properties: comment, optional: false },
      { name: 'parent', type: 'object', properties: 'comment' },
    ];
    expect(check(comment.fields, { comment }).faults).toEqual([]);
    expect(check([{ name: 'a', type: 'object', properties: comment, optional: false }], { comment }).faults).toEqual(
      [],
    );
  });

  it('tells objects that require each other, by the way that goes round', () => {
    const hen: ObjectDefinition = { fields: [{ name: 'egg', type: 'object', properties: 'egg', optional: false }] };
    const egg: ObjectDefinition = { fields: [{ name: 'hen', type: 'object', properties: hen, optional: false }] };
    expect(check(hen.fields, { hen, egg }).faults).toEqual([
      'NOTATION_CIRCULAR: input[0]: expected a value that can end; got objects that each require the next: egg → hen → egg. Make one of these fields optional, or an array.',
    ]);
  });

  it('tells lists that contain themselves, instead of going round for ever', () => {
    const list: unknown[] = [{ name: 'a', type: 'array' }];
    (list[0] as { properties: unknown }).properties = list;
    const object = { fields: [{ name: 'a', type: 'object', properties: {} as unknown }] };
    object.fields[0]!.properties = object;
    const toggle: Record<string, unknown> = { name: 'a', type: 'string', toggleHint: 'h' };
    toggle.toggleField = toggle;
    const round =
      'expected fields that end; got a list that contains itself. Make it an object of the connector and refer to it by name.';
    expect(check(list).faults).toEqual([`NOTATION_CIRCULAR: input[0].properties: ${round}`]);
    expect(check([{ name: 'x', type: 'object', properties: object }]).faults).toEqual([
      `NOTATION_CIRCULAR: input[0].properties.fields[0].properties: ${round}`,
    ]);
    expect(check([toggle]).faults).toEqual([
      'NOTATION_TOGGLE_INVALID: input[0].toggleField.toggleField: expected no toggle of a toggle; got one.',
    ]);
  });

  it('ends where fields are nested without reason', () => {
    let notation: unknown[] = [{ name: 'a' }];
    for (let level = 0; level < 5_000; level++) notation = [{ name: 'a', type: 'object', properties: notation }];
    expect(check(notation).faults).toEqual([
      expect.stringMatching(/^NOTATION_INVALID: .*: expected at most 100 levels of fields; got more\.$/),
    ]);
  });

  it('finds twins among toggles, but lets a toggle have the name of its field', () => {
    const toggled = (name: string, toggle: string) => ({
      name,
      toggleHint: 'h',
      toggleField: { name: toggle, type: 'string' },
    });
    expect(check([toggled('a', 'a')]).faults).toEqual([]);
    expect(check([{ name: 'b' }, toggled('a', 'b')]).faults).toEqual([
      'NOTATION_FIELD_DUPLICATE: input[1].toggleField.name: expected a name of its own; got "b", as input[0] has.',
    ]);
  });

  it('refuses the name that would change a prototype, and allows those that only look dangerous', () => {
    expect(check([{ name: '__proto__' }]).faults).toEqual([
      'NOTATION_FIELD_NAME: input[0].name: expected a name that an object can hold; got "__proto__".',
    ]);
    expect(check([{ name: 'constructor' }, { name: 'toString' }, { name: 'hasOwnProperty' }]).faults).toEqual([]);
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['NOTATION_INVALID: input: expected a list of fields; got nothing.']],
    ['an object', { name: 'a' }, ['NOTATION_INVALID: input: expected a list of fields; got an object.']],
    ['null in the list', [null], ["NOTATION_INVALID: input[0]: expected a field, { name: '…' }; got null."]],
    ['a list in the list', [[]], ["NOTATION_INVALID: input[0]: expected a field, { name: '…' }; got an empty list."]],
    ['a name that is no string', [{ name: 5 }], ['NOTATION_FIELD_NAME: input[0].name: expected a name; got 5.']],
    [
      'convertors that are functions',
      [{ name: 'a', convertInput: () => 1 }],
      ['NOTATION_KEY_INVALID: input[0].convertInput: expected the name of a convertor or of a method; got a function.'],
    ],
    [
      'two convertors',
      [{ name: 'a', convertOutput: 'my_method', parseOutput: 'date_conversion' }],
      ['NOTATION_KEY_INVALID: input[0].parseOutput: expected only convertOutput; got both, and they differ.'],
    ],
    [
      'choices that are none',
      [{ name: 'a', pickList: ['open'] }],
      [
        'NOTATION_KEY_INVALID: input[0].pickList: expected a list of [label, value], the value a string, number or boolean, or the name of a pick list; got a list.',
      ],
    ],
    [
      'parameters without a pick list',
      [{ name: 'a', pickListParams: { b: 'c' } }],
      [
        'NOTATION_KEY_INVALID: input[0].pickListParams: expected the name of a pick list as pickList beside it; got nothing.',
      ],
    ],
    [
      'properties of no kind',
      [{ name: 'a', type: 'object', properties: 5 }],
      ['NOTATION_KEY_INVALID: input[0].properties: expected a list of fields, an object, or the name of one; got 5.'],
    ],
    [
      'an object without fields',
      [{ name: 'a', type: 'array', of: {} }],
      ['NOTATION_INVALID: input[0].of.fields: expected a list of fields; got nothing.'],
    ],
    [
      'properties beside `of`',
      [{ name: 'a', type: 'array', of: { fields: [] }, properties: [] }],
      [
        'NOTATION_KEY_INVALID: input[0].properties: expected no properties beside the object that `of` gives; got both.',
      ],
    ],
    [
      'a toggle that is no field',
      [{ name: 'a', toggleHint: 'h', toggleField: 'b' }],
      ['NOTATION_TOGGLE_INVALID: input[0].toggleField: expected a field with name and type; got "b".'],
    ],
    [
      'defaults of objects',
      [
        { name: 'a', type: 'object', properties: [{ name: 'b' }], default: {} },
        { name: 'c', type: 'array', properties: [], default: [] },
        { name: 'd', type: 'object', default: { any: 'JSON' } },
      ],
      ['NOTATION_KEY_INVALID: input[0].default: expected defaults on the fields of the object instead; got an object.'],
    ],
    [
      'a format of nothing',
      [{ name: 'a', type: 'integer', format: 'int32' }],
      ['NOTATION_KEY_INVALID: input[0].format: expected "int64" or "decimal"; got "int32".'],
    ],
  ])('says what is wrong with %s', (_, fields, faults) => {
    expect(check(fields).faults).toEqual(faults);
  });
});

describe('whatever it is given', () => {
  it('checkFields answers with faults of the catalogue and never throws', () => {
    const keys = fc.constantFrom(
      'name',
      'type',
      'of',
      'properties',
      'toggleField',
      'toggleHint',
      'default',
      'pickList',
      'format',
      'optional',
    );
    const small = fc.anything({ maxDepth: 1, maxKeys: 3 });
    const words = fc.constantFrom(...fieldTypes, 'comment', 'projects', 'a', true, false);
    // Each level is spelt out: recursive generators grow without bounds here.
    let fields: fc.Arbitrary<unknown> = small;
    for (let level = 0; level < 3; level++) {
      const field = fc.dictionary(keys, fc.oneof(words, small, fields), { maxKeys: 7 });
      fields = fc.oneof(fc.array(fc.oneof({ weight: 4, arbitrary: field }, small), { maxLength: 3 }), field);
    }
    fc.assert(
      fc.property(fc.oneof(fields, fc.anything()), fc.oneof(fc.record({ fields }), small), (notation, object) => {
        const objects = new Map([['comment', object as ObjectDefinition]]);
        const context = { convertors: new Set<string>(), objects, pickLists: new Set<string>(), warn: () => {} };
        for (const fault of checkFields(notation, 'n', context)) {
          expect(errorCodes).toHaveProperty(fault.code);
          expect(fault.path.startsWith('n')).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('what has no fault can be compiled, and named by GraphQL', () => {
    const name = fc.oneof(
      { weight: 9, arbitrary: fc.stringMatching(/^[A-Za-z_+@-][A-Za-z0-9_ -]{1,8}$/) },
      fc.string(),
    );
    const scalar = fc.record(
      {
        name,
        type: fc.constantFrom<Field['type']>('string', 'integer', 'boolean', 'date_time', 'number', 'date'),
        optional: fc.boolean(),
        convertOutput: fc.constantFrom('item_array_wrap', 'integer_conversion'),
      },
      { requiredKeys: ['name'] },
    );
    const withDefault = fc.record({
      name,
      type: fc.constantFrom(...fieldTypes),
      default: fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    });
    const object = fc.record({
      name,
      type: fc.constantFrom<Field['type']>('object', 'array'),
      optional: fc.boolean(),
      properties: fc.constantFrom<Field['properties']>([{ name: 'x' }], 'self'),
    });
    const field: fc.Arbitrary<Field> = fc.oneof({ weight: 4, arbitrary: scalar }, withDefault, object);
    let soundCount = 0;
    fc.assert(
      fc.property(fc.array(field, { maxLength: 4 }), (notation) => {
        const objects = new Map([['self', { fields: notation }]]);
        const context = { convertors: new Set<string>(), objects, pickLists: new Set<string>(), warn: () => {} };
        if (checkFields(notation, 'n', context).length > 0 || notation.length === 0) return;
        soundCount++;
        compileInput(notation, { objects });
        compileOutput(notation, { objects })({});
        buildSchema(`type Query { ${notation.map((one) => `${fieldName(one)}: String`).join('\n')} }`);
      }),
      { numRuns: 1_000 },
    );
    expect(soundCount).toBeGreaterThan(50);
  });
});
