/** GET customers.json?ids=1,2,3 answers the customers of those ids that there are; joins use it. */
import { defineAction } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const getCustomersByIds = defineAction({
  title: 'Get customers by IDs',
  hint: 'Up to 100 customers at once, in no particular order. IDs that are not known are left out.',
  readOnly: true,
  batch: true,
  maxBatchSize: 100,
  scopes: [],
  input: [{ name: 'ids', type: 'array', of: 'integer', optional: false, label: 'IDs', hint: 'IDs of the customers.' }],
  output: customer,
  async execute(connection, input) {
    return (await connection.get('customers.json').params({ ids: input.ids.join(',') })).customers;
  },
});
