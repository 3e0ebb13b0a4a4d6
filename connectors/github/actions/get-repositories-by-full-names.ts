/** GET /search/repositories?q=repo:a/b repo:c/d answers many repositories at once; joins use it. */
import { defineAction } from '../../../src/connector/define.ts';
import { repository } from '../objects.ts';

export const getRepositoriesByFullNames = defineAction({
  title: 'Get repositories by full names',
  help: {
    body: 'Repositories that do not exist, or that the connected account may not see, are left out.',
    learnMoreUrl: 'https://docs.github.com/en/rest/search/search#search-repositories',
  },
  readOnly: true,
  batch: true,
  // A name has up to 140 characters and GitHub takes URLs up to 8 KiB.
  maxBatchSize: 50,
  lacks: [
    'permissions',
    'temp_clone_token',
    'allow_squash_merge',
    'allow_merge_commit',
    'allow_rebase_merge',
    'allow_auto_merge',
    'allow_update_branch',
    'delete_branch_on_merge',
    'use_squash_pr_title_as_default',
    'organization',
    'parent',
    'source',
    'network_count',
    'subscribers_count',
  ],
  scopes: [],
  input: [{ name: 'full_names', type: 'array', of: 'string', optional: false, hint: 'Each owner/name.' }],
  output: repository,
  async execute(connection, { full_names }) {
    const names = full_names.filter((name) => fullName.test(name)).map((name) => `repo:${name}`);
    if (names.length === 0) return [];
    const found = await connection
      .get('search/repositories')
      // Without `fork:true` the search leaves forks out.
      .params({ q: [...names, 'fork:true'].join(' '), per_page: 100 })
      // What GitHub answers when not one of the names can be seen.
      .afterErrorResponse(/cannot be searched/, () => ({ items: [] }));
    return found.items;
  },
});

/** Anything else in the query could be read as a qualifier of the search. */
const fullName = /^[\w.-]+\/[\w.-]+$/;
