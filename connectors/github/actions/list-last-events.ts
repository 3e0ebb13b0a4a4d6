/** GET /users/{username}/events for each account, of which the newest is taken. */
import { defineAction, path } from '../../../src/connector/define.ts';

export const listLastEvents = defineAction({
  title: 'List last events',
  help: {
    body: 'What each account last did in the open, of the last 90 days; accounts that did nothing are left out.',
    learnMoreUrl: 'https://docs.github.com/en/rest/activity/events#list-events-for-the-authenticated-user',
  },
  capability: {
    name: 'getLastActivity',
    input: { usernames: 'accounts' },
    output: { account: 'username', eventType: 'type', happenedAt: 'created_at' },
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'usernames', type: 'array', of: 'string', optional: false, hint: 'Logins of accounts.' }],
  output: [{ name: 'username' }, { name: 'type' }, { name: 'created_at', type: 'date_time' }],
  list: true,
  async execute(connection, { usernames }) {
    const newest = await connection.parallel(
      usernames.map((username) => connection.get(path`users/${username ?? ''}/events`).params({ per_page: 1 })),
    );
    return newest.flatMap((events: any[], index) =>
      events.slice(0, 1).map(({ type, created_at }) => ({ username: usernames[index], type, created_at })),
    );
  },
});
