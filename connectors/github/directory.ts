/** The organization whose members and teams are a directory, and what hangs on them. */
import { defineObject, type OpenConnection } from '../../src/connector/define.ts';

/** Which organization: the one that is named, else that of the connection. */
export function organizationOf(connection: OpenConnection, named: string | null | undefined): string {
  const organization: unknown = named ?? connection.fields.organization;
  if (typeof organization === 'string' && organization !== '') return organization;
  return connection.error(
    'Which organization? Name it as `org`, or connect with one as `organization`.',
    'unknown_parameter',
  );
}

/** The input that names it. */
export const org = { name: 'org', hint: 'Login of the organization; without it that of the connection.' } as const;

/** What a directory calls a team. */
export const teamType = 'TEAM';

/** The parts that one can have in a team. @see https://docs.github.com/en/rest/teams/members#add-or-update-team-membership-for-a-user */
export const teamRoles = [
  ['Maintainer', 'maintainer'],
  ['Member', 'member'],
] as const;

/** @see https://docs.github.com/en/rest/teams/teams#list-teams */
export const team = defineObject({
  title: 'Team',
  fields: [
    { name: 'id', type: 'integer', format: 'int64' },
    { name: 'node_id', hint: 'ID of the same thing in the GraphQL API of GitHub.' },
    { name: 'name' },
    { name: 'slug', hint: 'Its name in addresses, unique in its organization.' },
    { name: 'description' },
    { name: 'privacy', hint: 'secret or closed.' },
    { name: 'notification_setting', hint: 'notifications_enabled or notifications_disabled.' },
    { name: 'permission' },
    { name: 'url', hint: 'Address in the REST API.' },
    { name: 'html_url', label: 'Page', hint: 'Address of its page.' },
    { name: 'members_url', hint: 'URI template (RFC 6570).' },
    { name: 'repositories_url' },
  ],
});

/** @see https://docs.github.com/en/rest/teams/members#add-or-update-team-membership-for-a-user */
export const membership = defineObject({
  title: 'Team membership',
  fields: [
    { name: 'url', hint: 'Address in the REST API.' },
    { name: 'role', pickList: teamRoles },
    { name: 'state', hint: 'active, or pending until an invitation is accepted.' },
  ],
});
