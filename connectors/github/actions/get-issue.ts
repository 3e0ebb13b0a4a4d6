/** GET /repos/{owner}/{repo}/issues/{issue_number} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

export const getIssue = defineAction({
  title: 'Get issue',
  help: {
    body: 'An issue of a private repository needs the scope `repo`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/issues#get-an-issue',
  },
  readOnly: true,
  scopes: [],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'number', type: 'integer', optional: false, hint: 'Number of the issue in its repository.' },
  ],
  output: issue,
  execute: (connection, { owner, repo, number }) =>
    connection.get(path`repos/${owner}/${repo}/issues/${number}`).afterResponse(nameRepositories),
});
