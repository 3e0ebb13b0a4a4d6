/** GET orders?limit=50 answers a list of orders. */
import { defineAction } from '../../../../src/connector/define.ts';
import { order } from '../objects.ts';

export const listOrders = defineAction({
  title: 'List orders',
  readOnly: true,
  list: true,
  input: [{ name: 'limit', type: 'integer', optional: false }],
  output: order,
  execute: (connection, input) => connection.get('orders').params({ limit: input.limit }),
});
