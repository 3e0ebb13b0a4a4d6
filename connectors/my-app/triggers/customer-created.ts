/** The webhook style: the shop calls us for every new customer, and signs what it says. */
import { defineTrigger, path, verifyStandardWebhook } from '../../../src/connector/define.ts';
import { customer } from '../objects.ts';

/** The shop forgets a webhook after that time, unless it is renewed. */
const expires_in = 7 * 24 * 60 * 60;

export const customerCreated = defineTrigger({
  title: 'Customer created',
  hint: 'A customer was added to the shop, which tells it at once.',
  scopes: [],
  output: customer,
  webhook: {
    async subscribe(url, connection) {
      const { webhook } = await connection.post('webhooks.json', { url, expires_in });
      return [webhook, webhook.expires_at];
    },
    async refresh(subscription, connection) {
      const { webhook } = await connection.put(path`webhooks/${subscription.id}.json`, { expires_in });
      return [webhook, webhook.expires_at];
    },
    unsubscribe: (subscription, connection) =>
      // One that the shop has forgotten is gone, as it should be.
      connection.delete(path`webhooks/${subscription.id}.json`).afterErrorResponse(404, () => ({})),
    verify: ({ body, headers, subscription }) => verifyStandardWebhook({ secret: subscription.secret, body, headers }),
    notification: ({ payload }) => (payload.type === 'customer.created' ? payload.data : undefined),
  },
  sortBy: (customer) => customer.created_at,
  dedup: (customer) => customer.id,
});
