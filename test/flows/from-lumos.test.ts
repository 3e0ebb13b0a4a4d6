import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { loadProject } from '../../src/cli/load-project.ts';
import { startFakeProvider, type FakeProvider, type Reply } from '../support/fake-provider.ts';
import { lumosClient } from '../support/lumos-client.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';
import { createProject, type TemporaryProject } from '../support/temporary-project.ts';

const page = await readFile(new URL('../../docs/from-lumos.md', import.meta.url), 'utf8');
const [, source = ''] = /```ts\n(import .+?)```/s.exec(page) ?? [];
const [request, answer, failure] = [...page.matchAll(/```json\n(.+?)```/gs)].map(([, text]) => JSON.parse(text!));

let gateway: RunningGateway;
let provider: FakeProvider;
let project: TemporaryProject;
afterEach(async () => {
  await gateway.close();
  await provider.close();
  await project.remove();
});

/** The connector of the page, at a provider on loopback that answers so. */
async function serve(users: Reply) {
  provider = await startFakeProvider({ 'GET /api/users': users, 'GET /api/me': { json: {} } });
  const code = source.replace('https://directory.example.com/', `${provider.origin}/`);
  project = await createProject({ 'connectors/app-id/connector.ts': code });
  const { loaded, warnings } = await (await loadProject({ config: project.config })).loadConnectors();
  expect(warnings).toEqual([]);
  gateway = await startGateway({ connectors: loaded.map(({ connector }) => connector), origins: [provider.origin] });
  return lumosClient(gateway.url);
}

describe('the worked example of docs/from-lumos.md', () => {
  it('answers what the page says', async () => {
    const user = { number: 1, contact: { mail: 'ada@example.com' }, active: true };
    const ask = await serve({ json: { users: [user], next: null } });
    expect((await ask('/lumos/app_id/list-accounts', request)).body).toEqual(answer);
    expect(provider.requests[0]).toMatchObject({
      url: '/api/users?size=1',
      headers: { authorization: `Basic ${Buffer.from('ada:sesame').toString('base64')}` },
    });
  });

  it('fails as the page says', async () => {
    const ask = await serve({ status: 400, json: { detail: 'of the provider' } });
    const { text } = await ask('/lumos/app_id/list-accounts', request);
    expect(JSON.parse(text.replace(`${provider.origin}/`, 'https://directory.example.com/'))).toEqual(failure);
  });
});
