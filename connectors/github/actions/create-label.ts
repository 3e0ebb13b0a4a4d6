/** POST /repos/{owner}/{repo}/labels */
import { defineAction, path } from '../../../src/connector/define.ts';
import { label } from '../objects.ts';

export const createLabel = defineAction({
  title: 'Create label',
  help: {
    body: 'Needs the right to push to the repository.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/labels#create-a-label',
  },
  scopes: ['repo'],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'name', optional: false, hint: 'May hold emoji, e.g. `:strawberry:`.' },
    { name: 'color', hint: 'Six hexadecimal digits, without #.' },
    { name: 'description', hint: 'Up to 100 characters.' },
  ],
  output: label,
  execute: (connection, { owner, repo, ...values }) => connection.post(path`repos/${owner}/${repo}/labels`, values),
});
