/** DELETE /orgs/{org}/teams/{team_slug}/memberships/{username} answers 204. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { org, organizationOf, teamRoles, teamType } from '../directory.ts';

export const removeTeamMember = defineAction({
  title: 'Remove team member',
  help: {
    body: 'Takes an account out of a team, whatever its role; it stays a member of the organization.',
    learnMoreUrl: 'https://docs.github.com/en/rest/teams/members#remove-team-membership-for-a-user',
  },
  capability: {
    name: 'unassignEntitlement',
    input: {
      username: 'account',
      team_slug: 'resource',
      role: 'entitlement',
      kind: 'resourceType',
      part: 'entitlementType',
    },
    output: { unassigned: 'removed' },
  },
  scopes: ['admin:org'],
  input: [
    org,
    { name: 'team_slug', optional: false, hint: 'Name of the team in addresses.' },
    { name: 'username', optional: false, hint: 'Login of the account.' },
    { name: 'role', pickList: teamRoles, hint: 'Of no effect: an account has one role in a team.' },
    { name: 'kind', pickList: [['Team', teamType]], hint: 'There are teams alone.' },
    { name: 'part', pickList: [['Role', 'ROLE']], hint: 'There are roles alone.' },
  ],
  output: [{ name: 'team_slug' }, { name: 'username' }, { name: 'removed', type: 'boolean' }],
  async execute(connection, { team_slug, username, ...input }) {
    const organization = organizationOf(connection, input.org);
    await connection.delete(path`orgs/${organization}/teams/${team_slug}/memberships/${username}`);
    return { team_slug, username, removed: true };
  },
});
