/** GET customers.json?id=… answers one customer in an envelope. */
import { defineAction } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const getCustomerById = defineAction({
  title: 'Get customer by ID',
  hint: 'One customer. An archived customer can no longer be read.',
  readOnly: true,
  scopes: [],
  input: [{ name: 'id', type: 'integer', optional: false, hint: 'ID of the customer.' }],
  output: customer,
  async execute(connection, input) {
    return (await connection.get('customers.json').params({ id: input.id })).customer;
  },
});
