import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import zenodo from '../../connectors/zenodo/connector.ts';
import { bucket, depositionId, fileRow, quickstartMetadata } from '../connectors/zenodo/answers.ts';
import { accessToken, clientId, clientSecret, startZenodo, type Zenodo } from '../connectors/zenodo/provider.ts';
import { allowInBrowser } from '../support/allow-in-browser.ts';
import { runGateway, type RunningGateway } from '../support/running-gateway.ts';

let provider: Zenodo;
beforeEach(async () => {
  provider = await startZenodo();
});
afterEach(() => provider.close());

const connection = 'zenodo.tenant';
const serve = (token = accessToken): Promise<RunningGateway> =>
  runGateway([zenodo], { zenodo: { token } }, provider.senderOptions);
const asked = () => provider.requests.map(({ method, url }) => `${method} ${url}`);

/** The answer to what was asked, without errors. */
async function answer(gateway: RunningGateway, query: string, variables: object = {}) {
  const { data, errors } = await gateway.ask(query, variables);
  expect(errors).toBeUndefined();
  return data;
}

describe('connecting to Zenodo', () => {
  const connect = `mutation ($fields: JSON) {
    connect(connector: "zenodo", fields: $fields) { authorizationUrl connection { state } }
  }`;

  it('is signing in there, with both scopes, and a token that ends', async () => {
    const registrations = [{ connector: 'zenodo', fields: { client_id: clientId, client_secret: clientSecret } }];
    const gateway = await runGateway([zenodo], {}, provider.senderOptions, { registrations });
    const { data } = await gateway.ask(connect, { fields: {} });
    const allowed = await allowInBrowser(data.connect.authorizationUrl, 'https://zenodo.org');
    expect(allowed.html).toContain('Zenodo is connected');
    expect(Object.fromEntries(allowed.asked)).toMatchObject({
      client_id: clientId,
      response_type: 'code',
      scope: 'deposit:write deposit:actions',
    });
    expect(await gateway.ask('{ zenodoDepositions { nodes { id } } connections { state scopes expiresAt } }')).toEqual({
      data: {
        zenodoDepositions: { nodes: [{ id: String(depositionId) }] },
        connections: [
          { state: 'STARTED', scopes: ['deposit:write', 'deposit:actions'], expiresAt: expect.any(String) },
        ],
      },
    });
  });

  it('needs a token that Zenodo accepts', async () => {
    const gateway = await runGateway([zenodo], {}, provider.senderOptions);
    const right = await gateway.ask(connect, { fields: { token: accessToken } });
    expect(right.data.connect).toEqual({ authorizationUrl: null, connection: { state: 'STARTED' } });
    const wrong = await (
      await runGateway([zenodo], {}, provider.senderOptions)
    ).ask(connect, { fields: { token: 'x' } });
    expect(wrong.errors?.[0]?.extensions.code).toBe('CONNECTION_TEST_FAILED');
  });
});

describe('a deposition', () => {
  it('goes from a draft to its second version', async () => {
    const gateway = await serve();
    const { zenodoCreateDeposition: made } = await answer(
      gateway,
      `mutation {
        zenodoCreateDeposition(input: { metadata: {
          title: "My first upload", uploadType: POSTER, description: "This is my first upload",
          publicationDate: "2020-05-19", creators: [{ name: "Doe, John", affiliation: "Zenodo" }]
        }, further: { custom: { language: "TypeScript" } } }) {
          id title state submitted metadata { uploadType creators { name } prereserveDoi { doi } } links { bucket }
        }
      }`,
    );
    expect(JSON.parse(provider.requests.at(-1)!.body)).toEqual({
      metadata: { ...quickstartMetadata, publication_date: '2020-05-19', custom: { language: 'TypeScript' } },
    });
    const { id } = made;
    expect(made).toEqual({
      id: String(depositionId + 1),
      title: 'My first upload',
      state: 'unsubmitted',
      submitted: false,
      metadata: {
        uploadType: 'poster',
        creators: [{ name: 'Doe, John' }],
        prereserveDoi: { doi: `10.5072/zenodo.${depositionId + 1}` },
      },
      links: { bucket },
    });
    const published = await answer(
      gateway,
      `mutation ($id: ID!) {
        zenodoPublishDeposition(input: { id: $id }) { submitted doi }
        zenodoEditDeposition(input: { id: $id }) { state }
        zenodoDiscardChanges(input: { id: $id }) { state }
        zenodoCreateNewVersion(input: { id: $id }) { id submitted }
      }`,
      { id },
    );
    expect(published).toEqual({
      zenodoPublishDeposition: { submitted: true, doi: `10.5281/zenodo.${id}` },
      zenodoEditDeposition: { state: 'inprogress' },
      zenodoDiscardChanges: { state: 'done' },
      zenodoCreateNewVersion: { id: String(Number(id) + 100), submitted: false },
    });
    expect(asked().at(-1)).toBe(`GET /api/deposit/depositions/${Number(id) + 100}`);
  });

  it('is null where there is none, and refused by name where a field is wrong', async () => {
    const gateway = await serve();
    expect(await answer(gateway, '{ zenodoDeposition(id: 1) { id } }')).toEqual({ zenodoDeposition: null });
    const { errors } = await gateway.ask(`mutation { zenodoPublishDeposition(input: { id: ${depositionId} }) { id } }`);
    expect(errors).toMatchObject([
      {
        message:
          'Zenodo does not accept these fields: metadata.title, metadata.creators. https://developers.zenodo.org/#representation says what each may be.',
        extensions: { code: 'PROVIDER_BAD_REQUEST', errorCode: 'zenodo.bad_request', http: { status: 400 } },
      },
    ]);
  });

  it('stays when it is published', async () => {
    const gateway = await serve();
    provider.depositions.get(depositionId)!.submitted = true;
    const { errors } = await gateway.ask(
      `mutation { zenodoDeleteDeposition(input: { id: ${depositionId} }) { deleted } }`,
    );
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'PROVIDER_FORBIDDEN',
      errorCode: 'zenodo.permission_denied',
    });
    expect(provider.depositions.has(depositionId)).toBe(true);
  });
});

describe('Zenodo as a storage of metadata', () => {
  it('has projects, which are published', async () => {
    const gateway = await serve();
    const made = await answer(
      gateway,
      `mutation ($metadata: JSON) {
        createProject(connection: "${connection}", input: { metadata: $metadata }) { id title state metadata }
      }`,
      { metadata: quickstartMetadata },
    );
    const id = String(depositionId + 1);
    expect(made.createProject).toMatchObject({
      id,
      title: 'My first upload',
      state: 'DRAFT',
      metadata: quickstartMetadata,
    });
    const changed = await answer(
      gateway,
      `mutation ($metadata: JSON!) {
        updateProject(connection: "${connection}", input: { id: ${id}, metadata: $metadata }) { title }
        publishProject(connection: "${connection}", input: { id: ${id} }) { state doi url createdAt }
        deleteProject(connection: "${connection}", input: { id: ${depositionId} }) { deleted }
      }`,
      { metadata: { ...quickstartMetadata, title: 'Better' } },
    );
    expect(changed).toEqual({
      updateProject: { title: 'Better' },
      publishProject: {
        state: 'PUBLISHED',
        doi: `10.5281/zenodo.${id}`,
        url: `https://zenodo.org/deposit/${id}`,
        createdAt: '2020-05-19T11:58:41.606998Z',
      },
      deleteProject: { deleted: true },
    });
    const listed = await answer(
      gateway,
      `{
      projects(connection: "${connection}", first: 5) { nodes { id } }
      project(connection: "${connection}", id: ${id}) { state }
      none: project(connection: "${connection}", id: ${depositionId}) { state }
    }`,
    );
    expect(listed).toEqual({ projects: { nodes: [{ id }] }, project: { state: 'PUBLISHED' }, none: null });
  });

  it('has files of a project', async () => {
    const gateway = await serve();
    provider.depositions.get(depositionId)!.files = [{ ...fileRow }];
    const file = {
      id: fileRow.id,
      project: String(depositionId),
      name: 'myfirstfile.csv',
      size: 27,
      checksum: `md5:${fileRow.checksum}`,
    };
    const listed = await answer(
      gateway,
      `{
      projectFiles(connection: "${connection}", project: ${depositionId}) { nodes { id project name size checksum } }
      projectFile(connection: "${connection}", project: ${depositionId}, id: "${fileRow.id}") { name }
      none: projectFile(connection: "${connection}", project: ${depositionId}, id: "other") { name }
    }`,
    );
    expect(listed).toEqual({
      projectFiles: { nodes: [file] },
      projectFile: { name: 'myfirstfile.csv' },
      none: null,
    });
    const input = `{ project: ${depositionId}, id: "${fileRow.id}" }`;
    const removed = await answer(
      gateway,
      `mutation {
      deleteProjectFile(connection: "${connection}", input: ${input}) { deleted }
    }`,
    );
    expect(removed).toEqual({ deleteProjectFile: { deleted: true } });
    expect(provider.depositions.get(depositionId)?.files).toEqual([]);
  });

  it('takes the content of a file and gives it back, by one-time URLs', async () => {
    const gateway = await serve();
    const upload = await answer(
      gateway,
      `mutation ($name: String!) {
        uploadProjectFile(connection: "${connection}", input: {
          project: ${depositionId}, name: $name, mediaType: "text/csv"
        }) { url method }
      }`,
      { name: 'rain & snow.csv' },
    );
    expect(upload.uploadProjectFile.method).toBe('PUT');
    const sent = await fetch(upload.uploadProjectFile.url, { method: 'PUT', body: 'day,mm\n1,7\n' });
    expect(sent.status).toBe(204);
    expect(provider.requests.at(-1)).toMatchObject({
      method: 'PUT',
      url: '/api/files/568377dd-daf8-4235-85e1-a56011ad454b/rain%20%26%20snow.csv',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/octet-stream' },
    });
    const { projectFiles } = await answer(
      gateway,
      `{ projectFiles(connection: "${connection}", project: ${depositionId}) { nodes { name size download { url } } } }`,
    );
    expect(projectFiles.nodes).toMatchObject([{ name: 'rain & snow.csv', size: 11 }]);
    const fetched = await fetch(projectFiles.nodes[0].download.url);
    expect(await fetched.text()).toBe('day,mm\n1,7\n');
    expect(fetched.headers.get('content-disposition')).toContain('rain');
  });

  it('says so where a file or its bucket is not there', async () => {
    const gateway = await serve();
    const download = `{ zenodoDownloadFile(depositionId: ${depositionId}, fileId: "none") { content { url } } }`;
    const { zenodoDownloadFile } = await answer(gateway, download);
    const missing = await fetch(zenodoDownloadFile.content.url);
    expect(((await missing.json()) as { errors: object[] }).errors).toMatchObject([
      { message: 'This deposition has no file of that id.', extensions: { code: 'PROVIDER_NOT_FOUND' } },
    ]);
    provider.depositions.get(depositionId)!.links = {};
    const { uploadProjectFile } = await answer(
      gateway,
      `mutation {
        uploadProjectFile(connection: "${connection}", input: { project: ${depositionId}, name: "a.csv" }) { url }
      }`,
    );
    const refused = await fetch(uploadProjectFile.url, { method: 'PUT', body: 'a' });
    expect(((await refused.json()) as { errors: { message: string }[] }).errors[0]?.message).toBe(
      'Zenodo did not say where the files of this deposition are.',
    );
  });
});
