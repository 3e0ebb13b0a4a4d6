/** GET events?after={place} answers the orders that were placed after one. */
import { defineTrigger } from '../../../../src/connector/define.ts';
import { order } from '../objects.ts';

export const orderPlaced = defineTrigger({
  title: 'Order placed',
  intervalMs: 100,
  input: [],
  output: order,
  async poll(connection, _input, after: number | undefined) {
    const orders = await connection.get('events').params({ after: after ?? 0 });
    return { events: orders, nextPoll: orders.at(-1)?.id ?? after ?? 0, canPollMore: orders.length >= 100 };
  },
  dedup: (order) => order.id,
});
