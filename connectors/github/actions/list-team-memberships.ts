/** GET /orgs/{org}/teams, and of each GET /orgs/{org}/teams/{team_slug}/members for each role. */
import { defineAction, path, type OpenConnection } from '../../../src/connector/define.ts';
import { org, organizationOf, teamRoles } from '../directory.ts';
import { user } from '../objects.ts';

/** Of one page: two requests each, and more where a team is large. */
const teamsOfPage = 10;
const membersOfPage = 100;

export const listTeamMemberships = defineAction({
  title: 'List team memberships',
  help: {
    body: 'Who is what in which team of an organization.',
    learnMoreUrl: 'https://docs.github.com/en/rest/teams/members#list-team-members',
  },
  capability: {
    name: 'findEntitlementAssociations',
    output: {
      entitlement: 'role',
      resource: 'team_slug',
      account: { id: 'member.login', username: 'member.login', email: 'member.email', status: () => 'ACTIVE' },
    },
  },
  readOnly: true,
  scopes: ['read:org'],
  input: [org],
  output: [{ name: 'role' }, { name: 'team_slug' }, { name: 'member', type: 'object', properties: user }],
  paginate: { strategy: 'page' },
  async execute(connection, input, { number = 1 }) {
    const organization = organizationOf(connection, input.org);
    const teams: { readonly slug: string }[] = await connection
      .get(path`orgs/${organization}/teams`)
      .params({ per_page: teamsOfPage, page: number });
    const rows = [];
    for (const { slug } of teams) {
      for (const [, role] of teamRoles) {
        for (const member of await membersOf(connection, organization, slug, role)) {
          rows.push({ role, team_slug: slug, member });
        }
      }
    }
    return { rows, next: teams.length < teamsOfPage ? null : number + 1 };
  },
});

async function membersOf(connection: OpenConnection, organization: string, slug: string, role: string) {
  const all: any[] = [];
  for (let page = 1; ; page++) {
    const members: any[] = await connection
      .get(path`orgs/${organization}/teams/${slug}/members`)
      .params({ role, per_page: membersOfPage, page });
    all.push(...members);
    if (members.length < membersOfPage) return all;
  }
}
