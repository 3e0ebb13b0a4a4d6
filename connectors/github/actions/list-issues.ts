/** GET /repos/{owner}/{repo}/issues, a page at a time by its Link header. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { withoutNulls } from '../filters.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

export const listIssues = defineAction({
  title: 'List issues',
  help: {
    body: 'Issues and pull requests of a repository. A private repository needs the scope `repo`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/issues#list-repository-issues',
  },
  readOnly: true,
  lacks: ['closed_by'],
  scopes: [],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    {
      name: 'state',
      hint: 'Open ones only, unless told otherwise.',
      pickList: [
        ['Open', 'open'],
        ['Closed', 'closed'],
        ['All', 'all'],
      ],
    },
    { name: 'labels', type: 'array', of: 'string', hint: 'Only issues that have all of these labels.' },
    { name: 'assignee', hint: 'A login, "none" or "*".' },
    { name: 'creator', hint: 'Login of who opened it.' },
    { name: 'mentioned', hint: 'Login of who is mentioned in it.' },
    { name: 'milestone', hint: 'Number of the milestone, "none" or "*".' },
    { name: 'since', type: 'date_time', hint: 'Only issues that changed at this time or later.' },
    {
      name: 'sort',
      hint: 'By the time of creation, unless told otherwise.',
      pickList: [
        ['Created', 'created'],
        ['Updated', 'updated'],
        ['Comments', 'comments'],
      ],
    },
    {
      name: 'direction',
      hint: 'Descending, unless told otherwise.',
      pickList: [
        ['Ascending', 'asc'],
        ['Descending', 'desc'],
      ],
    },
  ],
  output: issue,
  paginate: { strategy: 'link', sizeParam: 'per_page', pageSize: 30, maxPageSize: 100 },
  execute(connection, { owner, repo, labels, ...filters }) {
    return connection
      .get(path`repos/${owner}/${repo}/issues`)
      .params(withoutNulls({ ...filters, labels: labels?.join(',') }))
      .afterResponse(nameRepositories);
  },
});
