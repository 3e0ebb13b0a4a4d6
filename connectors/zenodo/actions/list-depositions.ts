/** GET /deposit/depositions, page by page. */
import { defineAction } from '../../../src/connector/define.ts';
import { deposition } from '../objects.ts';
import { project } from '../projects.ts';

export const listDepositions = defineAction({
  title: 'List depositions',
  help: {
    body: 'Depositions of the account, drafts and published ones.',
    learnMoreUrl: 'https://developers.zenodo.org/#list',
  },
  capability: { name: 'listProjects', output: project },
  readOnly: true,
  scopes: [],
  input: [
    { name: 'q', label: 'Query', hint: 'In the query language of Elasticsearch.' },
    {
      name: 'status',
      hint: 'Both, unless told otherwise.',
      pickList: [
        ['Draft', 'draft'],
        ['Published', 'published'],
      ],
    },
    { name: 'sort', hint: 'bestmatch or mostrecent, with a minus before it the other way round.' },
    { name: 'all_versions', type: 'boolean', hint: 'Also those that have a newer version.' },
  ],
  output: deposition,
  paginate: { strategy: 'page', sizeParam: 'size', pageSize: 25, maxPageSize: 100 },
  execute(connection, filters) {
    const given = Object.entries(filters).filter(([, value]) => value !== undefined && value !== null);
    return connection.get('deposit/depositions').params(Object.fromEntries(given));
  },
});
