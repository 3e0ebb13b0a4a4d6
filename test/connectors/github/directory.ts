/**
 * The directory of an organization, which was never recorded: answers as the documentation shows them.
 *
 * @see https://docs.github.com/en/rest/orgs/members#list-organization-members
 * @see https://docs.github.com/en/rest/teams/teams#list-teams
 * @see https://docs.github.com/en/rest/teams/members#list-team-members
 */
import { readScenario, type Recording } from '../../support/replay.ts';
import { eventRow } from './recordings.ts';

/** The account of the documentation's examples, under any login. */
export function memberRow(login: string, id = 1): Record<string, unknown> {
  const url = `https://api.github.com/users/${login}`;
  return {
    login,
    id,
    node_id: 'MDQ6VXNlcjE=',
    avatar_url: 'https://github.com/images/error/octocat_happy.gif',
    gravatar_id: '',
    url,
    html_url: `https://github.com/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: 'User',
    site_admin: false,
  };
}

export const teamRow = {
  id: 1,
  node_id: 'MDQ6VGVhbTE=',
  url: 'https://api.github.com/teams/1',
  html_url: 'https://github.com/orgs/github/teams/justice-league',
  name: 'Justice League',
  slug: 'justice-league',
  description: 'A great team.',
  privacy: 'closed',
  notification_setting: 'notifications_enabled',
  permission: 'admin',
  members_url: 'https://api.github.com/teams/1/members{/member}',
  repositories_url: 'https://api.github.com/teams/1/repos',
  parent: null,
};

export function directoryRecordings(): Recording[] {
  const [any] = readScenario('get-organization') as [Recording];
  const { link: _link, ...headers } = any.headers;
  const get = (path: string, response: unknown): Recording => ({
    ...any,
    headers,
    method: 'get',
    body: '',
    status: 200,
    path,
    response,
  });
  const teams = '/orgs/github/teams';
  const team = `${teams}/justice-league`;
  const membership = { url: 'https://api.github.com/teams/1/memberships/octocat', role: 'maintainer', state: 'active' };
  return [
    get('/orgs/github/members?per_page=30', [memberRow('octocat'), memberRow('hubot', 2)]),
    get(`${teams}?per_page=30`, [teamRow]),
    get(team, { ...teamRow, members_count: 3, repos_count: 10 }),
    get(`${teams}?per_page=10&page=1`, [teamRow]),
    get(`${team}/members?role=maintainer&per_page=100&page=1`, [memberRow('octocat')]),
    get(`${team}/members?role=member&per_page=100&page=1`, [memberRow('hubot', 2)]),
    { ...get(`${team}/memberships/octocat`, membership), method: 'put', body: { role: 'maintainer' } },
    { ...get(`${team}/memberships/octocat`, ''), method: 'delete', status: 204 },
    get('/users/octocat/events?per_page=1', [eventRow(2)]),
    get('/users/hubot/events?per_page=1', []),
  ];
}
