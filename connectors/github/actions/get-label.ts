/** GET /repos/{owner}/{repo}/labels/{name} */
import { defineAction, path } from '../../../src/connector/define.ts';
import { label } from '../objects.ts';

export const getLabel = defineAction({
  title: 'Get label',
  help: {
    body: 'A label of a private repository needs the scope `repo`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/issues/labels#get-a-label',
  },
  readOnly: true,
  scopes: [],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'name', optional: false, hint: 'Name of the label.' },
  ],
  output: label,
  execute: (connection, { owner, repo, name }) => connection.get(path`repos/${owner}/${repo}/labels/${name}`),
});
