/** GET events/{id} answers one event; joins use it. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { event } from '../objects.ts';

export const getEvent = defineAction({
  title: 'Get event',
  hint: 'One event of whoever connected.',
  readOnly: true,
  scopes: ['events.read'],
  input: [{ name: 'id', optional: false, hint: 'ID of the event.' }],
  output: event,
  execute: (connection, input) => connection.get(path`events/${input.id}`),
});
