/** GitHub over its REST API: repositories, their issues and labels, and who is behind them. */
import { defineConnector, ProviderError } from '../../src/connector/define.ts';
import { addLabelsToIssue } from './actions/add-labels-to-issue.ts';
import { addTeamMember } from './actions/add-team-member.ts';
import { createIssue } from './actions/create-issue.ts';
import { createLabel } from './actions/create-label.ts';
import { getIssueByUrl } from './actions/get-issue-by-url.ts';
import { getIssue } from './actions/get-issue.ts';
import { getLabel } from './actions/get-label.ts';
import { getOrganization } from './actions/get-organization.ts';
import { getRepositoriesByFullNames } from './actions/get-repositories-by-full-names.ts';
import { getRepositoryByFullName } from './actions/get-repository-by-full-name.ts';
import { getRepository } from './actions/get-repository.ts';
import { getUser } from './actions/get-user.ts';
import { listIssues } from './actions/list-issues.ts';
import { listLabels } from './actions/list-labels.ts';
import { listLastEvents } from './actions/list-last-events.ts';
import { listMembers } from './actions/list-members.ts';
import { listTeamMemberships } from './actions/list-team-memberships.ts';
import { listTeamRoles } from './actions/list-team-roles.ts';
import { listTeams } from './actions/list-teams.ts';
import { removeTeamMember } from './actions/remove-team-member.ts';
import { searchIssues } from './actions/search-issues.ts';
import { oauthApp, personalAccessToken } from './authorization.ts';
import { membership, team } from './directory.ts';
import { comment, commit, delivery, event, release } from './events.ts';
import { objects } from './objects.ts';
import { newEvent } from './triggers/new-event.ts';
import { newIssue } from './triggers/new-issue.ts';
import { repositoryEvent } from './triggers/repository-event.ts';
import { updatedIssue } from './triggers/updated-issue.ts';

export default defineConnector({
  name: 'github',
  title: 'GitHub',
  description: 'Repositories, issues, labels and accounts of github.com.',
  help: {
    body: 'Connects by signing in at GitHub, or with a personal access token.',
    learnMoreUrl: 'https://docs.github.com/en/rest',
    learnMoreText: 'GitHub REST API',
  },
  connection: {
    fields: [
      {
        name: 'token',
        label: 'Personal access token',
        controlType: 'password',
        hint: 'Leave it out to sign in at GitHub. Settings → Developer settings → Personal access tokens',
      },
      { name: 'organization', hint: 'Login of the organization whose members and teams are asked for as a directory.' },
    ],
    baseUri: 'https://api.github.com/',
    authorization: {
      type: 'multi',
      selected: ({ token }) => (token ? 'token' : 'oauth'),
      options: { token: personalAccessToken, oauth: oauthApp },
    },
  },
  test: (connection) => connection.get('user'),
  objects: { ...objects, event, delivery, comment, release, commit, team, membership },
  actions: {
    getRepository,
    getRepositoryByFullName,
    getRepositoriesByFullNames,
    getOrganization,
    getUser,
    listIssues,
    searchIssues,
    getIssue,
    getIssueByUrl,
    createIssue,
    listLabels,
    getLabel,
    createLabel,
    addLabelsToIssue,
    listMembers,
    listTeams,
    listTeamRoles,
    listTeamMemberships,
    addTeamMember,
    removeTeamMember,
    listLastEvents,
  },
  triggers: { newIssue, updatedIssue, newEvent, repositoryEvent },
  exceptionHandlers: [
    // GitHub hides what the account may not see, so "not found" has two meanings, and the client should know both.
    [
      ProviderError,
      (error: ProviderError) =>
        error.code === 'PROVIDER_NOT_FOUND'
          ? { message: 'GitHub has no such thing, or the connected account may not see it.' }
          : undefined,
      null,
    ],
  ],
});
