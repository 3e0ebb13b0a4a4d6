/** GET customers?ids=1,2,3 answers the customers of those ids; joins use it. */
import { defineAction } from '../../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const getCustomersByIds = defineAction({
  title: 'Get customers by IDs',
  readOnly: true,
  batch: true,
  maxBatchSize: 100,
  input: [{ name: 'ids', type: 'array', of: 'integer', optional: false }],
  output: customer,
  execute: (connection, input) => connection.get('customers').params({ ids: input.ids.join(',') }),
});
