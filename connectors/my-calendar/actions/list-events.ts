/** GET events answers events a page at a time, the earliest first; each page names the next by a token. */
import { defineAction } from '../../../src/connector/define.ts';
import { event } from '../objects.ts';

export const listEvents = defineAction({
  title: 'List events',
  hint: 'The events of whoever connected, the earliest first.',
  readOnly: true,
  scopes: ['events.read'],
  input: [{ name: 'starts_after', type: 'date_time', hint: 'Only events that start at this time or later.' }],
  output: event,
  paginate: {
    strategy: 'cursor',
    rows: 'events',
    pageParam: 'page_token',
    next: 'next_page_token',
    sizeParam: 'limit',
    pageSize: 20,
    maxPageSize: 100,
  },
  execute: (connection, input) => connection.get('events').params({ starts_after: input.starts_after?.toISOString() }),
});
