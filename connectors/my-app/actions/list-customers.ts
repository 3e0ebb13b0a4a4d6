/** GET customers.json answers customers a page at a time, the oldest first. */
import { defineAction } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const listCustomers = defineAction({
  title: 'List customers',
  hint: 'All customers, the oldest first.',
  readOnly: true,
  scopes: [],
  input: [
    {
      name: 'created_since',
      type: 'date_time',
      hint: 'Only customers that were created at this time or later.',
    },
  ],
  output: customer,
  paginate: {
    strategy: 'page',
    rows: 'customers',
    totalCount: 'total',
    sizeParam: 'limit',
    pageSize: 50,
    maxPageSize: 100,
  },
  execute(connection, input) {
    return connection.get('customers.json').params({ created_since: input.created_since?.toISOString() });
  },
});
