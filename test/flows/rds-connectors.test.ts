/** Seeds 000 and 002 name ownCloud and Zenodo as their examples: both are connectors here, and answer as ports of RDS do. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import owncloudConnector from '../../connectors/owncloud/connector.ts';
import zenodoConnector from '../../connectors/zenodo/connector.ts';
import { appPassword, clientId, clientSecret, startOwnCloud, type OwnCloud } from '../connectors/owncloud/provider.ts';
import { depositionId } from '../connectors/zenodo/answers.ts';
import { accessToken, startZenodo, type Zenodo } from '../connectors/zenodo/provider.ts';
import { askWithBody } from '../support/rds-client.ts';
import { startRdsHouse, type RdsHouse } from '../support/rds-house.ts';

let owncloud: OwnCloud;
let zenodo: Zenodo;
let house: RdsHouse;
beforeAll(async () => {
  [owncloud, zenodo] = await Promise.all([startOwnCloud(), startZenodo()]);
  const of = { tenant: 'acme', subject: 'ada' };
  house = await startRdsHouse({
    connectors: [owncloudConnector, zenodoConnector],
    origins: [owncloud.origin, zenodo.origin],
    sender: { replayedOrigins: zenodo.senderOptions.replayedOrigins },
    configuration: {
      registrations: [
        {
          connector: 'owncloud',
          fields: { server: owncloud.server, client_id: clientId, client_secret: clientSecret },
        },
      ],
      connections: [
        { ...of, connector: 'owncloud', fields: { user: 'ada', app_password: appPassword } },
        { ...of, connector: 'zenodo', fields: { token: accessToken } },
      ],
    },
  });
});
afterAll(async () => {
  await house.close();
  await Promise.all([owncloud.close(), zenodo.close()]);
});

const base = (path: string) => `${house.gateway.url()}/rds/${house.secret}/ports/${path}`;
const ask = async (call: string, body: object = {}) => {
  const [method = '', path = ''] = call.split(' ');
  const { status, text } = await askWithBody(base(path), method, { userId: 'ada', ...body });
  return { status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
};

describe('port-owncloud', () => {
  it('lists folders, gives and takes files, and removes them', async () => {
    const { status, body } = await ask('GET port-owncloud/storage/folder', { filepath: '/' });
    expect({ status, body }).toEqual({ status: 200, body: { files: ['/Documents/'] } });
    const documents = await ask('GET port-owncloud/storage/folder', { filepath: '/Documents/' });
    expect(documents.body).toEqual({ files: ['/Documents/Example.odt'] });
    const file = await ask('GET port-owncloud/storage/file', { filepath: '/Documents/Example.odt' });
    expect(file).toEqual({ status: 200, body: 'An example.' });

    const form = new FormData();
    form.append('filepath', '/Documents/ä b.txt');
    form.append('userId', 'ada');
    form.append('files', new Blob(['two']), 'x.txt');
    const sent = await fetch(base('port-owncloud/storage/file'), { method: 'POST', body: form });
    expect([sent.status, await sent.json()]).toEqual([200, { success: true }]);
    expect(owncloud.files.get('/Documents/ä b.txt')?.content).toBe('two');
    expect(await ask('DELETE port-owncloud/storage/file', { filepath: '/Documents/ä b.txt' })).toEqual({
      status: 200,
      body: { success: true },
    });
    expect(owncloud.files.has('/Documents/ä b.txt')).toBe(false);
    for (const filepath of ['/none', '/Documents/Example.odt']) {
      const none = await ask('GET port-owncloud/storage/folder', { filepath });
      expect([filepath, none]).toEqual([filepath, { status: 200, body: { files: [] } }]);
    }
    expect((await ask('GET port-owncloud/storage/file', { filepath: '/none' })).status).toBe(404);
    expect((await ask('GET port-owncloud/storage/file', { filepath: '/../x' })).status).toBe(400);
  });
});

describe('port-zenodo', () => {
  it('lists, reads and changes depositions', async () => {
    const { status, body } = await ask('GET port-zenodo/metadata/project');
    expect([status, body.map(({ projectId }: any) => projectId)]).toEqual([200, [String(depositionId)]]);
    const read = await ask(`GET port-zenodo/metadata/project/${depositionId}`);
    expect(read).toEqual({ status: 200, body: body[0].metadata });
    expect((await ask('GET port-zenodo/metadata/project/1')).status).toBe(404);
    expect((await ask('GET port-zenodo/metadata/project', { userId: 'eve' })).status).toBe(401);
  });

  it('takes a token in the session format, as RDS passes it', async () => {
    const { status, body } = await ask('GET port-zenodo/metadata/project', {
      userId: `port-zenodo://ada:${accessToken}`,
    });
    expect([status, body.length]).toEqual([200, 1]);
    expect(zenodo.requests.at(-1)!.headers['authorization']).toBe(`Bearer ${accessToken}`);
    const refused = await ask('GET port-zenodo/metadata/project', { userId: 'port-zenodo://ada:wrong' });
    expect([refused.status, refused.body.error]).toEqual([401, 'Unauthorized']);
  });
});
