/** GET /orgs/{org}/members, a page at a time by its Link header. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { org, organizationOf } from '../directory.ts';
import { user } from '../objects.ts';

export const listMembers = defineAction({
  title: 'List members',
  help: {
    body: 'Accounts of an organization; those that hide their membership are shown to its members alone.',
    learnMoreUrl: 'https://docs.github.com/en/rest/orgs/members#list-organization-members',
  },
  capability: {
    name: 'listAccounts',
    output: { id: 'login', username: 'login', status: () => 'ACTIVE' },
  },
  readOnly: true,
  lacks: ['name', 'email', 'company', 'location', 'bio', 'created_at', 'updated_at'],
  scopes: ['read:org'],
  input: [org],
  output: user,
  paginate: { strategy: 'link', sizeParam: 'per_page', pageSize: 30, maxPageSize: 100 },
  execute: (connection, input) => connection.get(path`orgs/${organizationOf(connection, input.org)}/members`),
});
