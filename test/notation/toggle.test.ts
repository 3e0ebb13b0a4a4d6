import { expect, it } from '@jest/globals';
import { argumentFields } from '../../src/notation/toggle.ts';

it('lets the graph demand a field only when nothing can stand for it', () => {
  const fields = argumentFields([
    { name: 'a', optional: false },
    { name: 'b', optional: false, default: 1 },
    { name: 'c' },
    { name: 'd', optional: false, toggleHint: 'h', toggleField: { name: 'e', type: 'string' } },
  ]);
  expect(fields.map(({ field, isRequired }) => [field.name, isRequired])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
    ['d', false],
    ['e', false],
  ]);
});

it('takes the freer toggle for a field of the same name, with the words of the field', () => {
  const toggleField = { name: 'a', type: 'string' } as const;
  const fields = argumentFields([
    { name: 'a', hint: 'Which', graphqlName: 'which', optional: false, pickList: 'all', toggleHint: 'h', toggleField },
  ]);
  expect(fields).toEqual([{ field: { ...toggleField, hint: 'Which', graphqlName: 'which' }, isRequired: true }]);
});
