/** GET /repos/{owner}/{repo} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { repository } from '../objects.ts';

export const getRepository = defineAction({
  title: 'Get repository',
  help: {
    body: 'A private repository needs the scope `repo`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/repos/repos#get-a-repository',
  },
  readOnly: true,
  scopes: [],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
  ],
  output: repository,
  execute: (connection, { owner, repo }) => connection.get(path`repos/${owner}/${repo}`),
});
