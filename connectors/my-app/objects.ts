/** What the shop is about: customers, and the orders they place. */
import { defineObject } from '../../src/connector/define.ts';

/** An entity: other objects may refer to a customer by its id. */
export const customer = defineObject({
  title: 'Customer',
  key: 'id',
  lookup: 'get_customer_by_id',
  batch: 'get_customers_by_ids',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'name' },
    { name: 'email', controlType: 'email' },
    {
      name: 'address',
      type: 'object',
      properties: [
        { name: 'street' },
        { name: 'city' },
        { name: 'state' },
        { name: 'zip', label: 'ZIP code' },
        { name: 'country' },
      ],
    },
    { name: 'created_at', type: 'date_time', label: 'Created' },
  ],
});

/** An entity whose customer is joined: `customer_id` refers to one. */
export const order = defineObject({
  title: 'Order',
  key: 'id',
  lookup: 'get_order',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'number', hint: 'As printed on the invoice, e.g. A-1001.' },
    { name: 'total', type: 'number', format: 'decimal', hint: 'Exact amount, in `currency`.' },
    { name: 'currency', hint: 'ISO 4217 code, e.g. EUR.' },
    { name: 'placed_at', type: 'date_time', label: 'Placed' },
    { name: 'customer_id', type: 'integer', references: 'my_app.customer', hint: 'Who placed the order.' },
  ],
});
