import { expect, it } from '@jest/globals';
import { enumChoices } from '../../src/notation/enum-choices.ts';
import type { Field } from '../../src/notation/field.ts';

const choices: Field['pickList'] = [
  ['Off topic', 'off-topic'],
  ['Plus one', '+1'],
];

it('makes an enum of choices, and keeps the value of the provider', () => {
  const values = [
    { name: 'OFF_TOPIC', label: 'Off topic', value: 'off-topic' },
    { name: 'PLUS1', label: 'Plus one', value: '+1' },
  ];
  expect(enumChoices({ name: 'f', pickList: choices })).toEqual(values);
  expect(enumChoices({ name: 'f', options: choices })).toEqual(values);
  expect(enumChoices({ name: 'f', type: 'array', of: 'string', pickList: choices })).toEqual(values);
});

it.each<[string, Omit<Field, 'name'>]>([
  ['choices of numbers', { pickList: [['One', 1]] }],
  ['another type', { type: 'integer', pickList: choices }],
  ['a value without letters', { pickList: [['None', '***']] }],
  [
    'two values of one name',
    {
      pickList: [
        ['A', 'a b'],
        ['B', 'a-b'],
      ],
    },
  ],
  ['several in one string', { pickList: choices, delimiter: ',' }],
  ['a toggle to free text', { pickList: choices, toggleHint: 'h', toggleField: { name: 'f', type: 'string' } }],
  ['a dynamic list', { pickList: 'projects' }],
  ['no choices', { pickList: [] }],
])('makes no enum of %s', (_, field) => {
  expect(enumChoices({ name: 'f', ...field })).toBeUndefined();
});
