/** PUT /orgs/{org}/teams/{team_slug}/memberships/{username} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { membership, org, organizationOf, teamRoles, teamType } from '../directory.ts';

export const addTeamMember = defineAction({
  title: 'Add team member',
  help: {
    body: 'Adds an account to a team, or changes its role; one that is no member of the organization is invited.',
    learnMoreUrl: 'https://docs.github.com/en/rest/teams/members#add-or-update-team-membership-for-a-user',
  },
  capability: {
    name: 'assignEntitlement',
    input: {
      username: 'account',
      team_slug: 'resource',
      role: 'entitlement',
      kind: 'resourceType',
      part: 'entitlementType',
    },
    output: { assigned: () => true },
  },
  // Who has the role already keeps it.
  idempotent: true,
  scopes: ['admin:org'],
  input: [
    org,
    { name: 'team_slug', optional: false, hint: 'Name of the team in addresses.' },
    { name: 'username', optional: false, hint: 'Login of the account.' },
    { name: 'role', pickList: teamRoles, hint: 'A member, unless told otherwise.' },
    { name: 'kind', pickList: [['Team', teamType]], hint: 'There are teams alone.' },
    { name: 'part', pickList: [['Role', 'ROLE']], hint: 'There are roles alone.' },
  ],
  output: membership,
  execute: (connection, { team_slug, username, role, ...input }) =>
    connection.put(
      path`orgs/${organizationOf(connection, input.org)}/teams/${team_slug}/memberships/${username}`,
      role ? { role } : {},
    ),
});
