/** My calendar: the sample to copy for a provider behind OAuth 2.0, with an authorization server of its own. */
import { defineConnector } from '../../src/connector/define.ts';
import { createEvent } from './actions/create-event.ts';
import { getEvent } from './actions/get-event.ts';
import { listEvents } from './actions/list-events.ts';
import { event } from './objects.ts';

export default defineConnector({
  name: 'my_calendar',
  title: 'My calendar',
  description: 'Appointments of whoever connects: the sample to copy for a provider behind OAuth 2.0.',
  connection: {
    baseUri: 'https://api.my-calendar.com/v1/',
    authorization: {
      type: 'oauth2',
      // Its metadata (RFC 8414) tell the endpoints, and that every answer names its issuer (RFC 9207).
      issuer: 'https://login.my-calendar.com',
      // What reading needs. Who writes is asked for more when it comes to that.
      scopes: ['events.read'],
      identity: async (connection) => (await connection.get('me')).email,
    },
  },
  test: (connection) => connection.get('me'),
  objects: { event },
  actions: { listEvents, getEvent, createEvent },
});
