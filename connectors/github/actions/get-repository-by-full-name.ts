/** GET /repos/{owner}/{repo}, by the one value that identifies a repository: how joins find it. */
import { defineAction, path } from '../../../src/connector/define.ts';
import { repository } from '../objects.ts';

export const getRepositoryByFullName = defineAction({
  title: 'Get repository by full name',
  help: {
    body: 'A private repository needs the scope `repo`.',
    learnMoreUrl: 'https://docs.github.com/en/rest/repos/repos#get-a-repository',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'full_name', optional: false, hint: 'owner/name' }],
  output: repository,
  execute(connection, { full_name }) {
    const [owner, repo, ...rest] = full_name.split('/');
    if (!owner || !repo || rest.length > 0) {
      return connection.error('The full name of a repository is its owner, "/" and its name.', 'invalid_value');
    }
    return connection.get(path`repos/${owner}/${repo}`);
  },
});
