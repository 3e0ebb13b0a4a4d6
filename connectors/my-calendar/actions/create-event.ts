/** POST events creates an event and answers it. */
import { defineAction } from '../../../src/connector/define.ts';
import { event } from '../objects.ts';

export const createEvent = defineAction({
  title: 'Create event',
  hint: 'Adds an event to the calendar of whoever connected.',
  scopes: ['events.write'],
  input: [
    { name: 'title', optional: false, hint: 'One line.' },
    { name: 'starts_at', type: 'date_time', optional: false, hint: 'When it begins.' },
    { name: 'ends_at', type: 'date_time', hint: 'When it ends; an hour later, unless told otherwise.' },
    { name: 'customer_id', type: 'integer', references: 'my_app.customer', hint: 'Customer whom it is about.' },
  ],
  output: event,
  execute: (connection, input) => connection.post('events', input),
});
