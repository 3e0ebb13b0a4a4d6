import { describe, expect, it } from '@jest/globals';
import { formParts, readPostedForm } from '../../src/connection/connect-form.ts';
import type { FormPart } from '../../src/connection/connect-form.ts';
import { compileInput } from '../../src/notation/coerce.ts';
import type { Field, Notation } from '../../src/notation/field.ts';

const part = (field: Partial<Field>, others: Notation = []): FormPart =>
  formParts([{ name: 'it', ...field }, ...others])[0]!;

describe('formParts', () => {
  it.each<[string, Partial<Field>]>([
    ['text', {}],
    ['text', { type: 'integer' }],
    ['text', { controlType: 'select', pickList: 'regions' }],
    ['text', { type: 'date_time' }],
    ['checkbox', { type: 'boolean' }],
    ['checkbox', { controlType: 'small-checkbox' }],
    ['choice', { pickList: [['Europe', 'eu']] }],
    ['choice', { options: [['Europe', 'eu']] }],
    ['choice', { type: 'boolean', pickList: [['On', true]] }],
    ['choices', { controlType: 'multiselect', pickList: [['Europe', 'eu']] }],
    ['choices', { type: 'array', of: 'string', pickList: [['Europe', 'eu']] }],
    ['lines', { type: 'array', of: 'integer' }],
    ['json', { type: 'array' }],
    ['json', { type: 'object' }],
    ['object', { type: 'object', properties: [{ name: 'id' }] }],
    ['either', { toggleField: { name: 'other', type: 'string' } }],
  ])('asks by %s for %j', (kind, field) => {
    expect(part(field).kind).toBe(kind);
  });
  it('asks once, freely and with suggestions, for a toggle of the same name', () => {
    const choices = [['Europe', 'eu']] as const;
    expect(
      part({
        optional: false,
        label: 'Region',
        pickList: choices,
        toggleField: { name: 'it', label: 'Region ID', hint: 'As in the URL.' },
      }),
    ).toMatchObject({ kind: 'text', label: 'Region', hint: 'As in the URL.', isRequired: true, choices });
  });
  it('demands neither of two ways, and names both', () => {
    const either = part({
      label: 'Token',
      optional: false,
      toggleField: { name: 'file', label: 'Key file', optional: false },
    });
    expect(either).toMatchObject({ label: 'Token or Key file', isRequired: true });
    expect('parts' in either && either.parts.map(({ isRequired }) => isRequired)).toEqual([false, false]);
  });
  it('finds the fields of named objects, and names them from the outside in', () => {
    const objects = new Map([['account', { fields: [{ name: 'id' }] }]]);
    const [object] = formParts([{ name: 'owner', type: 'object', properties: 'account' }], objects);
    expect(object).toMatchObject({ path: 'owner', parts: [{ path: 'owner.id', label: 'ID' }] });
  });
  it.each([
    ['input.kind == "issue"', 'Only if Kind of thing is An issue.'],
    ["input.kind != 'issue'", 'Only if Kind of thing is not An issue.'],
    ['kind === other', 'Only if Kind of thing is other.'],
    ['input.kind == "issue" || input.x', 'Not always needed.'],
    ['input.unknown == "issue"', 'Not always needed.'],
    ['(((('.repeat(1000), 'Not always needed.'],
  ])('does not demand a field with the condition %j, and says when it is asked for', (ngIf, condition) => {
    const kind: Field = { name: 'kind', label: 'Kind of thing', pickList: [['An issue', 'issue']] };
    expect(part({ optional: false, ngIf }, [kind])).toMatchObject({ isRequired: false, condition });
  });
});

describe('readPostedForm', () => {
  const notation: Notation = [
    { name: 'name', optional: false },
    { name: 'port', type: 'integer' },
    { name: 'sandbox', type: 'boolean', default: true },
    { name: 'region', type: 'integer', pickList: [['Europe', 1]] },
    {
      name: 'scopes',
      controlType: 'multiselect',
      pickList: [
        ['Read', 'r'],
        ['Write', 'w'],
      ],
      delimiter: ' ',
    },
    {
      name: 'days',
      type: 'array',
      of: 'integer',
      pickList: [
        ['Monday', 1],
        ['Tuesday', 2],
      ],
    },
    { name: 'hosts', type: 'array', of: 'string' },
    { name: 'extra', type: 'object' },
    {
      name: 'account',
      type: 'object',
      properties: [
        { name: 'id', type: 'integer' },
        { name: 'is_paid', type: 'boolean' },
      ],
    },
    { name: 'token', toggleField: { name: 'file', type: 'string' } },
  ];
  it('reads every kind of control, so that the notation can take it', () => {
    const posted = {
      name: ' Ada ',
      port: '443',
      region: '1',
      scopes: 'r\nw',
      days: '1\n2',
      hosts: ' a \n\nb\n',
      extra: '{"a":[1]}',
      'account.id': '7',
      'account.is_paid': 'true',
      file: 'pem',
    };
    const read = readPostedForm(notation, posted);
    expect(read).toEqual({
      name: ' Ada ',
      port: '443',
      sandbox: false,
      region: 1,
      scopes: 'r w',
      days: [1, 2],
      hosts: ['a', 'b'],
      extra: { a: [1] },
      account: { id: '7', is_paid: true },
      file: 'pem',
    });
    expect(compileInput(notation, { keys: 'notation', path: '' })(read)).toMatchObject({
      port: 443,
      account: { id: 7 },
    });
  });
  it('leaves out what was left empty, and objects in which nothing was entered', () => {
    const blank = { name: '', port: ' ', region: '', hosts: '\n \n', extra: '', 'account.id': '', token: '' };
    expect(readPostedForm(notation, blank)).toEqual({ sandbox: false });
    expect(
      readPostedForm([{ name: 'account', type: 'object', optional: false, properties: [{ name: 'id' }] }], {}),
    ).toEqual({
      account: {},
    });
  });
  it('leaves what cannot be read to the check of the notation', () => {
    expect(readPostedForm(notation, { extra: '{oops', region: '9', days: '1\nx' })).toMatchObject({
      extra: '{oops',
      region: '9',
      days: [1, 'x'],
    });
  });
  it('takes own values of fields only', () => {
    const posted = Object.assign(Object.create({ name: 'inherited' }), { unknown: 'x', toString: 'y' });
    expect(readPostedForm(notation, posted)).toEqual({ sandbox: false });
    expect(readPostedForm([{ name: 'toString' }, { name: 'constructor' }], {})).toEqual({});
  });
});
