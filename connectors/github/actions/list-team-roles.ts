/** GET /orgs/{org}/teams/{team_slug} says whether there is the team; every team has the same roles. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { org, organizationOf, teamRoles, teamType } from '../directory.ts';

export const listTeamRoles = defineAction({
  title: 'List team roles',
  help: {
    body: 'What members can be in a team.',
    learnMoreUrl: 'https://docs.github.com/en/rest/teams/teams#get-a-team-by-name',
  },
  capability: {
    name: 'listEntitlements',
    input: { team_slug: 'resource', kind: 'resourceType' },
    output: { id: 'role', resource: 'team_slug', entitlementType: () => 'ROLE', isAssignable: () => true },
  },
  readOnly: true,
  scopes: ['read:org'],
  input: [
    org,
    { name: 'team_slug', optional: false, hint: 'Name of the team in addresses.' },
    { name: 'kind', pickList: [['Team', teamType]], hint: 'There are teams alone.' },
  ],
  output: [{ name: 'role' }, { name: 'label' }, { name: 'team_slug' }],
  list: true,
  async execute(connection, input) {
    const organization = organizationOf(connection, input.org);
    const { slug } = await connection.get(path`orgs/${organization}/teams/${input.team_slug}`);
    return teamRoles.map(([label, role]) => ({ role, label, team_slug: slug as string }));
  },
});
