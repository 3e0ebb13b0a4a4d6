/** GET /search/issues, a page at a time; GitHub shows the first 1 000 results. */
import { defineAction } from '../../../src/connector/define.ts';
import { withoutNulls } from '../filters.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

export const searchIssues = defineAction({
  title: 'Search issues',
  help: {
    body: 'Issues and pull requests of all repositories that the connected account may see; at most 1 000 of them.',
    learnMoreUrl: 'https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests',
  },
  readOnly: true,
  lacks: ['closed_by'],
  scopes: [],
  input: [
    {
      name: 'q',
      optional: false,
      label: 'Query',
      hint: 'Words and qualifiers, e.g. `crash repo:octokit/rest.js is:issue`.',
    },
    {
      name: 'sort',
      hint: 'By how well they match, unless told otherwise.',
      pickList: [
        ['Comments', 'comments'],
        ['Reactions', 'reactions'],
        ['Interactions', 'interactions'],
        ['Created', 'created'],
        ['Updated', 'updated'],
      ],
    },
    {
      name: 'order',
      hint: 'Takes effect with `sort`.',
      pickList: [
        ['Ascending', 'asc'],
        ['Descending', 'desc'],
      ],
    },
  ],
  output: issue,
  paginate: {
    strategy: 'page',
    rows: 'items',
    totalCount: 'total_count',
    sizeParam: 'per_page',
    pageSize: 30,
    maxPageSize: 100,
  },
  execute: (connection, input) =>
    connection.get('search/issues').params(withoutNulls(input)).afterResponse(nameRepositories),
});
