/** Issues in the order of their last change. */
import { defineTrigger, path } from '../../../src/connector/define.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

export const updatedIssue = defineTrigger({
  title: 'New or updated issue',
  help: {
    body: 'An issue was opened or changed in a repository. Pull requests are left out.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/issues#list-repository-issues',
  },
  scopes: [],
  startField: 'since',
  // The search that lists issues may be a little behind.
  lookBackMs: 60_000,
  // An answer without changes is not counted against the rate limit.
  conditional: true,
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'since', type: 'date_time', hint: 'Start with the changes at this time or later, instead of from now on.' },
  ],
  output: issue,
  async poll(connection, { owner, repo, since }, lastChangedSince: string | undefined, { startedAt }) {
    const changedSince = lastChangedSince ?? (since ?? startedAt).toISOString();
    const issues = await connection
      .get(path`repos/${owner}/${repo}/issues`)
      .params({ state: 'all', sort: 'updated', direction: 'asc', since: changedSince, per_page: 100 })
      .afterResponse(nameRepositories);
    return {
      events: issues.filter((row: { pull_request?: unknown }) => row.pull_request === undefined),
      nextPoll: issues.at(-1)?.updated_at ?? changedSince,
      canPollMore: issues.length >= 100,
    };
  },
  sortBy: (issue) => issue.updated_at,
  dedup: (issue) => [issue.id, issue.updated_at].join('@'),
});
