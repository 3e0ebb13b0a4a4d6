/** GET orders.json?id=… answers one order in an envelope. */
import { defineAction } from '../../../src/connector/define.ts';
import { order } from '../objects.ts';

export const getOrder = defineAction({
  title: 'Get order',
  hint: 'One order, and with it the customer who placed it.',
  readOnly: true,
  scopes: [],
  input: [{ name: 'id', type: 'integer', optional: false, hint: 'ID of the order.' }],
  output: order,
  async execute(connection, input) {
    return (await connection.get('orders.json').params({ id: input.id })).order;
  },
});
