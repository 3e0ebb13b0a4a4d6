/** contracts: `/service` of the Token Storage, row by row; every failure with the exact answer. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rdsService, startRdsHouse, type RdsHouse } from '../../support/rds-house.ts';

let house: RdsHouse;
beforeAll(async () => void (house = await startRdsHouse()));
afterAll(async () => house.close());

const ask: RdsHouse['ask'] = (...given) => house.ask(...given);
const post = async (body: unknown) => {
  const { status, body: answer } = await ask('POST /service', { body });
  return { status, body: answer as unknown };
};
const service = (name: string, more: object = {}) => ({ ...rdsService(name, house.endpoint), ...more });
const registered = { status: 200, body: { success: true } };
const exists = { status: 200, body: { success: false, message: 'ServiceExistsAlreadyError' } };
const plain = (name: string) => ({
  servicename: name,
  implements: ['fileStorage', 'metadata'],
  fileTransferMode: 0,
  fileTransferArchive: 0,
  description: { en: '' },
  icon: null,
  infoUrl: '',
  helpUrl: '',
  displayName: '',
  metadataProfile: null,
  projectLinkTemplate: null,
});
const shown = (name: string) => ({
  type: 'OAuth2Service',
  data: {
    ...plain(name),
    authorize_url: `${house.endpoint.origin}/authorize`,
    refresh_url: `${house.endpoint.origin}/token`,
    client_id: 'ABC',
    client_secret: '',
  },
});

describe('an empty storage', () => {
  it.each(['/service', '/user', '/token'])('lists nothing at %s', async (path) => {
    const { status, body } = await ask(`GET ${path}`);
    expect({ status, body }).toEqual({ status: 200, body: { length: 0, list: [] } });
  });
});

describe('POST /service', () => {
  it('takes the flat object of register_service, in small letters, and shows it without its secret', async () => {
    const urls = { authorize_url: `${house.endpoint.origin}/authorize/` };
    expect(await post(service('Port-ownCloud', urls))).toEqual(registered);
    const { status, body } = await ask('GET /service');
    expect({ status, body }).toEqual({ status: 200, body: { length: 1, list: [shown('port-owncloud')] } });
  });

  it('answers a name that is taken with 200 and success false, whatever else is said', async () => {
    expect(await post(service('PORT-OWNCLOUD', { client_id: 'other' }))).toEqual(exists);
    expect((await ask('GET /service/port-owncloud')).body).toEqual(shown('port-owncloud'));
  });

  it('takes an envelope, also as JSON in a text, and keeps all that a service says', async () => {
    const said = {
      fileTransferMode: 1,
      fileTransferArchive: 1,
      description: { en: 'Files', de: 'Dateien' },
      icon: 'data:image/png;base64,AAAA',
      displayName: 'Zenodo',
      metadataProfile: 'e30=',
      projectLinkTemplate: 'https://zenodo.example/${projectId}',
    };
    const urls = { infoUrl: 'https://zenodo.example/about us', helpUrl: 'https%3A%2F%2Fzenodo.example%2Fhelp' };
    const data = service('port-zenodo', { ...said, ...urls });
    expect(await post(JSON.stringify(JSON.stringify({ type: 'OAuth2Service', data })))).toEqual(registered);
    expect((await ask('GET /service/port-zenodo')).body).toEqual({
      type: 'OAuth2Service',
      data: {
        ...shown('port-zenodo').data,
        ...said,
        infoUrl: 'https%3A%2F%2Fzenodo.example%2Fabout+us',
        helpUrl: urls.helpUrl,
      },
    });
  });

  it('takes a service to which users enter names and passwords; one that implements nothing it says is metadata', async () => {
    const body = { servicename: 'port-datasafe', credentials: { password: false } };
    expect(await post(body)).toEqual(registered);
    expect((await ask('GET /service/port-datasafe')).body).toEqual({
      type: 'LoginService',
      data: {
        ...plain('port-datasafe'),
        implements: ['metadata'],
        credentials: { userId: true, password: false },
      },
    });
  });

  it('registers one of two at the same instant, also on two replicas', async () => {
    const replica = await house.startReplica();
    try {
      const body = service('port-race');
      const askings = [ask, replica.ask, ask, replica.ask].map((each) => each('POST /service', { body }));
      const answers = (await Promise.all(askings)).map(({ status, body: answer }) => ({ status, body: answer }));
      expect(answers.filter(({ body: { success } }) => success)).toEqual([registered]);
      expect(answers.filter(({ body: { success } }) => !success)).toEqual([exists, exists, exists]);
      const { body: list } = await replica.ask('GET /service');
      expect(list.list.filter(({ data }: any) => data.servicename === 'port-race')).toEqual([shown('port-race')]);
    } finally {
      await replica.close();
    }
  });

  it('answers 400 while the store fails, and keeps nothing', async () => {
    house.store().fail({ code: 'STORE_UNAVAILABLE', kinds: ['registration'] });
    try {
      expect(await post(service('port-late'))).toEqual({
        status: 400,
        body: { success: false, message: 'BadRequest' },
      });
    } finally {
      house.store().heal();
    }
    expect((await ask('GET /service/port-late')).status).toBe(404);
  });

  const refused: readonly [string, unknown, string][] = [
    ['without a name', { servicename: undefined }, 'servicename: expected a text that is not empty'],
    ['with an empty name', { servicename: '' }, 'servicename: expected a text that is not empty'],
    [
      'with an unknown implements',
      { implements: ['fileStorage', 'calendar'] },
      'implements: expected a list of one or two of "fileStorage" and "metadata"',
    ],
    [
      'that implements nothing',
      { implements: [] },
      'implements: expected a list of one or two of "fileStorage" and "metadata"',
    ],
    ['with a relative URL', { authorize_url: '/authorize' }, 'authorize_url: expected an absolute http or https URL'],
    ['without one of its URLs', { refresh_url: null }, 'refresh_url: expected an absolute http or https URL'],
    ['with an empty secret', { client_secret: '' }, 'client_secret: expected a text that is not empty'],
    ['with a file for an icon', { icon: '/etc/passwd' }, 'icon: expected a data: URI'],
    ['with an unknown mode', { fileTransferMode: 3 }, 'fileTransferMode: expected a whole number from 0 to 2'],
  ];
  it.each(refused)('answers 500 Exception to a service %s', async (_what, more, expected) => {
    expect(await post(service('port-wrong', more as object))).toEqual({
      status: 500,
      body: { error: 'Exception', http_code: 500, description: `This is no service: ${expected}.` },
    });
  });

  it('answers 500 Exception to what is no object, and 400 to what is no JSON', async () => {
    const description = 'This is no service: expected a JSON object.';
    expect(await post('[]')).toEqual({ status: 500, body: { error: 'Exception', http_code: 500, description } });
    const { status, body } = await ask('POST /service', { body: '{' });
    expect({ status, body }).toEqual({
      status: 400,
      body: {
        error: 'BadRequest',
        http_code: 400,
        description: 'The request cannot be read: send JSON, in UTF-8.',
      },
    });
  });

  it('takes an envelope that says not what it implements for unreadable, as RDS does', async () => {
    const { implements: _left, ...data } = service('port-wrong');
    expect((await post({ type: 'OAuth2Service', data })).status).toBe(500);
  });
});

describe('GET and DELETE /service/{servicename}', () => {
  it('finds a name in any letters, and answers 404 for one that is unknown', async () => {
    expect((await ask('GET /service/Port-OwnCloud')).body).toEqual(shown('port-owncloud'));
    const { status, body } = await ask('GET /service/port-none');
    expect({ status, body }).toEqual({
      status: 404,
      body: { error: 'NotFound', http_code: 404, description: 'There is no service of that name.' },
    });
  });

  it('tells names apart that differ by one sign', async () => {
    const names = ['a-b', 'a_b', 'a.b', 'a--b', 'a__5f__b', 'ä', 'a b', 'a/b', 'n'.repeat(300)];
    for (const name of names) expect([name, await post(service(name))]).toEqual([name, registered]);
    for (const name of names) {
      const { body } = await ask(`GET /service/${encodeURIComponent(name)}`);
      expect(body.data.servicename).toBe(name);
      expect((await ask(`DELETE /service/${encodeURIComponent(name)}`)).body).toEqual({ success: true });
    }
  });

  it('removes a service by its name as it stands, and always answers 200', async () => {
    expect((await ask('DELETE /service/Port-Zenodo')).body).toEqual({ success: false });
    const { status, body } = await ask('DELETE /service/port-zenodo');
    expect({ status, body }).toEqual({ status: 200, body: { success: true } });
    expect((await ask('DELETE /service/port-zenodo')).body).toEqual({ success: false });
    expect((await ask('GET /service/port-zenodo')).status).toBe(404);
  });
});

describe('in GraphQL', () => {
  it('a service is a registration of its tenant, with all that it said but its secret', async () => {
    const query = `{
      registrations { connector { name title authorization } fields values endpoints { authorizationUrl tokenUrl } }
      connector(name: "rds_port_owncloud") { title }
      none: connector(name: "rds_port_none") { title }
    }`;
    const { data, text } = await house.gateway.ask(query);
    expect(data.registrations).toContainEqual({
      connector: { name: 'rds_port_owncloud', title: 'port-owncloud', authorization: 'MULTI' },
      fields: [
        'client_id',
        'client_secret',
        'description',
        'fileTransferArchive',
        'fileTransferMode',
        'implements',
      ].filter((name) => !name.startsWith('fileTransfer')),
      values: { client_id: 'ABC', description: '{"en":""}', implements: '["fileStorage","metadata"]' },
      endpoints: {
        authorizationUrl: `${house.endpoint.origin}/authorize`,
        tokenUrl: `${house.endpoint.origin}/token`,
      },
    });
    expect(data).toMatchObject({ connector: { title: 'port-owncloud' }, none: null });
    expect(text).not.toContain('canary');
    const other = await house.gateway.ask(query, {}, { tenant: 'globex' });
    expect(other.data).toMatchObject({ registrations: [], connector: null });
  });

  it('a registration that is made there is a service', async () => {
    const register = `mutation ($fields: JSON!) {
      registerConnector(connector: "rds_port_graph", fields: $fields) { connector { title } }
    }`;
    const { data } = await house.gateway.ask(register, { fields: { implements: '["metadata"]' } });
    expect(data.registerConnector.connector.title).toBe('port-graph');
    expect((await ask('GET /service/port-graph')).body).toMatchObject({
      type: 'LoginService',
      data: { servicename: 'port-graph', implements: ['metadata'] },
    });
  });
});

describe('the address', () => {
  it('leads nowhere without its secret, before any body is read, and stands in no log', async () => {
    const { url, log } = house.gateway;
    for (const wrong of ['a-secret-of-32-letters-and-digits-0124', 'x', '']) {
      const answer = await fetch(`${url()}/rds/${wrong}/service`, { method: 'POST', body: '{' });
      const { errors } = (await answer.json()) as { errors: { extensions: object }[] };
      expect([wrong, answer.status, errors[0]!.extensions]).toMatchObject([wrong, 404, { code: 'ROUTE_NOT_FOUND' }]);
    }
    const { status, body } = await ask('PATCH /service');
    expect({ status, body }).toEqual({
      status: 404,
      body: {
        error: 'NotFound',
        http_code: 404,
        description: 'Nothing is served at this path, or not by this method.',
      },
    });
    await ask('GET /service');
    expect(log()).not.toContain(house.secret);
    expect(log()).toContain('/rds/:secret/service');
  });
});
