/** GET /orgs/{org}/teams, a page at a time by its Link header. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { org, organizationOf, team, teamType } from '../directory.ts';

export const listTeams = defineAction({
  title: 'List teams',
  help: {
    body: 'Teams of an organization that the connected account may see.',
    learnMoreUrl: 'https://docs.github.com/en/rest/teams/teams#list-teams',
  },
  capability: {
    name: 'listResources',
    input: { kind: 'resourceType' },
    output: { id: 'slug', label: 'name', resourceType: () => teamType },
  },
  readOnly: true,
  scopes: ['read:org'],
  input: [org, { name: 'kind', pickList: [['Team', teamType]], hint: 'There are teams alone.' }],
  output: team,
  paginate: { strategy: 'link', sizeParam: 'per_page', pageSize: 30, maxPageSize: 100 },
  execute: (connection, input) => connection.get(path`orgs/${organizationOf(connection, input.org)}/teams`),
});
