import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plainRepository } from '../support/metadata-connectors.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

let gateway: TenantGateway;
beforeAll(async () => {
  gateway = await startTenantGateway({ connectors: [plainRepository('http://127.0.0.1:1')] });
});
afterAll(() => gateway.close());

const ada = { subject: 'ada' };
/** Id of the first one that is made. */
let first = '';
const fields = `id number index name state owner
  imports { port fileStorage metadata customProperties { key value } } exports { port }`;

async function answer(query: string, variables: object = {}, who: object = ada) {
  const { data, errors } = await gateway.ask(query, variables, who);
  expect(errors).toBeUndefined();
  return data;
}

describe('research contexts in GraphQL', () => {
  it('are begun, filled and brought to their end', async () => {
    const { createResearchContext: made } = await answer(
      `mutation ($input: ResearchContextInput) { createResearchContext(input: $input) { ${fields} } }`,
      { input: { name: 'Rain', imports: [{ port: 'port-owncloud', fileStorage: true }] } },
    );
    const owncloud = { port: 'port-owncloud', fileStorage: true, metadata: false, customProperties: null };
    first = made.id;
    expect(made).toEqual({
      id: expect.any(String),
      number: 0,
      index: 0,
      name: 'Rain',
      state: 'CREATED',
      owner: 'SUBJECT',
      imports: [owncloud],
      exports: [],
    });
    const changed = await answer(
      `mutation ($id: ID!, $port: ResearchPortInput!) {
        setResearchPort(id: $id, direction: EXPORT, port: $port) { exports { port metadata customProperties { value } } }
        renameResearchContext(id: $id, name: "Snow") { name }
        advanceResearchContext(id: $id) { state }
        removeResearchPort(id: $id, direction: IMPORT, port: "port-owncloud") { imports { port } }
        finishResearchContext(id: $id) { state }
      }`,
      {
        id: first,
        port: { port: 'port-zenodo', metadata: true, customProperties: [{ key: 'projectId', value: { id: 7 } }] },
      },
    );
    expect(changed).toEqual({
      setResearchPort: {
        exports: [{ port: 'port-zenodo', metadata: true, customProperties: [{ value: { id: 7 } }] }],
      },
      renameResearchContext: { name: 'Snow' },
      advanceResearchContext: { state: 'WORK' },
      removeResearchPort: { imports: [] },
      finishResearchContext: { state: 'DONE' },
    });
  });

  it('are listed without those that are deleted, unless these are asked for', async () => {
    const { id } = (await answer('mutation { createResearchContext { id } }')).createResearchContext;
    await answer('mutation ($id: ID!) { deleteResearchContext(id: $id) { state } }', { id });
    const listed = await answer(
      `query ($id: ID!) {
        researchContexts { id state }
        deleted: researchContexts(state: DELETED) { id }
        one: researchContext(id: $id) { state createdAt updatedAt }
        none: researchContext(id: "seven") { id }
      }`,
      { id },
    );
    expect(listed).toEqual({
      researchContexts: [{ id: first, state: 'DONE' }],
      deleted: [{ id }],
      one: { state: 'DELETED', createdAt: expect.any(String), updatedAt: expect.any(String) },
      none: null,
    });
  });

  it('are the tenant’s where no subject is named, and nobody’s else', async () => {
    const own = await answer('mutation { createResearchContext { number index owner } }', {}, {});
    expect(own.createResearchContext).toEqual({ number: 2, index: 0, owner: 'TENANT' });
    for (const who of [{ subject: 'bob' }, { subject: 'ada', tenant: 'globex' }, {}]) {
      const { data, errors } = await gateway.ask(
        'mutation ($id: ID!) { advanceResearchContext(id: $id) { id } }',
        { id: first },
        who as typeof ada,
      );
      expect(data).toBeNull();
      expect(errors).toMatchObject([
        {
          message: 'There is no research context of that id of yours.',
          extensions: { code: 'RESEARCH_NOT_FOUND' },
        },
      ]);
    }
  });
});
