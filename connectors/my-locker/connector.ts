/** My locker: the sample to copy for a provider with a log-in of its own, which gives a token for a while. */
import { defineConnector } from '../../src/connector/define.ts';
import { listItems } from './actions/list-items.ts';
import { storeItem } from './actions/store-item.ts';
import { item } from './objects.ts';

export default defineConnector({
  name: 'my_locker',
  title: 'My locker',
  description: 'Things that somebody keeps in a locker: the sample to copy for a provider with a log-in of its own.',
  connection: {
    fields: [
      { name: 'user', label: 'User name', optional: false, hint: 'As it stands on your locker card.' },
      { name: 'pin', label: 'PIN', optional: false, controlType: 'password', hint: 'Four digits.' },
    ],
    baseUri: 'https://my-locker.com/v1/',
    authorization: {
      type: 'custom',
      // The token that it gives is merged into the fields, where `apply` finds it.
      acquire: async (connection) => {
        const { user, pin } = connection.fields;
        const { session_token } = await connection.post('sessions', { user, pin });
        return { session_token };
      },
      apply: (request, connection) => request.headers({ 'x-session-token': connection.fields.session_token ?? '' }),
      // A session ends after a while: then another one is had, and the request is sent again.
      refreshOn: [401],
      identity: async (connection) => (await connection.get('me')).name,
    },
  },
  test: (connection) => connection.get('me'),
  objects: { item },
  actions: { listItems, storeItem },
});
