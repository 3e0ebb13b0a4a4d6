/** GET /repos/{owner}/{repo}/labels, a page at a time by its Link header. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { label } from '../objects.ts';

export const listLabels = defineAction({
  title: 'List labels',
  help: {
    body: 'Labels that issues of a repository can have.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/labels#list-labels-for-a-repository',
  },
  readOnly: true,
  scopes: [],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
  ],
  output: label,
  paginate: { strategy: 'link', sizeParam: 'per_page', pageSize: 30, maxPageSize: 100 },
  execute: (connection, { owner, repo }) => connection.get(path`repos/${owner}/${repo}/labels`),
});
