/** The bench's connector: over the stub upstream it does what the two other servers do by hand. */
import { defineConnector } from '../../../src/connector/define.ts';
import { getCustomersByIds } from './actions/get-customers-by-ids.ts';
import { getOrder } from './actions/get-order.ts';
import { listOrders } from './actions/list-orders.ts';
import { customer, order } from './objects.ts';
import {
  orderInBranchEach10Seconds,
  orderInBranchEach2Seconds,
  orderInBranchEachMinute,
} from './triggers/order-in-branch.ts';
import { orderPlaced } from './triggers/order-placed.ts';

export default defineConnector({
  name: 'shop',
  title: 'Shop',
  connection: {
    fields: [{ name: 'api_token', optional: false, controlType: 'password' }],
    baseUri: 'https://shop.example.com/',
    authorization: {
      type: 'api_key',
      apply: (request, connection) => request.headers({ 'x-api-token': connection.fields.api_token }),
    },
  },
  objects: { customer, order },
  actions: { getCustomersByIds, getOrder, listOrders },
  triggers: { orderPlaced, orderInBranchEachMinute, orderInBranchEach10Seconds, orderInBranchEach2Seconds },
});
