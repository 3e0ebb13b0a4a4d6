/** Two connectors that have projects: one says what the capability says, the other is shaped as Zenodo's API is. */
import type { Action, Connector } from '../../src/connector/definition.ts';
import type { Routes } from './fake-provider.ts';

const connection = (origin: string, place: string): Connector['connection'] => ({
  fields: [{ name: 'key', controlType: 'password', optional: false }],
  baseUri: `${origin}/${place}/`,
  authorization: { type: 'api_key', apply: (request, { fields }) => request.headers({ 'x-key': fields.key }) },
});

const project = [{ name: 'id', optional: false }, { name: 'title' }, { name: 'metadata', type: 'object' }] as const;

/** Its projects are those of the capability. */
export function plainRepository(origin: string, actions: Record<string, Action> = {}): Connector {
  return {
    name: 'plain_repository',
    title: 'Plain Repository',
    connection: connection(origin, 'plain'),
    actions: {
      list_projects: {
        readOnly: true,
        list: true,
        capability: 'listProjects',
        output: project,
        execute: (open) => open.get('projects'),
      },
      create_project: {
        capability: 'createProject',
        input: [{ name: 'metadata', type: 'object' }],
        output: project,
        execute: (open, { metadata }) => open.post('projects', metadata ?? {}),
      },
      ...actions,
    },
  };
}

const deposit = [
  { name: 'number', type: 'integer' },
  { name: 'about', type: 'object', properties: [{ name: 'title' }] },
  { name: 'submitted', type: 'boolean' },
  { name: 'doi' },
] as const;

const depositOutput = {
  id: 'number',
  title: 'about.title',
  metadata: 'about',
  state: ({ submitted }: { submitted: boolean }) => (submitted ? 'PUBLISHED' : 'DRAFT'),
};

const content = [{ name: 'key' }, { name: 'length', type: 'integer' }, { name: 'md5' }] as const;

const contentOutput = {
  id: 'key',
  name: 'key',
  project: (_row: unknown, { project: asked }: Record<string, unknown>) => asked,
  size: 'length',
  checksum: ({ md5 }: { md5: string }) => `md5:${md5}`,
};

/** Maps deposits and their contents. */
export function mappedRepository(origin: string): Connector {
  const ofDeposit = [{ name: 'number', type: 'integer', optional: false }] as const;
  return {
    name: 'mapped_repository',
    title: 'Mapped Repository',
    connection: connection(origin, 'mapped'),
    actions: {
      list_deposits: {
        readOnly: true,
        capability: { name: 'listProjects', output: depositOutput },
        output: deposit,
        paginate: { strategy: 'page', sizeParam: 'size', pageSize: 2 },
        execute: (open) => open.get('deposits'),
      },
      get_deposit: {
        readOnly: true,
        capability: { name: 'getProject', input: { number: 'id' }, output: depositOutput },
        input: ofDeposit,
        output: deposit,
        execute: (open, { number }) => open.get(`deposits/${number}`).afterErrorResponse(404, () => null),
      },
      update_deposit: {
        capability: { name: 'updateProject', input: { number: 'id', about: 'metadata' }, output: depositOutput },
        input: [...ofDeposit, { name: 'about', type: 'object', optional: false }],
        output: deposit,
        execute: (open, { number, about }) => open.put(`deposits/${number}`, { about }),
      },
      publish_deposit: {
        capability: { name: 'publishProject', input: { number: 'id' }, output: depositOutput },
        input: ofDeposit,
        output: deposit,
        execute: (open, { number }) => open.post(`deposits/${number}/publish`),
      },
      delete_deposit: {
        capability: { name: 'deleteProject', input: { number: 'id' }, output: { deleted: () => true } },
        input: ofDeposit,
        output: [{ name: 'status' }],
        execute: (open, { number }) => open.delete(`deposits/${number}`),
      },
      list_contents: {
        readOnly: true,
        list: true,
        capability: { name: 'listProjectFiles', input: { number: 'project' }, output: contentOutput },
        input: ofDeposit,
        output: content,
        execute: (open, { number }) => open.get(`deposits/${number}/contents`),
      },
      delete_content: {
        capability: {
          name: 'deleteProjectFile',
          input: { number: 'project', key: 'id' },
          output: { deleted: () => true },
        },
        input: [...ofDeposit, { name: 'key', optional: false }],
        output: [{ name: 'status' }],
        execute: (open, { number, key }) => open.delete(`deposits/${number}/contents/${key}`),
      },
    },
  };
}

const first = { number: 7, about: { title: 'Rain' }, submitted: false };

export const repositoryRoutes: Routes = {
  'GET /plain/projects': { json: [{ id: 'p1', title: 'Snow', metadata: { keywords: ['cold'] } }] },
  'POST /plain/projects': ({ body }) => ({ json: { id: 'p2', metadata: JSON.parse(body) } }),
  'GET /mapped/deposits': ({ query }) => {
    const rows = [first, { ...first, number: 8, submitted: true, doi: '10.5072/8' }, { ...first, number: 9 }];
    return { json: rows.slice((Number(query.page) - 1) * 2, Number(query.page) * 2) };
  },
  'GET /mapped/deposits/7': { json: first },
  'GET /mapped/deposits/404': { status: 404, json: {} },
  'GET /mapped/deposits/8': { json: { about: { title: 'No number' } } },
  'GET /mapped/deposits/8/contents': { json: { contents: [] } },
  'PUT /mapped/deposits/7': ({ body }) => ({ json: { ...first, ...JSON.parse(body) } }),
  'POST /mapped/deposits/7/publish': { json: { ...first, submitted: true, doi: '10.5072/7' } },
  'DELETE /mapped/deposits/7': { status: 204 },
  'GET /mapped/deposits/7/contents': { json: [{ key: 'a b.csv', length: 3, md5: 'abc' }] },
  'DELETE /mapped/deposits/7/contents/f1': { status: 204 },
};
