/** My sample connector: every component that a connector has, over the API of a small shop. */
import { defineConnector } from '../../src/connector/define.ts';
import { createCustomer } from './actions/create-customer.ts';
import { getCustomerById } from './actions/get-customer-by-id.ts';
import { getCustomersByIds } from './actions/get-customers-by-ids.ts';
import { getOrder } from './actions/get-order.ts';
import { listCustomers } from './actions/list-customers.ts';
import { listOrders } from './actions/list-orders.ts';
import { customer, order } from './objects.ts';
import { customerCreated } from './triggers/customer-created.ts';
import { newCustomerDescending } from './triggers/new-customer-descending.ts';
import { newCustomer } from './triggers/new-customer.ts';

export default defineConnector({
  name: 'my_app',
  title: 'My sample connector',
  description: 'Customers and orders of a small shop: the sample to copy when you write a connector.',
  connection: {
    fields: [
      {
        name: 'api_token',
        label: 'API token',
        optional: false,
        controlType: 'password',
        hint: 'You can find your MyApp API token under "Account Settings"',
      },
    ],
    baseUri: 'https://api.my-app.com/v1/',
    authorization: {
      type: 'api_key',
      apply: (request, connection) => request.params({ api_token: connection.fields.api_token }),
    },
  },
  test: (connection) => connection.get('customers.json').params({ limit: 1 }),
  objects: { customer, order },
  actions: { getCustomerById, getCustomersByIds, listCustomers, createCustomer, getOrder, listOrders },
  triggers: { newCustomer, newCustomerDescending, customerCreated },
});
