/** One call of every action and trigger of the sample connector, against its demo provider. */
import { startDemoProvider } from '../../../src/cli/demo-provider.ts';
import type { ConnectorExercises } from '../../contract/connector-contract.ts';
import { customerCreated } from './webhook.ts';

export const exercises: ConnectorExercises = {
  async startProvider() {
    const provider = await startDemoProvider();
    const { origin, apiToken } = provider;
    return {
      fields: { api_token: apiToken },
      senderOptions: { replayedOrigins: { 'https://api.my-app.com': origin }, allowedPrivateOrigins: [origin] },
      unmatched: [],
      close: () => provider.close(),
    };
  },
  actions: {
    getCustomerById: { id: 1 },
    getCustomersByIds: { ids: [3, 1, 9_999] },
    listCustomers: { createdSince: '2025-02-01T00:00:00Z' },
    createCustomer: { name: 'New One', email: 'new.one@example.com', address: { city: 'Lyon' } },
    getOrder: { id: 1 },
    listOrders: { customerId: '1' },
  },
  triggers: {
    newCustomer: { created_since: new Date('2025-01-01') },
    newCustomerDescending: { created_since: new Date('2025-01-01') },
  },
  webhooks: { customerCreated },
};
