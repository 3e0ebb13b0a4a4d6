/** GET orders/{id} answers one order. */
import { defineAction, path } from '../../../../src/connector/define.ts';
import { order } from '../objects.ts';

export const getOrder = defineAction({
  title: 'Get order',
  readOnly: true,
  input: [{ name: 'id', type: 'integer', optional: false }],
  output: order,
  execute: (connection, input) => connection.get(path`orders/${input.id}`),
});
