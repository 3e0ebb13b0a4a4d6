/** Seed 001: each request as its document prints it, over HTTP, with the answers that it prints. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import netatmoConnector from '../../connectors/netatmo/connector.ts';
import openweathermapConnector from '../../connectors/openweathermap/connector.ts';
import {
  authorizationCode,
  clientId,
  clientSecret,
  startNetatmo,
  type Netatmo,
} from '../connectors/netatmo/provider.ts';
import { appKey, startWeather, type Weather } from '../connectors/openweathermap/provider.ts';
import { moduleId, roomId, stationId } from '../connectors/netatmo/answers.ts';
import { connctdClient, createKey, type AskConnctd } from '../support/connctd-client.ts';
import { createCookieJar } from '../support/provider-pages.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

/** As it stands in the document: `origin_callback_uri` of the sample. */
const callback = 'http://localhost:9999/callback';
const scopes = ['connctd.connector', 'connctd.things.read', 'connctd.things.action'];
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

let weather: Weather;
let netatmo: Netatmo;
let gateway: TenantGateway;
let ask: AskConnctd;

beforeAll(async () => {
  [weather, netatmo] = await Promise.all([startWeather(), startNetatmo()]);
  gateway = await startTenantGateway({
    connectors: [netatmoConnector, openweathermapConnector],
    origins: [weather.origin, netatmo.origin],
    sender: {
      replayedOrigins: { ...weather.senderOptions.replayedOrigins, ...netatmo.senderOptions.replayedOrigins },
    },
    configuration: {
      returnUrls: [callback],
      facades: { connctd: { finishInBrowser: true } },
      feeds: { minIntervalMs: 20 },
    },
  });
  ask = connctdClient(gateway.url, await createKey(gateway.file, 'acme', scopes));
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([weather.close(), netatmo.close()]);
});

const instance = {
  connector_type_id: 'netatmo',
  configuration: { client_id: clientId, client_secret: clientSecret, origin_callback_uri: callback },
};
/** "The value of the configuration field depends on the connector": the document's own client has a field that no connector knows. */
const client = { connector_type_id: 'netatmo', configuration: { anyField: 'abc' } };
const href = (path: string) => `${gateway.url()}/api/v1/${path}`;

/** The end user's browser: opens the location, allows at the provider, and comes back. */
async function browse(location: string): Promise<URL> {
  const cookies = createCookieJar();
  let url = new URL(location);
  for (;;) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.header(url) } });
    cookies.store(url, response);
    const next = response.headers.get('location');
    if (next === null) throw new Error(`The browser stopped at ${url.href}: ${await response.text()}`);
    url = new URL(next, url);
    if (url.href.startsWith(callback)) return url;
    if (url.origin !== 'https://api.netatmo.com') continue;
    const { searchParams } = url;
    url = new URL(searchParams.get('redirect_uri')!);
    url.search = new URLSearchParams({ code: authorizationCode, state: searchParams.get('state')! }).toString();
  }
}

describe('seed 001: retrieve connector descriptions', () => {
  it('answers 200 with the sample configurations, and needs no scope', async () => {
    const { status, body } = await ask('GET /connectors/descriptions', { token: null });
    expect(status).toBe(200);
    expect(body[0]).toEqual({
      id: expect.any(Number),
      type_id: 'netatmo',
      name: 'Netatmo',
      description: 'Weather stations and their modules, and the heating of rooms.',
      logo: '',
      sample_instance_configuration: {
        connector_type_id: 'netatmo',
        configuration: { client_id: 'abc', client_secret: 'def', origin_callback_uri: callback },
      },
      sample_client_configuration: { connector_type_id: 'netatmo' },
    });
    expect(body[1]).toMatchObject({
      type_id: 'openweathermap',
      sample_instance_configuration: { connector_type_id: 'openweathermap', configuration: { app_key: 'abc' } },
    });
  });
});

describe('seed 001: instances', () => {
  it('creates one for each type: 201, then 409', async () => {
    const created = await ask('POST /connectors/instances', { body: instance });
    expect(created).toMatchObject({ status: 201, body: { id: expect.stringMatching(uuid) } });
    expect((await ask('POST /connectors/instances', { body: instance })).status).toBe(409);
  });

  it('fails to create one of OpenWeatherMap without an AppKey', async () => {
    const without = { connector_type_id: 'openweathermap', configuration: {} };
    expect(await ask('POST /connectors/instances', { body: without })).toMatchObject({
      status: 400,
      body: { status: '400', error: 'INPUT_REQUIRED' },
    });
    const body = { ...without, configuration: { app_key: appKey } };
    expect((await ask('POST /connectors/instances', { body })).status).toBe(201);
  });

  it('retrieves all, and one with its clients and its description', async () => {
    const { status, body } = await ask('GET /connectors/instances');
    expect({ status, body }).toEqual({
      status: 200,
      body: [{ href: expect.stringContaining(href('connectors/instances/')) }, { href: expect.any(String) }],
    });
    const { body: one } = await ask(`GET ${body[0].href}`);
    expect(one).toEqual({
      id: body[0].href.split('/').at(-1),
      clients: [],
      connector: { href: expect.stringMatching(/\/api\/v1\/connectors\/descriptions\/\d+$/) },
    });
    expect((await ask(`GET ${one.connector.href}`)).body.type_id).toBe('netatmo');
  });
});

describe('seed 001: clients', () => {
  let id: string;

  it('creates one with 303 where the browser has to go to the provider, and it exists already', async () => {
    const asked = { subject: 'ada', body: client };
    const created = await ask('POST /connectors/clients', asked);
    expect(created).toMatchObject({
      status: 303,
      body: { id: expect.stringMatching(uuid), client_id: created.body.id },
    });
    ({ id } = created.body);
    expect(await ask(`GET /connectors/clients/${id}`, { subject: 'ada' })).toMatchObject({
      status: 200,
      body: { id, mappings: [], status: 'STARTING' },
    });
    expect((await ask('POST /connectors/clients', asked)).status).toBe(409);

    const end = await browse(created.headers.get('location')!);
    expect(end.searchParams.get('connection')).toBe(id);
    expect(end.searchParams.has('code')).toBe(false);
  });

  it('creates one with 201 where no browser is needed', async () => {
    const body = { connector_type_id: 'openweathermap', configuration: { places: '2950159,2643743' } };
    const created = await ask('POST /connectors/clients', { subject: 'ada', body });
    expect(created).toMatchObject({ status: 201, body: { id: expect.stringMatching(uuid) } });
  });

  it('answers 400 where there is no appropriate instance', async () => {
    const token = await createKey(gateway.file, 'globex', scopes);
    expect(await ask('POST /connectors/clients', { subject: 'ada', body: client, token })).toMatchObject({
      status: 400,
      body: { error: 'CONNECTOR_INSTANCE_DOESNT_EXIST' },
    });
  });

  it('retrieves those of a subject', async () => {
    const { status, body } = await ask('GET /connectors/clients', { subject: 'ada' });
    expect({ status, count: body.length }).toEqual({ status: 200, count: 2 });
    expect(body).toContainEqual({ href: href(`connectors/clients/${id}`) });
    expect((await ask('GET /connectors/clients', { subject: 'bob' })).body).toEqual([]);
  });

  it('retrieves one with its mappings: which things it shows, by ids that stay', async () => {
    const { body } = await ask(`GET /connectors/clients/${id}`, { subject: 'ada' });
    expect(body).toEqual({
      id,
      instance: { href: expect.stringContaining(href('connectors/instances/')) },
      connector: { href: expect.stringContaining(href('connectors/descriptions/')) },
      mappings: expect.any(Array),
      status: 'STARTED',
    });
    expect(body.mappings.map((each: any) => each.connector_thing_id).sort()).toEqual([moduleId, roomId, stationId]);
    for (const { thing_id } of body.mappings) expect(thing_id).toMatch(uuid);
    expect((await ask(`GET /connectors/clients/${id}`, { subject: 'ada' })).body).toEqual(body);
    expect((await ask(`GET ${body.instance.href}`)).body.clients).toEqual([{ href: href(`connectors/clients/${id}`) }]);
  });
});

describe('things of the clients', () => {
  const things = async (displayType: string) => {
    const query = `query ($displayType: String) { things(displayType: $displayType) {
      id name manufacturer displayType status connectorThingId owner connector { name }
      components { id properties { id value unit type lastUpdate } actions { id parameters { name type required } } }
    } }`;
    const { data } = await gateway.ask(query, { displayType }, { subject: 'ada' });
    return data.things;
  };

  it('are the same over REST and in GraphQL, value for value', async () => {
    const { body: links } = await ask('GET /things', { subject: 'ada' });
    expect(links).toHaveLength(5);
    const [room] = await things('core.THERMOSTAT');
    expect(room).toMatchObject({
      name: 'Living room',
      manufacturer: 'Netatmo',
      status: 'AVAILABLE',
      connectorThingId: roomId,
      owner: 'SUBJECT',
      connector: { name: 'netatmo' },
    });
    expect(links).toContainEqual({ href: href(`things/${room.id}`) });
    const { body: thing } = await ask(`GET /things/${room.id}`, { subject: 'ada' });
    expect(thing).toEqual({
      id: room.id,
      name: 'Living room',
      manufacturer: 'Netatmo',
      status: 'AVAILABLE',
      displayType: 'core.THERMOSTAT',
      mainComponentId: 'thermostat',
      componentLinks: [{ href: href(`things/${room.id}/components/thermostat`) }],
      attributes: [],
    });
    const { body: component } = await ask(`GET ${thing.componentLinks[0].href}`, { subject: 'ada' });
    expect(component).toMatchObject({ id: 'thermostat', actions: [{ id: 'setTemperature' }] });
    for (const [index, link] of component.propertyLinks.entries()) {
      const { body: property } = await ask(`GET ${link.href}`, { subject: 'ada' });
      const { id, value, unit, type } = room.components[0].properties[index];
      expect(property).toMatchObject({ id, value, unit, type });
    }
    expect(room.components[0].properties[1]).toMatchObject({ id: 'setPoint', value: '19', unit: '°C', type: 'NUMBER' });
  });

  it('are told apart by what they are', async () => {
    expect((await things('core.WEATHER_STATION')).map((each: any) => each.name).sort()).toEqual([
      'Berlin',
      'Casa',
      'London',
    ]);
    const query = '{ things(propertyType: "core.RAIN") { name } }';
    expect((await gateway.ask(query, {}, { subject: 'ada' })).data.things).toEqual([{ name: 'Outdoor' }]);
    expect((await gateway.ask('{ things { id } }', {}, { subject: 'bob' })).data.things).toEqual([]);
  });

  it('do what they are asked to', async () => {
    const [room] = await things('core.THERMOSTAT');
    const call = `POST /things/${room.id}/components/thermostat/actions/setTemperature`;
    const done = await ask(call, { subject: 'ada', body: { temp: '21.5' } });
    expect(done).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(uuid), status: 'COMPLETED', deadline: expect.any(String) },
    });
    expect(netatmo.state).toMatchObject({ setPoint: 21.5, mode: 'manual' });
    const property = await ask(`GET /things/${room.id}/components/thermostat/properties/setPoint`, { subject: 'ada' });
    expect(property.body.value).toBe('21.5');
    const wrong = await ask(call, { subject: 'ada', body: { warmth: 3 } });
    expect(wrong).toMatchObject({ status: 400, body: { error: 'INPUT_INVALID' } });
    expect((await ask(call, { subject: 'bob', body: { temp: 1 } })).status).toBe(404);
  });

  it('are UNKNOWN while their provider does not answer, and their neighbours are not', async () => {
    netatmo.state.isDown = true;
    try {
      const [room] = await things('core.THERMOSTAT');
      expect(room.status).toBe('UNKNOWN');
      expect((await ask(`GET /things/${room.id}`, { subject: 'ada' })).body.status).toBe('UNKNOWN');
      const value = `GET /things/${room.id}/components/thermostat/properties/setPoint`;
      expect((await ask(value, { subject: 'ada' })).status).toBe(503);
      const berlin = (await things('core.WEATHER_STATION')).find((each: any) => each.name === 'Berlin');
      expect(berlin).toMatchObject({
        status: 'AVAILABLE',
        components: [{ properties: [{ value: '18.4' }, {}, {}] }, {}],
      });
    } finally {
      netatmo.state.isDown = false;
    }
  });
});

describe('seed 001: delete', () => {
  it('keeps an instance while clients are attached: 409', async () => {
    for (const { href: link } of (await ask('GET /connectors/instances')).body) {
      expect((await ask(`DELETE ${link}`)).status).toBe(409);
    }
  });

  it('removes clients with their things, then instances: 204 with an empty body', async () => {
    for (const { href: link } of (await ask('GET /connectors/clients', { subject: 'ada' })).body) {
      expect(await ask(`DELETE ${link}`, { subject: 'ada' })).toMatchObject({ status: 204, body: undefined });
      expect((await ask(`GET ${link}`, { subject: 'ada' })).status).toBe(404);
    }
    expect((await ask('GET /things', { subject: 'ada' })).body).toEqual([]);
    for (const { href: link } of (await ask('GET /connectors/instances')).body) {
      expect(await ask(`DELETE ${link}`)).toMatchObject({ status: 204, body: undefined });
    }
    expect(await ask('GET /connectors/instances')).toMatchObject({ status: 200, body: [] });
  });
});

describe('without facades.connctd.finishInBrowser', () => {
  it('a client stays STARTING until the application finishes it for its own subject', async () => {
    await gateway.restart({ facades: {} });
    await ask('POST /connectors/instances', { body: instance });
    const created = await ask('POST /connectors/clients', { subject: 'ada', body: client });
    const end = await browse(created.headers.get('location')!);
    const code = end.searchParams.get('code');
    const status = async () =>
      (await ask(`GET /connectors/clients/${created.body.id}`, { subject: 'ada' })).body.status;
    expect(await status()).toBe('STARTING');
    const finish = 'mutation ($code: String!) { finishConnection(code: $code) { id state } }';
    const foreign = await gateway.ask(finish, { code }, { subject: 'mallory' });
    expect(foreign.errors?.[0]?.extensions.code).toBe('FINISH_CODE_INVALID');
    expect((await gateway.ask(finish, { code }, { subject: 'ada' })).data.finishConnection).toEqual({
      id: created.body.id,
      state: 'STARTED',
    });
    expect(await status()).toBe('STARTED');
  });
});
