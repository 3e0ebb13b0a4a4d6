import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import netatmoConnector from '../../../connectors/netatmo/connector.ts';
import openweathermapConnector from '../../../connectors/openweathermap/connector.ts';
import type { Connector } from '../../../src/connector/definition.ts';
import { createApiKeys } from '../../../src/connection/api-keys.ts';
import { appKey, startWeather, type Weather } from '../../connectors/openweathermap/provider.ts';
import { connctdClient, createKey, type AskConnctd } from '../../support/connctd-client.ts';
import { readEvents } from '../../support/event-reader.ts';
import { openFailingVault, type FailingVault } from '../../support/failing-vault.ts';
import { startTenantGateway, type TenantGateway } from '../../support/tenant-gateway.ts';
import { openTestStore } from '../../support/test-store.ts';

let weather: Weather;
let gateway: TenantGateway;
let store: FailingVault;
let ask: AskConnctd;
/** A key that may also subscribe in GraphQL. */
let subscriber: string;

beforeAll(async () => {
  weather = await startWeather();
  gateway = await startTenantGateway({
    connectors: [netatmoConnector, quickly(openweathermapConnector)],
    origins: [weather.origin],
    sender: { replayedOrigins: weather.senderOptions.replayedOrigins },
    configuration: { feeds: { minIntervalMs: 20 } },
    openVault: async (configuration) => (store = await openFailingVault(configuration)).vault,
  });
  const scopes = ['connctd.connector', 'connctd.things.read', 'connctd.things.action'];
  ask = connctdClient(gateway.url, await createKey(gateway.file, 'acme', scopes));
  const own = await openTestStore(gateway.file);
  const keys = createApiKeys(own.records);
  const all = ['plugboard.read', 'plugboard.write', 'plugboard.subscribe', 'plugboard.subjects'];
  subscriber = (await keys.create({ tenant: 'acme', name: 'subscriber', scopes: all })).text;
  await own.close();
  await ask('POST /connectors/instances', {
    body: { connector_type_id: 'openweathermap', configuration: { app_key: appKey } },
  });
});
afterAll(async () => {
  await gateway.close();
  await weather.close();
});

/** The same connector, whose things are looked at without waiting. */
function quickly({ objects = {}, ...connector }: Connector): Connector {
  const { place, ...others } = objects;
  const quick = { ...place!, thing: { ...place!.thing!, intervalMs: 20 } };
  return { ...connector, objects: { ...others, place: quick } };
}

const lamp = {
  name: 'Desk lamp',
  manufacturer: 'Acme',
  displayType: 'core.LAMP',
  mainComponentId: 'lamp',
  attributes: [{ name: 'serial', value: '42' }],
  components: [
    {
      id: 'lamp',
      componentType: 'core.LAMP',
      capabilities: ['core.SWITCHABLE'],
      properties: [
        { id: 'on', type: 'BOOLEAN', value: 'false' },
        { id: 'level', type: 'NUMBER', unit: '%' },
      ],
      actions: [{ id: 'dim', parameters: [{ name: 'level', type: 'NUMBER', isRequired: true }] }],
    },
  ],
};
const refused = (status: number, error: string) => ({ status, body: { status: String(status), error } });

function subscribe(query: string, subject: string) {
  return readEvents(`${gateway.url()}/graphql/stream`, {
    headers: {
      authorization: `Bearer ${subscriber}`,
      accept: 'text/event-stream',
      'x-external-subject-id': subject,
    },
    body: { query },
  });
}

describe('a thing that an application makes', () => {
  let id: string;

  it('is made whole, and shown as it was described', async () => {
    const { status, body } = await ask('POST /things', { subject: 'ada', body: lamp });
    expect({ status, body }).toEqual({ status: 201, body: { Id: expect.any(String), id: body.Id } });
    id = body.Id;
    expect((await ask(`GET /things/${id}`, { subject: 'ada' })).body).toMatchObject({
      id,
      name: 'Desk lamp',
      status: 'AVAILABLE',
      mainComponentId: 'lamp',
      attributes: lamp.attributes,
    });
    const property = `GET /things/${id}/components/lamp/properties/on`;
    expect((await ask(property, { subject: 'ada' })).body).toEqual({
      id: 'on',
      name: 'on',
      value: 'false',
      unit: '',
      type: 'BOOLEAN',
      propertyType: '',
      lastUpdate: expect.any(String),
    });
    const graph = `{ thing(id: "${id}") { name connection { id } components { properties { id value } } } }`;
    expect((await gateway.ask(graph, {}, { subject: 'ada' })).data.thing).toEqual({
      name: 'Desk lamp',
      connection: null,
      components: [
        {
          properties: [
            { id: 'on', value: 'false' },
            { id: 'level', value: null },
          ],
        },
      ],
    });
  });

  it('tells whoever subscribes of each value, and of what it is asked to do', async () => {
    const events = await subscribe(
      'subscription { thingChanged { cursor thing { name } componentId propertyId value action { name parameters } } }',
      'ada',
    );
    const url = `/things/${id}/components/lamp`;
    expect(await ask(`PUT ${url}/properties/level`, { subject: 'ada', body: { value: '40' } })).toMatchObject({
      status: 200,
      body: { id: 'level', value: '40' },
    });
    const asked = await ask(`POST ${url}/actions/dim`, { subject: 'ada', body: { parameters: { level: 70 } } });
    expect(asked).toMatchObject({ status: 201, body: { status: 'PENDING', deadline: expect.any(String) } });
    const told = [await events.next(), await events.next()].map((event) => event?.json.data.thingChanged);
    expect(told).toEqual([
      {
        cursor: expect.any(String),
        thing: { name: 'Desk lamp' },
        componentId: 'lamp',
        propertyId: 'level',
        value: '40',
        action: null,
      },
      {
        cursor: expect.any(String),
        thing: { name: 'Desk lamp' },
        componentId: 'lamp',
        propertyId: null,
        value: null,
        action: { name: 'dim', parameters: { level: '70' } },
      },
    ]);
    events.close();
    // It is resumed by its cursor, and another subject hears nothing of it.
    const again = await subscribe(
      `subscription { thingChanged(after: "${told[0].cursor}") { action { name } } }`,
      'ada',
    );
    expect((await again.next())?.json.data.thingChanged).toEqual({ action: { name: 'dim' } });
    again.close();
  });

  it.each([
    ['PUT', '/components/lamp/properties/level', { value: 'bright' }, 400, 'INPUT_INVALID'],
    ['PUT', '/components/lamp/properties/on', { value: 1 }, 400, 'INPUT_INVALID'],
    ['PUT', '/components/lamp/properties/none', { value: 1 }, 404, 'THING_DOESNT_EXIST'],
    ['PUT', '/components/none/properties/on', { value: true }, 404, 'THING_DOESNT_EXIST'],
    ['GET', '/components/none', undefined, 404, 'COMPONENT_DOESNT_EXIST'],
    ['GET', '/components/lamp/properties/none', undefined, 404, 'PROPERTY_DOESNT_EXIST'],
    ['POST', '/components/lamp/actions/none', {}, 404, 'THING_DOESNT_EXIST'],
    ['POST', '/components/lamp/actions/dim', {}, 400, 'INPUT_INVALID'],
    ['POST', '/components/lamp/actions/dim', { level: 'x' }, 400, 'INPUT_INVALID'],
    ['PATCH', '', { status: 'BROKEN' }, 400, 'INPUT_INVALID'],
    ['PATCH', '', {}, 400, 'BODY_INVALID'],
  ])('answers %s %s %j with %d %s', async (method, path, body, status, error) => {
    const answer = await ask(`${method} /things/${id}${path}`, { subject: 'ada', ...(body && { body }) });
    expect(answer).toMatchObject(refused(status, error));
  });

  it('is its subject’s alone, and goes when it is removed', async () => {
    expect(await ask(`GET /things/${id}`, { subject: 'bob' })).toMatchObject(refused(404, 'THING_DOESNT_EXIST'));
    expect(await ask(`DELETE /things/${id}`, { subject: 'bob' })).toMatchObject(refused(404, 'THING_DOESNT_EXIST'));
    expect((await ask(`PATCH /things/${id}`, { subject: 'ada', body: { status: 'UNAVAILABLE' } })).status).toBe(204);
    expect((await ask(`GET /things/${id}`, { subject: 'ada' })).body.status).toBe('UNAVAILABLE');
    expect((await ask(`DELETE /things/${id}`, { subject: 'ada' })).status).toBe(200);
    expect(await ask(`GET /things/${id}`, { subject: 'ada' })).toMatchObject(refused(404, 'THING_DOESNT_EXIST'));
  });

  it('is refused with every fault at once', async () => {
    const component = {
      id: 'a b',
      properties: [
        { id: 'x', type: 'TEXT' },
        { id: 'X', type: 'NUMBER', value: 'warm' },
      ],
    };
    const { status, body } = await ask('POST /things', {
      subject: 'ada',
      body: { name: '', components: [component, { id: 'b' }] },
    });
    expect(status).toBe(400);
    for (const fault of [
      'name: expected a text',
      'displayType: expected a text',
      'mainComponentId: expected a text',
      'components[0].id: expected 1 to 200 letters',
      'components[0].componentType: expected a text',
      'components[0].properties[0].type: expected one of NUMBER, STRING, BOOLEAN.',
      'components[0].properties[1].value: expected a NUMBER.',
      'components[0].properties[1].id: expected another than those before it.',
      'components[1]: expected one property or action at least.',
    ]) {
      expect(body.description).toContain(fault);
    }
  });
});

describe('things that a client shows', () => {
  const places = (subject: string, ids = '2950159,2643743') =>
    ask('POST /connectors/clients', {
      subject,
      body: { connector_type_id: 'openweathermap', configuration: { places: ids } },
    });
  const mappingsOf = async (id: string, subject: string) =>
    (await ask(`GET /connectors/clients/${id}`, { subject })).body.mappings as {
      thing_id: string;
      connector_thing_id: string;
    }[];

  it('are mapped once, however many ask at the same instant', async () => {
    const { body } = await places('cleo');
    const all = await Promise.all(Array.from({ length: 6 }, () => mappingsOf(body.id, 'cleo')));
    expect(all[0]!.map(({ connector_thing_id }) => connector_thing_id).sort()).toEqual(['2643743', '2950159']);
    for (const other of all)
      expect(new Set(other.map((each) => each.thing_id))).toEqual(new Set(all[0]!.map((each) => each.thing_id)));
    const { thing_id } = all[0]![0]!;
    expect(await ask(`DELETE /things/${thing_id}`, { subject: 'cleo' })).toMatchObject(refused(409, 'THING_DESCRIBED'));
    const set = `PUT /things/${thing_id}/components/weather/properties/temperature`;
    expect(await ask(set, { subject: 'cleo', body: { value: 30 } })).toMatchObject(refused(409, 'THING_DESCRIBED'));
    await ask(`DELETE /connectors/clients/${body.id}`, { subject: 'cleo' });
  });

  it('and the client stay when they cannot be removed, answered 500, and go together the next time', async () => {
    const { body } = await places('dora');
    const before = await mappingsOf(body.id, 'dora');
    expect(before).toHaveLength(2);
    store.fail({ code: 'STORE_UNAVAILABLE', methods: ['commit'], kinds: ['thing'], times: 1 });
    expect(await ask(`DELETE /connectors/clients/${body.id}`, { subject: 'dora' })).toMatchObject(
      refused(500, 'THING_REMOVAL_FAILED'),
    );
    expect(store.failed()).toBe(1);
    store.heal();
    expect(await mappingsOf(body.id, 'dora')).toEqual(before);
    expect((await ask(`DELETE /connectors/clients/${body.id}`, { subject: 'dora' })).status).toBe(204);
    expect((await ask('GET /things', { subject: 'dora' })).body).toEqual([]);
  });

  it('tell of a property that has another value, and of no other', async () => {
    const { body } = await places('eve');
    const mapped = await mappingsOf(body.id, 'eve');
    const berlin = mapped.find(({ connector_thing_id }) => connector_thing_id === '2950159')!;
    const events = await subscribe(
      `subscription { thingChanged(thing: "${berlin.thing_id}") { thing { id name } componentId propertyId value } }`,
      'eve',
    );
    const asked = weather.requests.length;
    // The first poll learns what there is.
    await weather.received(asked + 3);
    weather.temperatures.set(2_643_743, 3);
    weather.temperatures.set(2_950_159, -4.5);
    expect((await events.next())?.json.data.thingChanged).toEqual({
      thing: { id: berlin.thing_id, name: 'Berlin' },
      componentId: 'weather',
      propertyId: 'temperature',
      value: '-4.5',
    });
    events.close();
    const foreign = await subscribe(`subscription { thingChanged(connection: "${body.id}") { value } }`, 'bob');
    expect((await foreign.next())?.json.errors[0].extensions.code).toBe('THING_NOT_FOUND');
    foreign.close();
  });
});
