/** GET /repos/{owner}/{repo}/issues/{issue_number}, by the one value that identifies an issue: how joins find it. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { nameRepositories } from '../issue-repository.ts';
import { issue } from '../objects.ts';

export const getIssueByUrl = defineAction({
  title: 'Get issue by URL',
  help: {
    body: 'Takes the address in the REST API, which every issue has as `url`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/issues#get-an-issue',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'url', optional: false, hint: 'e.g. https://api.github.com/repos/octokit/rest.js/issues/1' }],
  output: issue,
  execute(connection, { url }) {
    const [, owner, repo, number] = issueUrl.exec(url) ?? [];
    if (!owner || !repo || !number) {
      return connection.error(
        'The URL of an issue is https://api.github.com/repos/<owner>/<repository>/issues/<number>.',
        'invalid_value',
      );
    }
    return connection.get(path`repos/${owner}/${repo}/issues/${number}`).afterResponse(nameRepositories);
  },
});

const issueUrl = /^https:\/\/api\.github\.com\/repos\/([\w.-]+)\/([\w.-]+)\/issues\/(\d+)$/;
