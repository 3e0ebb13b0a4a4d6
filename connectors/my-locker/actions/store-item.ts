/** POST items puts a thing into the locker and answers it. */
import { defineAction } from '../../../src/connector/define.ts';
import { item } from '../objects.ts';

export const storeItem = defineAction({
  title: 'Store item',
  hint: 'Puts a thing into the locker of whoever connected.',
  scopes: [],
  input: [{ name: 'name', optional: false, hint: 'What it is.' }],
  output: item,
  execute: (connection, input) => connection.post('items', input),
});
