/** GET /orgs/{org} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { organization } from '../objects.ts';

export const getOrganization = defineAction({
  title: 'Get organization',
  help: {
    body: 'Plan and settings are shown to owners of the organization with the scope `admin:org`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/orgs/orgs#get-an-organization',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'login', optional: false, hint: 'Name of the organization, as in github.com/<login>.' }],
  output: organization,
  execute: (connection, { login }) => connection.get(path`orgs/${login}`),
});
