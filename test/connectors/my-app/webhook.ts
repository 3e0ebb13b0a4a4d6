/** The demo provider calling a webhook: what it sends is what a receiver on loopback got. */
import { startDemoProvider } from '../../../src/cli/demo-provider.ts';
import type { WebhookExercise } from '../../contract/webhook-contract.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';

export const customerCreated: WebhookExercise = {
  input: {},
  async startProvider() {
    const shop = await startDemoProvider();
    // Two webhooks may have this URL: then each event is received twice.
    const receiver = await startFakeProvider(() => ({ status: 204 }));
    return {
      fields: { api_token: shop.apiToken },
      senderOptions: {
        replayedOrigins: { 'https://api.my-app.com': shop.origin },
        allowedPrivateOrigins: [shop.origin],
      },
      url: `${receiver.origin}/hook`,
      async deliver() {
        const before = receiver.requests.length;
        shop.addCustomer();
        const requests = await receiver.received(before + shop.webhooks().length);
        const { body, headers } = requests[before]!;
        return { body: Buffer.from(body), headers: headers as Record<string, string>, params: {} };
      },
      count: () => shop.webhooks().length,
      close: async () => {
        await shop.close();
        await receiver.close();
      },
    };
  },
};
