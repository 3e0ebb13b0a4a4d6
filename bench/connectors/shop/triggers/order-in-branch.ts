/** GET branches/{branch}/orders?after={place} answers the orders of one branch that were placed after one: a feed for each. */
import { defineTrigger, path } from '../../../../src/connector/define.ts';
import { order } from '../objects.ts';

export const [orderInBranchEachMinute, orderInBranchEach10Seconds, orderInBranchEach2Seconds] = [
  orderInBranch('each minute', 60_000),
  orderInBranch('each 10 seconds', 10_000),
  orderInBranch('each 2 seconds', 2_000),
];

function orderInBranch(pace: string, intervalMs: number) {
  return defineTrigger({
    title: `Order in branch, ${pace}`,
    intervalMs,
    input: [{ name: 'branch', type: 'integer', optional: false }],
    output: order,
    async poll(connection, { branch }, after: number | undefined) {
      const orders = await connection.get(path`branches/${branch}/orders`).params({ after: after ?? 0 });
      return { events: orders, nextPoll: orders.at(-1)?.id ?? after ?? 0, canPollMore: orders.length >= 100 };
    },
    dedup: (order) => order.id,
    sortBy: (order) => order.placed_at,
  });
}
