/** The ascending style: the provider lists customers in the order in which they were created. */
import { defineTrigger } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const newCustomer = defineTrigger({
  title: 'New customer',
  hint: 'A customer was added to the shop.',
  scopes: [],
  startField: 'created_since',
  intervalMs: 5_000,
  // A customer may show a little after others that were created later.
  lookBackMs: 60_000,
  input: [
    {
      name: 'created_since',
      type: 'date_time',
      hint: 'Start with the customers created at this time or later, instead of from now on.',
    },
  ],
  output: customer,
  async poll(connection, input, lastCreatedSince: string | undefined) {
    const createdSince = lastCreatedSince ?? input.created_since?.toISOString();
    const customers =
      (await connection.get('customers.json').params({ created_since: createdSince, order: 'asc', limit: 100 }))
        .customers ?? [];
    return {
      events: customers,
      nextPoll: customers.at(-1)?.created_at ?? createdSince,
      canPollMore: customers.length >= 100,
    };
  },
  sortBy: (customer) => customer.created_at,
  dedup: (customer) => customer.id,
});
