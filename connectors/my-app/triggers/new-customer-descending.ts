/** The descending style: the provider lists the newest customers first, and the runtime pages back to known ground. */
import { defineTrigger } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

export const newCustomerDescending = defineTrigger({
  title: 'New customer (newest first)',
  hint: 'A customer was added to the shop; asks for the newest customers first.',
  scopes: [],
  type: 'paging_desc',
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
  async poll(connection, input, lastCreatedBefore: string | undefined) {
    const createdBefore = lastCreatedBefore ?? new Date().toISOString();
    const customers =
      (
        await connection.get('customers.json').params({
          created_since: input.created_since?.toISOString(),
          created_before: createdBefore,
          order: 'desc',
          limit: 100,
        })
      ).customers ?? [];
    return {
      events: customers,
      nextPage: customers.length >= 100 ? customers.at(-1)?.created_at : undefined,
    };
  },
  documentId: (customer) => customer.id,
  sortBy: (customer) => customer.created_at,
  dedup: (customer) => [customer.id, customer.created_at].join('@'),
});
