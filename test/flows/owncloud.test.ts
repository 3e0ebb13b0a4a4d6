import { readFile, readdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../src/storage/records.ts';
import owncloud from '../../connectors/owncloud/connector.ts';
import { multistatus, tokens } from '../connectors/owncloud/answers.ts';
import { appPassword, clientId, clientSecret, startOwnCloud, type OwnCloud } from '../connectors/owncloud/provider.ts';
import { callConnector, type ConnectorCaller } from '../support/connector-call.ts';
import { allowInBrowser } from '../support/allow-in-browser.ts';
import { runGateway } from '../support/running-gateway.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { until } from '../support/until.ts';
import { withWebDav } from '../support/webdav-server.ts';

const connection = 'owncloud.tenant';
const asId = JSON.stringify(connection);

interface Place {
  readonly server: string;
  readonly origin: string;
}

/** One for each place: most of a gateway's time goes into its start. */
const gateways = new Map<string, Promise<RunningGateway>>();
function serve({ server, origin }: Place): Promise<RunningGateway> {
  const registered = { server, client_id: clientId, client_secret: clientSecret };
  const known =
    gateways.get(server) ??
    startGateway({
      connectors: [owncloud],
      origins: [origin],
      configuration: {
        registrations: [{ connector: 'owncloud', fields: registered }],
        connections: [{ connector: 'owncloud', fields: { user: 'ada', app_password: appPassword } }],
      },
    });
  gateways.set(server, known);
  return known;
}
afterAll(async () => {
  for (const gateway of gateways.values()) await (await gateway).close();
});

/** The first error, as code, the connector's code and message. */
async function refusal(gateway: RunningGateway, query: string, variables: object = {}) {
  const { errors } = await gateway.ask(query, variables);
  return [errors?.[0]?.extensions.code, errors?.[0]?.extensions.errorCode, errors?.[0]?.message];
}

const fileFields = 'path name kind size mediaType etag modifiedAt';
const list = `query ($path: String!) { files(connection: ${asId}, path: $path) { nodes { path kind size } } }`;
const find = `query ($path: String!) { file(connection: ${asId}, path: $path) { ${fileFields} } }`;
const makeFolder = `mutation ($path: String!) { createFolder(connection: ${asId}, input: { path: $path }) { path kind } }`;
const move = `mutation ($input: MoveFileInput!) { moveFile(connection: ${asId}, input: $input) { path } }`;
const remove = `mutation ($path: String!) { deleteFile(connection: ${asId}, input: { path: $path }) { deleted } }`;
const uploadTo = `mutation ($input: UploadFileInput!) { uploadFile(connection: ${asId}, input: $input) { url } }`;
const downloadOf = `query ($path: String!) { file(connection: ${asId}, path: $path) { download { url } } }`;

async function upload(gateway: RunningGateway, path: string, body: string, more: object = {}) {
  const { data } = await gateway.ask(uploadTo, { input: { path, ...more } });
  return fetch(data.uploadFile.url, { method: 'PUT', body });
}

async function download(gateway: RunningGateway, path: string): Promise<Response> {
  const { data } = await gateway.ask(downloadOf, { path });
  return fetch(data.file.download.url);
}

describe('ownCloud', () => {
  let provider: OwnCloud;
  beforeAll(async () => {
    provider = await startOwnCloud();
  });
  beforeEach(() => {
    provider.propfindWith = undefined;
  });
  afterAll(() => provider.close());

  it('is connected by signing in at the server of the registration', async () => {
    const { server, origin } = provider;
    const gateway = await runGateway(
      [owncloud],
      {},
      { allowedPrivateOrigins: [origin] },
      {
        registrations: [
          { connector: 'owncloud', fields: { server, client_id: clientId, client_secret: clientSecret } },
        ],
        http: { allowedPrivateOrigins: [origin] },
      },
    );
    const { data } = await gateway.ask(
      'mutation { connect(connector: "owncloud", fields: {}) { authorizationUrl connection { id } } }',
    );
    const allowed = await allowInBrowser(data.connect.authorizationUrl, origin);
    expect(allowed.html).toContain('ownCloud is connected');
    expect(Object.fromEntries(allowed.asked)).toMatchObject({ client_id: clientId, code_challenge_method: 'S256' });
    const answer = await gateway.ask('{ owncloudFiles { path kind size etag } connections { state } }');
    expect(answer).toEqual({
      data: {
        owncloudFiles: [{ path: '/Documents', kind: 'FOLDER', size: 64, etag: expect.any(String) }],
        connections: [{ state: 'STARTED' }],
      },
    });
    expect(provider.requests.at(-1)!.headers.authorization).toBe(`Bearer ${tokens.access_token}`);
  });

  it('shows what the capability shows, and shares that lead to their files', async () => {
    const gateway = await serve(provider);
    expect((await gateway.ask(find, { path: '/Documents/Example.odt' })).data.file).toEqual({
      path: '/Documents/Example.odt',
      name: 'Example.odt',
      kind: 'FILE',
      size: 11,
      mediaType: 'text/plain',
      etag: expect.stringMatching(/^e\d+$/),
      modifiedAt: '2026-12-01T10:00:00.000Z',
    });
    const shares = '{ owncloudShares { id kind url expiresOn sharedAt file { name size } } }';
    expect((await gateway.ask(shares)).data.owncloudShares).toEqual([
      {
        id: '1',
        kind: 'LINK',
        url: 'https://cloud.example.test/s/fQ1fVv1sbHiQpCr',
        expiresOn: '2026-12-31',
        sharedAt: '2025-12-01T10:40:00.000Z',
        file: { name: 'Example.odt', size: 11 },
      },
    ]);
    const made = `mutation { owncloudCreateShare(input: { path: "/Documents", kind: USER, shareWith: "bob" }) { id kind path } }`;
    expect((await gateway.ask(made)).data.owncloudCreateShare).toEqual({ id: '2', kind: 'USER', path: '/Documents' });
  });

  it.each([
    [
      'XML that breaks off',
      '<d:multistatus xmlns:d="DAV:"><d:response>',
      'with a body that is no XML we read: it is not well-formed at line 1.',
    ],
    [
      'an XML bomb',
      '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><d:multistatus>&lol2;</d:multistatus>',
      'with a body that is no XML we read: it has a document type declaration, which is never read.',
    ],
    [
      'an entity of its own',
      '<multistatus>&lol2;</multistatus>',
      'with a body that is no XML we read: it uses an entity beyond the five of XML.',
    ],
  ])('refuses %s', async (_name, xml, said) => {
    const gateway = await serve(provider);
    provider.propfindWith = xml;
    const url = `${provider.server}/remote.php/webdav/`;
    expect(await refusal(gateway, list, { path: '/' })).toEqual([
      'PROVIDER_ANSWER_INVALID',
      'owncloud.invalid_response',
      `ownCloud answered PROPFIND ${url} ${said}`,
    ]);
  });

  it.each([
    ['XML of something else', '<html/>', 'ownCloud answered PROPFIND with XML that lists no files.'],
    [
      'a file without a place',
      multistatus(['<d:response/>']),
      'ownCloud answered PROPFIND with a file that lies nowhere.',
    ],
    [
      'another folder',
      multistatus(['<d:response><d:href>/remote.php/webdav/x</d:href></d:response>']),
      'ownCloud listed a folder without the folder itself.',
    ],
    [
      'a path that is no UTF-8',
      multistatus(['<d:response><d:href>/remote.php/webdav/%ff</d:href></d:response>']),
      'ownCloud answered PROPFIND with a file that lies nowhere.',
    ],
  ])('refuses %s', async (_name, xml, said) => {
    const gateway = await serve(provider);
    provider.propfindWith = xml;
    expect(await refusal(gateway, list, { path: '/' })).toEqual(['CONNECTOR_ERROR', 'owncloud.invalid_response', said]);
  });

  describe('its trigger', () => {
    let caller: ConnectorCaller;
    let cursor: JsonValue | undefined;
    beforeEach(() => {
      const fields = { server: provider.server, user: 'ada', app_password: appPassword };
      caller = callConnector(owncloud, fields, { allowedPrivateOrigins: [provider.origin] });
      cursor = undefined;
      for (const path of provider.files.keys())
        if (!/^\/(Documents(\/Example.odt)?)?$/.test(path)) provider.files.delete(path);
      provider.put('/');
    });
    afterEach(() => caller.close());

    async function poll() {
      const before = provider.requests.length;
      const page = await caller.trigger('changedFile').poll(caller.run, {}, cursor);
      cursor = page.cursor;
      const paths = page.rows.map((row) => (row as { path: string }).path);
      return { paths, isMore: page.canPollMore, requests: provider.requests.length - before };
    }

    it('tells of files that are added and changed, and asks once while nothing is', async () => {
      expect(await poll()).toEqual({ paths: ['/Documents/Example.odt'], isMore: false, requests: 2 });
      expect(await poll()).toEqual({ paths: [], isMore: false, requests: 1 });
      provider.put('/Photos/2026/tree.jpg', 'leaves');
      // The folder of documents is not asked for: nothing in it has changed.
      expect(await poll()).toEqual({ paths: ['/Photos/2026/tree.jpg'], isMore: false, requests: 3 });
      provider.put('/Documents/Example.odt', 'Another example.');
      expect(await poll()).toEqual({ paths: ['/Documents/Example.odt'], isMore: false, requests: 2 });
    });

    it('walks many folders, and one of many files, in several polls', async () => {
      for (let number = 0; number < 45; number++) provider.put(`/f/f${number}/x`, 'x');
      for (let number = 0; number < 1_200; number++)
        provider.files.set(`/f/${number}`, { ...provider.files.get('/f/f0/x')!, path: `/f/${number}` });
      const all: string[] = [];
      let polls = 0;
      for (let isMore = true; isMore; polls++) {
        const page = await poll();
        expect(page.paths.length).toBeLessThanOrEqual(1_000);
        expect(page.requests).toBeLessThan(30);
        all.push(...page.paths);
        isMore = page.isMore;
      }
      expect([new Set(all).size, all.length, polls]).toEqual([1_246, 1_246, 4]);
      expect(await poll()).toEqual({ paths: [], isMore: false, requests: 1 });
    });

    it('says that its folder is not there', async () => {
      const asked = caller.trigger('changedFile').poll(caller.run, { path: '/none' }, undefined);
      await expect(asked).rejects.toThrow('There is no folder "/none".');
    });
  });
});

await withWebDav((dav) => {
  describe('a real WebDAV server', () => {
    it('makes, lists, moves and removes files and folders, and streams contents both ways', async () => {
      const gateway = await serve(dav);
      expect((await gateway.ask(makeFolder, { path: '/Fotos & Ä' })).data).toEqual({
        createFolder: { path: '/Fotos & Ä', kind: 'FOLDER' },
      });
      expect((await upload(gateway, '/Fotos & Ä/a b.txt', 'héllo')).status).toBe(204);
      expect(await readFile(join(dav.files, 'Fotos & Ä', 'a b.txt'), 'utf8')).toBe('héllo');
      expect((await gateway.ask(list, { path: '/Fotos & Ä/' })).data.files.nodes).toEqual([
        { path: '/Fotos & Ä/a b.txt', kind: 'FILE', size: 6 },
      ]);
      const fetched = await download(gateway, '/Fotos & Ä/a b.txt');
      expect([await fetched.text(), fetched.headers.get('content-disposition')]).toEqual([
        'héllo',
        'attachment; filename="a b.txt"',
      ]);
      const moved = { from: '/Fotos & Ä', to: '/Bilder' };
      expect((await gateway.ask(move, { input: moved })).data).toEqual({ moveFile: { path: '/Bilder' } });
      expect(await readdir(join(dav.files, 'Bilder'))).toEqual(['a b.txt']);
      const copy = 'mutation { owncloudCopyFile(input: { from: "/Bilder/a b.txt", to: "/Bilder/c" }) { path size } }';
      expect((await gateway.ask(copy)).data).toEqual({ owncloudCopyFile: { path: '/Bilder/c', size: 6 } });
      expect((await gateway.ask(remove, { path: '/Bilder' })).data).toEqual({ deleteFile: { deleted: true } });
      expect((await gateway.ask(find, { path: '/Bilder' })).data).toEqual({ file: null });
    });

    it('keeps every sign of a name as it is', async () => {
      const gateway = await serve(dav);
      await gateway.ask(makeFolder, { path: '/odd' });
      const names = [
        'a%2fb',
        '%2e%2e',
        'q?x=1#y',
        '日本 語',
        '..txt',
        '%',
        'a+b&c=d;e',
        `'"<>`,
        'ü'.normalize('NFD'),
        '\\',
      ];
      for (const name of names) {
        expect([name, (await upload(gateway, `/odd/${name}`, name)).status]).toEqual([name, 204]);
        expect(await (await download(gateway, `/odd/${name}`)).text()).toBe(name);
      }
      // nginx lists nothing that begins with a dot.
      const listed = names.filter((name) => !name.startsWith('.'));
      const { nodes } = (await gateway.ask(list, { path: '/odd' })).data.files;
      const paths = nodes.map(({ path }: { path: string }) => path).toSorted();
      expect(paths).toEqual(listed.map((name) => `/odd/${name}`).toSorted());
      expect((await readdir(join(dav.files, 'odd'))).toSorted()).toEqual(names.toSorted());
      await gateway.ask(remove, { path: '/odd' });
    });

    it.each([
      ['/../etc/passwd', 'path: expected a path without the parts "." and ".."; got one with.'],
      ['/a/./b', 'path: expected a path without the parts "." and ".."; got one with.'],
      ['etc/passwd', 'path: expected a path that begins with "/"; got one that does not.'],
      ['', `'Path' must be present.`],
      ['/a\u0000b', 'path: expected a path of signs that can be written; got one with another.'],
      ['/a\r\nHost: evil', 'path: expected a path of signs that can be written; got one with another.'],
      ['/\ud800', 'path: expected a path of signs that can be written; got one with another.'],
      [`/${'x/'.repeat(2_500)}`, 'path: expected a path of at most 4000 characters; got one of 5001.'],
    ])('is never asked for %j', async (path, said) => {
      const gateway = await serve(dav);
      const [code, , message] = await refusal(gateway, find, { path });
      expect(['INPUT_INVALID', 'INPUT_REQUIRED']).toContain(code);
      expect(String(message).replace(/^path: '/, `'`)).toBe(said);
    });

    it('says itself that a name of 1 000 signs is too long', async () => {
      const gateway = await serve(dav);
      const response = await upload(gateway, `/${'n'.repeat(1_000)}`, 'x');
      expect(response.status).toBe(502);
      expect(await readdir(dav.files)).not.toContain('n'.repeat(1_000));
    });

    it('replaces nothing that it should not', async () => {
      const gateway = await serve(dav);
      await writeFile(join(dav.files, 'there'), 'first');
      await writeFile(join(dav.files, 'other'), 'second');
      const refused = await upload(gateway, '/there', 'x', { overwrite: false });
      expect([refused.status, await refused.json()]).toMatchObject([
        502,
        {
          errors: [{ message: 'There is something at "/there" already. Choose another path, or overwrite it.' }],
        },
      ]);
      const taken = 'There is something at "/there" already. Choose another path, or overwrite it.';
      const input = { from: '/other', to: '/there' };
      expect(await refusal(gateway, move, { input })).toEqual(['CONNECTOR_ERROR', 'owncloud.conflict', taken]);
      expect((await gateway.ask(move, { input: { ...input, overwrite: true } })).errors).toBeUndefined();
      expect(await readFile(join(dav.files, 'there'), 'utf8')).toBe('second');
      expect(await refusal(gateway, makeFolder, { path: '/there' })).toEqual([
        'CONNECTOR_ERROR',
        'owncloud.conflict',
        'There is something at "/there" already.',
      ]);
    });

    it('is told apart from a path that leads nowhere', async () => {
      const gateway = await serve(dav);
      expect(await refusal(gateway, remove, { path: '/none' })).toEqual([
        'CONNECTOR_ERROR',
        'owncloud.not_found',
        'There is nothing at "/none".',
      ]);
      expect(await refusal(gateway, list, { path: '/none' })).toEqual([
        'CONNECTOR_ERROR',
        'owncloud.not_found',
        'There is no folder "/none".',
      ]);
      expect(await refusal(gateway, remove, { path: '/' })).toEqual([
        'INPUT_INVALID',
        'owncloud.invalid_value',
        'path: expected a file or folder within the first one; got "/".',
      ]);
      const nowhere = 'The folder in which "/none/a" would lie does not exist. Make it first.';
      expect(await (await upload(gateway, '/none/a', 'x')).json()).toMatchObject({ errors: [{ message: nowhere }] });
    });

    it('keeps nothing of an upload that is cut', async () => {
      const gateway = await serve(dav);
      const { data } = await gateway.ask(uploadTo, { input: { path: '/half' } });
      const client = httpRequest(data.uploadFile.url, { method: 'PUT', headers: { 'content-length': '2000000' } });
      client.on('error', () => {});
      client.write(Buffer.alloc(1_000_000));
      await until(() => client.writableLength === 0);
      client.destroy();
      // What is asked next is asked after the server has seen the end.
      await upload(gateway, '/whole', 'x');
      expect(await readdir(dav.files)).not.toContain('half');
    });
  });
});
