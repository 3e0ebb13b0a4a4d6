/** Names the repository of an issue: GitHub gives its address only, and a join needs its key. */
import type { AfterResponse } from '../../src/connector/define.ts';

/** `https://api.github.com/repos/octokit/rest.js` → `octokit/rest.js` */
const beforeFullName = '/repos/';

interface IssueRow {
  repository_url?: string;
  repository_full_name?: string;
}

/** For one issue, a list of issues, and a page of search results. */
export const nameRepositories: AfterResponse = ({ body }) => {
  const issues: readonly IssueRow[] = Array.isArray(body) ? body : (body?.items ?? [body]);
  for (const issue of issues) nameRepository(issue);
  return body;
};

/** For an issue inside of something else, where there is one. */
export function nameRepository(issue: IssueRow | null | undefined): void {
  const url = issue?.repository_url;
  if (!issue || typeof url !== 'string') return;
  issue.repository_full_name = url.slice(url.indexOf(beforeFullName) + beforeFullName.length);
}
