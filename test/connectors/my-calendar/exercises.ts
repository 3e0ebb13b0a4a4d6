/** One call of every action of the calendar connector, against its demo provider. */
import { startDemoCalendar } from '../../../src/cli/demo-calendar.ts';
import type { ConnectorExercises } from '../../contract/connector-contract.ts';

const ada = { id: 'ada', name: 'Ada Lovelace', email: 'ada.lovelace@example.com' };

export const exercises: ConnectorExercises = {
  async startProvider() {
    const grant = { user: ada, scopes: ['events.read', 'events.write'] };
    const { origin, close } = await startDemoCalendar({
      grantOf: (token) => (token === 'the-token' ? grant : undefined),
    });
    return {
      fields: { access_token: 'the-token' },
      senderOptions: { replayedOrigins: { 'https://api.my-calendar.com': origin }, allowedPrivateOrigins: [origin] },
      unmatched: [],
      close,
    };
  },
  actions: {
    listEvents: { startsAfter: '2025-05-06T00:00:00Z', first: 1 },
    getEvent: { id: 'a1' },
    createEvent: { title: 'Tea', startsAt: '2025-05-09T15:00:00Z', customerId: '3' },
  },
  triggers: {},
};
