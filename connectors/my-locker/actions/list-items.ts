/** GET items answers everything in the locker. */
import { defineAction } from '../../../src/connector/define.ts';
import { item } from '../objects.ts';

export const listItems = defineAction({
  title: 'List items',
  hint: 'Everything in the locker of whoever connected.',
  readOnly: true,
  scopes: [],
  output: item,
  list: true,
  async execute(connection) {
    return (await connection.get('items')).items;
  },
});
