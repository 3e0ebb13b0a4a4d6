/** GET orders.json answers orders a page at a time, the oldest first. */
import { defineAction } from '../../../src/connector/define.ts';
import { order } from '../objects.ts';

export const listOrders = defineAction({
  title: 'List orders',
  hint: 'All orders, the oldest first.',
  readOnly: true,
  scopes: [],
  input: [
    {
      name: 'customer_id',
      type: 'integer',
      references: 'my_app.customer',
      hint: 'Only the orders of this customer.',
    },
  ],
  output: order,
  paginate: {
    strategy: 'page',
    rows: 'orders',
    totalCount: 'total',
    sizeParam: 'limit',
    pageSize: 50,
    maxPageSize: 100,
  },
  execute(connection, input) {
    return connection.get('orders.json').params({ customer_id: input.customer_id ?? undefined });
  },
});
