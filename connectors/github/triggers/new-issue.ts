/** Issues in the order of their last change, from which those that were created since the start are new. */
import { defineTrigger, path } from '../../../src/connector/define.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

/** `since` of the REST API is about changes, so the time from which an issue counts as new is kept beside it. */
interface Cursor {
  readonly changedSince: string;
  /** Milliseconds since 1970: a look-back, which sets times back, must not change it. */
  readonly createdSince: number;
}

export const newIssue = defineTrigger({
  title: 'New issue',
  help: {
    body: 'An issue was opened in a repository. Pull requests are left out.',
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
    {
      name: 'since',
      type: 'date_time',
      hint: 'Start with the issues opened at this time or later, instead of from now on.',
    },
  ],
  output: issue,
  async poll(connection, { owner, repo, since }, cursor: Cursor | undefined, { startedAt }) {
    const start = since ?? startedAt;
    const { changedSince, createdSince } = cursor ?? {
      changedSince: start.toISOString(),
      createdSince: start.getTime(),
    };
    const issues = await connection
      .get(path`repos/${owner}/${repo}/issues`)
      .params({ state: 'all', sort: 'updated', direction: 'asc', since: changedSince, per_page: 100 })
      .afterResponse(nameRepositories);
    const isNew = (row: { created_at: string; pull_request?: unknown }): boolean =>
      row.pull_request === undefined && Date.parse(row.created_at) >= createdSince;
    return {
      events: issues.filter(isNew),
      nextPoll: { changedSince: issues.at(-1)?.updated_at ?? changedSince, createdSince },
      canPollMore: issues.length >= 100,
    };
  },
  sortBy: (issue) => issue.created_at,
  dedup: (issue) => issue.id,
});
