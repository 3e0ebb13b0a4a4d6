/** POST customers.json creates a customer and answers it in an envelope. */
import { defineAction } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const createCustomer = defineAction({
  title: 'Create customer',
  hint: 'Adds a customer to the shop.',
  scopes: [],
  input: [
    { name: 'name', optional: false, hint: 'First and last name.' },
    { name: 'email', optional: false, controlType: 'email', hint: 'Where invoices go.' },
    {
      name: 'address',
      type: 'object',
      hint: 'Where orders are delivered.',
      properties: [
        { name: 'street' },
        { name: 'city' },
        { name: 'state' },
        { name: 'zip', label: 'ZIP code' },
        { name: 'country' },
      ],
    },
  ],
  output: customer,
  async execute(connection, input) {
    return (await connection.post('customers.json', input)).customer;
  },
});
