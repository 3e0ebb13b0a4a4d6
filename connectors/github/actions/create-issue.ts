/** POST /repos/{owner}/{repo}/issues */
import { defineAction, path } from '../../../src/connector/define.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

export const createIssue = defineAction({
  title: 'Create issue',
  help: {
    body: 'Labels, assignees and milestone are only set by those who may push to the repository.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/issues#create-an-issue',
  },
  scopes: ['repo'],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'title', optional: false, hint: 'One line.' },
    { name: 'body', controlType: 'text-area', hint: 'Markdown.' },
    { name: 'labels', type: 'array', of: 'string', hint: 'Names of labels.' },
    { name: 'assignees', type: 'array', of: 'string', hint: 'Logins.' },
    { name: 'milestone', type: 'integer', hint: 'Number of the milestone.' },
  ],
  output: issue,
  execute: (connection, { owner, repo, ...values }) =>
    connection.post(path`repos/${owner}/${repo}/issues`, values).afterResponse(nameRepositories),
});
