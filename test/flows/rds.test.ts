/** Seeds 000 and 002: a service registers with the Token Storage as their documents print it, by python3 and header by header. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from '../../src/cli/demo.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { withPythonRequests } from '../support/python-requests.ts';
import { rdsClient } from '../support/rds-client.ts';
import { rdsService, rdsToken, startRdsHouse, type RdsHouse } from '../support/rds-house.ts';
import { startFakePort, type FakePort } from '../support/rds-port.ts';

let house: RdsHouse;
let port: FakePort;
beforeAll(async () => {
  port = await startFakePort();
  house = await startRdsHouse({ rds: { ports: { 'port-fake': { url: port.origin, allowPrivateAddress: true } } } });
});
afterAll(async () => {
  await house.close();
  await port.close();
});

const script = fileURLToPath(new URL('rds/register_service.py', import.meta.url));

await withPythonRequests((runPython) => {
  describe('seed 000: register_service, run by python3 with requests', () => {
    it('gives True, then False on repeat, and raises where the service cannot be read', async () => {
      const url = `${house.gateway.url()}/rds/${house.secret}`;
      const [first, again, relative] = JSON.parse(
        await runPython(script, { CENTRAL_SERVICE_TOKEN_STORAGE: url }),
      ) as readonly [unknown, unknown, string];
      expect([first, again]).toEqual([true, false]);
      expect(relative).toBe(
        'Cannot find and register Token Storage, msg:\n' +
          '{"error":"Exception","http_code":500,"description":"This is no service: authorize_url: expected an absolute http or https URL."}',
      );
      expect((await house.ask('GET /service/port-owncloud')).body.data).toMatchObject({
        servicename: 'port-owncloud',
        implements: ['fileStorage', 'metadata'],
        authorize_url: 'https://owncloud.example/authorize',
        refresh_url: 'https://owncloud.example/token',
        client_id: 'ABC',
        client_secret: '',
      });
    });

    it('gives False without asking anybody where no Token Storage is named', async () => {
      const before = (await house.ask('GET /service')).body.length;
      const environment = { CENTRAL_SERVICE_TOKEN_STORAGE: undefined } as unknown as Record<string, string>;
      expect(JSON.parse(await runPython(script, environment))).toEqual([false, false, false]);
      expect((await house.ask('GET /service')).body.length).toBe(before);
    });
  });
});

await withPythonRequests((runPython) => {
  describe('seed 000: the interface fileStorage, asked by python3 with requests', () => {
    it('takes a file, lists, gives and removes it', async () => {
      await house.ask('POST /service', { body: rdsService('port-fake', house.endpoint) });
      await house.ask('POST /user/ada/token', { body: rdsToken('port-fake', 'ada') });
      const asking = fileURLToPath(new URL('rds/ask_port.py', import.meta.url));
      const PORT = `${house.gateway.url()}/rds/${house.secret}/ports/port-fake`;
      expect(JSON.parse(await runPython(asking, { PORT }))).toEqual([
        [200, '{"success":true}'],
        [200, '{"files":["/data/ä b.txt"]}'],
        [200, 'one\r\ntwo'],
        [200, '{"success":true}'],
        [200, '{"files":[]}'],
        [401, '{"error":"Unauthorized","http_code":401,"description":"userId: expected the name of a user."}'],
      ]);
    });
  });
});

describe('seed 002: the service endpoint of the Token Storage', () => {
  it('takes the registration that the document posts, header by header', async () => {
    const data = {
      servicename: 'port-zenodo',
      authorize_url: 'https://zenodo.example/oauth/authorize',
      refresh_url: 'https://zenodo.example/oauth/token',
      client_id: 'abc',
      client_secret: 'def',
      implements: ['metadata'],
    };
    const asking = { body: JSON.stringify(data), headers: { 'content-type': 'application/json' } };
    expect(await house.ask('POST /service', asking)).toMatchObject({ status: 200, body: { success: true } });
    expect(await house.ask('POST /service', asking)).toMatchObject({ status: 200, body: { success: false } });
  });
});

describe('the demo', () => {
  let demo: Serving;
  beforeAll(async () => {
    demo = await startDemo({ port: 0 }, { line: () => {}, warn: () => {} } as never);
  });
  afterAll(async () => demo.close());

  it('serves the Token Storage plainly at /rds, to JSON that says what it is', async () => {
    const ask = rdsClient(() => `${demo.url}/rds`);
    const body = { servicename: 'port-demo', implements: ['metadata'] };
    expect(await ask('POST /service', { body })).toMatchObject({ status: 200, body: { success: true } });
    // A page in somebody's browser could send this one.
    const simple = await fetch(`${demo.url}/rds/service`, { method: 'POST', body: JSON.stringify(body) });
    expect(simple.status).toBe(415);
    const page = { method: 'POST', headers: { origin: 'https://evil.example' }, body: new FormData() };
    const form = await fetch(`${demo.url}/rds/ports/my_app/storage/file`, page);
    expect([form.status, await form.json()]).toEqual([
      403,
      { error: 'Forbidden', http_code: 403, description: 'Pages in a browser are not served here.' },
    ]);
    const { data } = (await (
      await fetch(`${demo.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ registrations { connector { title } } }' }),
      })
    ).json()) as { data: { registrations: unknown[] } };
    expect(data.registrations).toContainEqual({ connector: { title: 'port-demo' } });
  });
});
