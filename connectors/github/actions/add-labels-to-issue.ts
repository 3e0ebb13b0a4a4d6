/** POST /repos/{owner}/{repo}/issues/{issue_number}/labels answers all labels of the issue. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { label } from '../objects.ts';

export const addLabelsToIssue = defineAction({
  title: 'Add labels to issue',
  help: {
    body: 'Adds to the labels that the issue has and answers all of them. A label that does not exist is created.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue',
  },
  // Adding a label that is there already changes nothing.
  idempotent: true,
  scopes: ['repo'],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'number', type: 'integer', optional: false, hint: 'Number of the issue in its repository.' },
    { name: 'labels', type: 'array', of: 'string', optional: false, hint: 'Names of labels.' },
  ],
  output: label,
  list: true,
  execute: (connection, { owner, repo, number, labels }) =>
    connection.post(path`repos/${owner}/${repo}/issues/${number}/labels`, { labels }),
});
