/** What the stub upstream is about: orders, each of one customer. */
import { defineObject } from '../../../src/connector/define.ts';

export const customer = defineObject({
  title: 'Customer',
  key: 'id',
  batch: 'get_customers_by_ids',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'name' },
    { name: 'email', controlType: 'email' },
    { name: 'created_at', type: 'date_time' },
  ],
});

export const order = defineObject({
  title: 'Order',
  key: 'id',
  lookup: 'get_order',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'number' },
    {
      name: 'status',
      pickList: [
        ['Open', 'open'],
        ['Paid', 'paid'],
        ['Shipped', 'shipped'],
      ],
    },
    { name: 'quantity', type: 'integer' },
    { name: 'total', type: 'number' },
    { name: 'currency' },
    { name: 'is_gift', type: 'boolean' },
    { name: 'note' },
    { name: 'due_on', type: 'date' },
    { name: 'placed_at', type: 'date_time' },
    { name: 'updated_at', type: 'date_time' },
    { name: 'customer_id', type: 'integer', references: 'shop.customer' },
  ],
});
