/** GET /users/{username}; it answers organizations too. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { user } from '../objects.ts';

export const getUser = defineAction({
  title: 'Get user',
  help: {
    body: 'What the account shows to everybody.',
    learnMoreUrl: 'https://docs.github.com/en/rest/users/users#get-a-user',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'login', optional: false, hint: 'Name of the account, as in github.com/<login>.' }],
  output: user,
  execute: (connection, { login }) => connection.get(path`users/${login}`),
});
