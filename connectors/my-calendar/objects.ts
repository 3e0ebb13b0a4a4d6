/** What a calendar holds: events, each perhaps with a customer of the shop. */
import { defineObject } from '../../src/connector/define.ts';

/** An entity whose customer is joined from another connector: `customer_id` refers to one. */
export const event = defineObject({
  title: 'Event',
  key: 'id',
  lookup: 'get_event',
  fields: [
    { name: 'id', optional: false },
    { name: 'title' },
    { name: 'starts_at', type: 'date_time', label: 'Start' },
    { name: 'ends_at', type: 'date_time', label: 'End' },
    { name: 'customer_id', type: 'integer', references: 'my_app.customer', hint: 'Whom it is about.' },
  ],
});
