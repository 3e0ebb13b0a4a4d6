/** What lies in a locker. */
import { defineObject } from '../../src/connector/define.ts';

export const item = defineObject({
  title: 'Item',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'name' },
    { name: 'stored_at', type: 'date_time', label: 'Stored' },
  ],
});
