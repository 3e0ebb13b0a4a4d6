/** One call of every action and trigger of the GitHub connector, against recorded answers. */
import type { ConnectorExercises } from '../../contract/connector-contract.ts';
import { deriveRecording, readScenario, startReplay, type Recording } from '../../support/replay.ts';
import { eventRow, recordedIssue, recordedRepository, userRecording } from './recordings.ts';
import { directoryRecordings } from './directory.ts';
import { repositoryEvent } from './webhook.ts';

const owner = 'octokit-fixture-org';

export const exercises: ConnectorExercises = {
  async startProvider() {
    const { senderOptions, unmatched, close } = await startReplay(
      ...[
        'get-repository',
        'get-organization',
        'paginate-issues',
        'search-issues',
        'add-labels-to-issue',
        'labels',
      ].flatMap(readScenario),
      ...derivedRecordings(),
      ...directoryRecordings(),
    );
    return { fields: { token: '0000000000000000000000000000000000000001' }, senderOptions, unmatched, close };
  },
  actions: {
    getRepository: { owner, repo: 'hello-world' },
    getRepositoryByFullName: { fullName: `${owner}/hello-world` },
    getRepositoriesByFullNames: { fullNames: [`${owner}/hello-world`, 'no name'] },
    getOrganization: { login: owner },
    getUser: { login: 'octokit-fixture-user-a' },
    listIssues: { owner, repo: 'paginate-issues', first: 3 },
    searchIssues: { q: `sesame repo:${owner}/search-issues` },
    getIssue: { owner, repo: 'add-labels-to-issue', number: 1 },
    getIssueByUrl: { url: `https://api.github.com/repos/${owner}/add-labels-to-issue/issues/1` },
    createIssue: { owner, repo: 'add-labels-to-issue', title: 'Issue without a label' },
    addLabelsToIssue: { owner, repo: 'add-labels-to-issue', number: 1, labels: ['Foo', 'bAr', 'baZ'] },
    listLabels: { owner, repo: 'labels' },
    getLabel: { owner, repo: 'labels', name: 'test-label' },
    createLabel: { owner, repo: 'labels', name: 'test-label', color: '663399' },
    listMembers: { org: 'github', first: 30 },
    listTeams: { org: 'github', first: 30 },
    listTeamRoles: { org: 'github', teamSlug: 'justice-league' },
    listTeamMemberships: { org: 'github' },
    addTeamMember: { org: 'github', teamSlug: 'justice-league', username: 'octocat', role: 'maintainer' },
    removeTeamMember: { org: 'github', teamSlug: 'justice-league', username: 'octocat' },
    listLastEvents: { usernames: ['octocat'] },
  },
  triggers: {
    newIssue: { owner, repo: 'paginate-issues', since: new Date('2017-10-10T00:00:00Z') },
    updatedIssue: { owner, repo: 'paginate-issues', since: new Date('2017-10-10T00:00:00Z') },
    newEvent: { owner, repo: 'hello-world' },
  },
  webhooks: { repositoryEvent },
};

/** What GitHub was never recorded to answer: the same rows, asked for in another way. */
function derivedRecordings(): Recording[] {
  const [page] = readScenario('paginate-issues') as [Recording];
  const issues = '/repos/octokit-fixture-org/paginate-issues/issues';
  return [
    userRecording('octokit-fixture-user-a'),
    deriveRecording(page, {
      path: '/search/repositories?q=repo:octokit-fixture-org/hello-world+fork:true&per_page=100',
      response: { total_count: 1, incomplete_results: false, items: [recordedRepository()] },
    }),
    deriveRecording(page, {
      path: '/repos/octokit-fixture-org/add-labels-to-issue/issues/1',
      response: recordedIssue(),
    }),
    deriveRecording(page, {
      path: `${issues}?state=all&sort=updated&direction=asc&since=2017-10-10T00:00:00.000Z&per_page=100`,
      response: page.response,
    }),
    deriveRecording(page, {
      path: '/repos/octokit-fixture-org/hello-world/events?per_page=100&page=1',
      response: [eventRow(2, 'IssuesEvent', { action: 'opened', issue: recordedIssue() }), eventRow(1)],
    }),
  ];
}
