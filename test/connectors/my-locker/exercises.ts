/** One call of every action of the locker connector, against its demo provider. */
import { lockerUsers, startDemoLocker } from '../../../src/cli/demo-locker.ts';
import type { ConnectorExercises } from '../../contract/connector-contract.ts';

export const exercises: ConnectorExercises = {
  async startProvider() {
    const { origin, close } = await startDemoLocker();
    const { session_token } = (await (
      await fetch(`${origin}/v1/sessions`, {
        method: 'POST',
        body: JSON.stringify({ user: 'ada', pin: lockerUsers['ada']?.pin }),
      })
    ).json()) as { session_token: string };
    return {
      fields: { user: 'ada', pin: lockerUsers['ada']?.pin, session_token },
      senderOptions: { replayedOrigins: { 'https://my-locker.com': origin }, allowedPrivateOrigins: [origin] },
      unmatched: [],
      close,
    };
  },
  actions: {
    listItems: {},
    storeItem: { name: 'A slide rule' },
  },
  triggers: {},
};
