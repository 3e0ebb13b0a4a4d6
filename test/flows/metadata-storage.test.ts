import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asked } from '../support/directory-connectors.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { mappedRepository, plainRepository, repositoryRoutes } from '../support/metadata-connectors.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

let provider: FakeProvider;
let gateway: TenantGateway;
const plain = 'plain_repository@acme.tenant';
const mapped = 'mapped_repository@acme.tenant';

beforeAll(async () => {
  provider = await startFakeProvider(repositoryRoutes);
  gateway = await startTenantGateway({
    connectors: [plainRepository(provider.origin), mappedRepository(provider.origin)],
    origins: [provider.origin],
    configuration: {
      connections: [
        { connector: 'plain_repository', tenant: 'acme', fields: { key: 'good' } },
        { connector: 'mapped_repository', tenant: 'acme', fields: { key: 'good' } },
      ],
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

/** What was asked, and how it was answered, without errors. */
async function answer(query: string, variables: object = {}) {
  const { data, errors } = await gateway.ask(query, variables);
  expect(errors).toBeUndefined();
  return data;
}

describe('one operation for every provider that has projects', () => {
  const projects = `query ($connection: ID!, $first: Int, $after: String) {
    projects(connection: $connection, first: $first, after: $after) {
      nodes { id title state metadata doi } pageInfo { hasNextPage endCursor }
    }
  }`;

  it('lists those of one that says the same as the capability', async () => {
    expect((await answer(projects, { connection: plain })).projects.nodes).toEqual([
      { id: 'p1', title: 'Snow', state: null, metadata: { keywords: ['cold'] }, doi: null },
    ]);
  });

  it('lists those of one that maps them, page by page', async () => {
    const { nodes, pageInfo } = (await answer(projects, { connection: mapped, first: 2 })).projects;
    expect(nodes).toEqual([
      { id: '7', title: 'Rain', state: 'DRAFT', metadata: { title: 'Rain' }, doi: null },
      { id: '8', title: 'Rain', state: 'PUBLISHED', metadata: { title: 'Rain' }, doi: '10.5072/8' },
    ]);
    const after = pageInfo.endCursor as string;
    const next = (await answer(projects, { connection: mapped, first: 2, after })).projects;
    expect(next.nodes.map(({ id }: { id: string }) => id)).toEqual(['9']);
  });

  it('gives one project, or null where there is none', async () => {
    const data = await answer(`{
      one: project(connection: "${mapped}", id: 7) { id title }
      none: project(connection: "${mapped}", id: 404) { id }
    }`);
    expect(data).toEqual({ one: { id: '7', title: 'Rain' }, none: null });
  });

  it('takes a project from its making to its publication', async () => {
    const made = await answer(`mutation {
      createProject(connection: "${plain}", input: { metadata: { title: "Hail" } }) { id metadata }
    }`);
    expect(made).toEqual({ createProject: { id: 'p2', metadata: { title: 'Hail' } } });
    const published = await answer(`mutation {
      updateProject(connection: "${mapped}", input: { id: 7, metadata: { title: "Sun" } }) { title state }
      publishProject(connection: "${mapped}", input: { id: 7 }) { state doi }
      deleteProject(connection: "${mapped}", input: { id: 7 }) { deleted }
    }`);
    expect(published).toEqual({
      updateProject: { title: 'Sun', state: 'DRAFT' },
      publishProject: { state: 'PUBLISHED', doi: '10.5072/7' },
      deleteProject: { deleted: true },
    });
    expect(asked(provider).slice(-3)).toEqual([
      'PUT /mapped/deposits/7',
      'POST /mapped/deposits/7/publish',
      'DELETE /mapped/deposits/7',
    ]);
  });

  it('lists the files of a project, and removes one', async () => {
    const read = await answer(`{
      projectFiles(connection: "${mapped}", project: 7) { nodes { id project name size checksum } }
    }`);
    expect(read.projectFiles.nodes).toEqual([
      { id: 'a b.csv', project: '7', name: 'a b.csv', size: 3, checksum: 'md5:abc' },
    ]);
    const removed = await answer(`mutation {
      deleteProjectFile(connection: "${mapped}", input: { project: 7, id: "f1" }) { deleted }
    }`);
    expect(removed).toEqual({ deleteProjectFile: { deleted: true } });
  });
});

describe('an idempotency key as an argument', () => {
  it('publishes once for each key', async () => {
    const publish = `mutation ($key: String!) {
      publishProject(connection: "${mapped}", input: { id: 7 }, idempotencyKey: $key) { state }
    }`;
    const before = asked(provider).length;
    await answer(publish, { key: 'publish-once' });
    await answer(publish, { key: 'publish-once' });
    expect(asked(provider).slice(before)).toEqual(['POST /mapped/deposits/7/publish']);
    await answer(publish, { key: 'publish-again' });
    expect(asked(provider).slice(before)).toHaveLength(2);
  });

  it('is refused for another project', async () => {
    const publish = `mutation { publishProject(connection: "${mapped}", input: { id: 8 }, idempotencyKey: "publish-once") { state } }`;
    const { errors } = await gateway.ask(publish);
    expect(errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });
});

describe('an answer of the wrong shape', () => {
  it('fails its own field, and says whose it is and what it lacks', async () => {
    const { data, errors } = await gateway.ask(`{
      project(connection: "${mapped}", id: 8) { id title }
      projectFiles(connection: "${mapped}", project: 8) { nodes { id } }
      projects(connection: "${plain}") { nodes { id } }
    }`);
    expect(data).toEqual({ project: null, projectFiles: null, projects: { nodes: [{ id: 'p1' }] } });
    const extensions = { code: 'PROVIDER_ANSWER_INVALID', errorCode: 'mapped_repository.invalid_response' };
    const inOrder = [...(errors ?? [])].sort((left, right) => left.message.localeCompare(right.message));
    expect(inOrder).toMatchObject([
      {
        message:
          'mapped_repository.actions.get_deposit: expected a value for "id", which each row of the capability has; the provider gave none.',
        path: ['project', 'id'],
        extensions,
      },
      {
        message: 'mapped_repository.list_contents: expected a list of rows; the provider gave an object.',
        path: ['projectFiles'],
        extensions,
      },
    ]);
  });
});

describe('an action that does not fit', () => {
  it('keeps the gateway from starting, and every fault of it is told', async () => {
    const connector = plainRepository(provider.origin, {
      publish_project: {
        readOnly: true,
        capability: { name: 'publishProject', output: { state: 'phase' } },
        input: [{ name: 'number', optional: false }],
        output: [{ name: 'id' }, { name: 'phase', pickList: [['Open', 'OPEN']] }],
        execute: () => ({}),
      },
    });
    const started = startTenantGateway({ connectors: [connector], origins: [provider.origin] });
    await expect(started).rejects.toThrow('plain_repository.actions.publish_project.readOnly');
    await expect(started).rejects.toMatchObject({
      message: expect.stringContaining('expected choices among DRAFT, PUBLISHED; got "OPEN". Map it by a function.'),
    });
  });
});
