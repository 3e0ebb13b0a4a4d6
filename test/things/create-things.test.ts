import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Caller } from '../../src/connection/caller.ts';
import { begunConnection, type ConnectionRecord } from '../../src/connection/connection-record.ts';
import { createStoredConnections, type StoredConnections } from '../../src/connection/stored-connections.ts';
import { AuthorizationError, ProviderError } from '../../src/errors.ts';
import type { Store } from '../../src/storage/store.ts';
import { createThings } from '../../src/things/create-things.ts';
import type { OpenRun, ThingChange, Things } from '../../src/things/things.ts';
import { lampConnector, lampRun, noSender, type Lamps } from '../support/lamp-connector.ts';
import { openTestStore } from '../support/test-store.ts';

let store: Store;
let stored: StoredConnections;
let lamps: Lamps;
let things: Things;
const told: ThingChange[] = [];
const open = jest.fn<OpenRun>(async () => lampRun());
const ada: Caller = { tenant: 'acme', subject: 'ada', scopes: new Set() };

async function begin(options = {}) {
  lamps = lampConnector(options);
  lamps.rows = [
    { id: 1, name: 'Desk', state: { level: 10 } },
    { id: 2, name: 'Hall' },
  ];
  things = createThings({
    connectors: [lamps.connector],
    records: store.records,
    stored,
    runOptions: { sender: noSender },
    tell: async (change) => void told.push(change),
    now: () => 1_000,
  });
}

beforeEach(async () => {
  store = await openTestStore();
  stored = createStoredConnections({ records: store.records });
  told.length = 0;
  open.mockReset();
  open.mockImplementation(async () => lampRun());
  await begin();
});
afterEach(() => store.close());

async function connect(subject: string | null = 'ada'): Promise<ConnectionRecord> {
  const begun = begunConnection({ tenant: 'acme', subject, connector: 'lights', label: null });
  return (await stored.create('c1', { ...begun, state: 'STARTED', connectedAt: 500 }))!;
}

const lamp = {
  name: 'Own lamp',
  displayType: 'core.LAMP',
  mainComponentId: 'bulb',
  components: [
    {
      id: 'bulb',
      componentType: 'core.LAMP',
      properties: [
        { id: 'on', type: 'BOOLEAN' },
        { id: 'level', type: 'NUMBER' },
      ],
      actions: [{ id: 'dim', parameters: [{ name: 'level', type: 'NUMBER', isRequired: true }] }],
    },
  ],
};

describe('what a connection shows', () => {
  it('is mapped once, each thing with an id that stays', async () => {
    const connection = await connect();
    const first = await things.map(connection, open);
    expect(first.map(({ record }) => [record.value.key, record.value.name])).toEqual(
      expect.arrayContaining([
        ['1', 'Desk'],
        ['2', 'Hall'],
      ]),
    );
    lamps.rows.push({ id: 3 });
    const again = await things.map((await stored.read('c1'))!, open);
    expect(new Set(again.map(({ record }) => record.id))).toEqual(new Set(first.map(({ record }) => record.id)));
    expect(lamps.asked).toEqual(['list']);
  });

  it('is mapped by one of those who do it at the same instant', async () => {
    const connection = await connect();
    const all = await Promise.all(Array.from({ length: 4 }, () => things.map(connection, open)));
    const ids = all.map((found) =>
      found
        .map(({ record }) => record.id)
        .sort()
        .join(),
    );
    expect(new Set(ids).size).toBe(1);
    expect(all[0]).toHaveLength(2);
  });

  it('is mapped anew, and only what is new, when it was connected again', async () => {
    const first = await things.map(await connect(), open);
    lamps.rows = [
      { id: 2, name: 'Hall' },
      { id: 3, name: 'Cellar' },
    ];
    const { version, value } = (await stored.read('c1'))!;
    await store.records.compareAndSet('connection', 'c1', version, { ...value, connectedAt: 2_000 });
    const second = await things.map((await stored.read('c1'))!, open);
    expect(new Set(second.map(({ record }) => record.value.key))).toEqual(new Set(['1', '2', '3']));
    const idOf = (found: typeof first, key: string) => found.find(({ record }) => record.value.key === key)?.record.id;
    expect(idOf(second, '2')).toBe(idOf(first, '2'));
  });

  it('is mapped from every page, each thing once, however often it is named', async () => {
    await begin({ pages: true });
    lamps.rows = [{ id: 1 }, { id: 2 }, { id: 2 }, { id: 3 }, { id: 4 }];
    expect(await things.map(await connect(), open)).toHaveLength(4);
    expect(lamps.asked).toEqual(['list 1', 'list 2', 'list 3']);
  });

  it('is not mapped at all where its provider fails, and is the next time', async () => {
    const connection = await connect();
    open.mockRejectedValueOnce(new ProviderError('PROVIDER_UNAVAILABLE', 'down'));
    await expect(things.map(connection, open)).rejects.toThrow('down');
    expect(await things.removalOf('c1')).toEqual([]);
    expect(await things.map(connection, open)).toHaveLength(2);
  });

  it('goes in one step with its connection: all of it or nothing', async () => {
    await things.map(await connect(), open);
    const removal = await things.removalOf('c1');
    expect(removal.map(({ change, kind }) => [change, kind])).toEqual([
      ['remove', 'thing'],
      ['remove', 'thing'],
    ]);
    const tooOld = { change: 'remove', kind: 'connection', id: 'c1', version: 0 } as const;
    expect((await store.records.commit([...removal, tooOld])).committed).toBe(false);
    expect(await things.removalOf('c1')).toHaveLength(2);
  });
});

describe('the things of a caller', () => {
  it('are those of its connections, read by one request for all of them', async () => {
    await connect();
    const own = things.of(ada, open);
    const all = await own.list();
    const read = await Promise.all(all.map(own.read));
    expect(read.map(({ name, status }) => `${name} ${status}`).sort()).toEqual(['Desk AVAILABLE', 'Hall AVAILABLE']);
    // One to map them, one to read them.
    expect(lamps.asked).toEqual(['list', 'list']);
  });

  it('are read one by one by their key, and UNKNOWN when the provider has them no more', async () => {
    await connect();
    // Things are listed in the order of their ids.
    const desk = (await things.of(ada, open).list()).find(({ record }) => record.value.key === '1');
    const own = things.of(ada, open);
    const found = await own.find(desk!.record.id);
    expect((await own.read(found)).components[0]!.properties[0]!.value).toBe('10');
    lamps.rows = [];
    expect((await things.of(ada, open).read(found)).status).toBe('UNKNOWN');
    expect(lamps.asked.slice(1)).toEqual(['get 1', 'get 1']);
  });

  it('are what was mapped where the provider does not answer, or wants another sign-in', async () => {
    await connect();
    await things.of(ada, open).list();
    const { version, value } = (await stored.read('c1'))!;
    await store.records.compareAndSet('connection', 'c1', version, { ...value, connectedAt: 2_000 });
    stored = createStoredConnections({ records: store.records });
    await begin();
    for (const error of [
      new ProviderError('PROVIDER_UNAVAILABLE', 'down'),
      new AuthorizationError('REAUTH_REQUIRED', 'sign in'),
    ]) {
      open.mockRejectedValueOnce(error);
      expect(await things.of(ada, open).list()).toHaveLength(2);
    }
    open.mockRejectedValueOnce(new TypeError('ours'));
    await expect(things.of(ada, open).list()).rejects.toThrow('ours');
  });

  it('are nobody’s else', async () => {
    await connect();
    const own = things.of(ada, open);
    const [desk] = await own.list();
    const made = await own.create(lamp);
    for (const other of [
      { ...ada, subject: 'bob' },
      { ...ada, tenant: 'globex' },
      { ...ada, subject: undefined },
    ]) {
      const theirs = things.of(other, open);
      expect(await theirs.list()).toEqual([]);
      for (const { record } of [desk!, made]) {
        await expect(theirs.find(record.id)).rejects.toThrow(new Error(`There is no thing "${record.id}" of yours.`));
      }
    }
  });
});

describe('a thing that an application made', () => {
  it('keeps every value, however many are set at the same instant', async () => {
    const own = things.of(ada, open);
    const { record } = await own.create(lamp);
    await Promise.all([
      own.setProperty(record.id, 'bulb', 'on', true),
      own.setProperty(record.id, 'bulb', 'level', '40'),
      own.setStatus(record.id, 'UNAVAILABLE'),
    ]);
    const thing = await own.read(await own.find(record.id));
    expect(thing.status).toBe('UNAVAILABLE');
    expect(thing.components[0]!.properties.map(({ value, lastUpdate }) => [value, lastUpdate])).toEqual([
      ['true', 1_000],
      ['40', 1_000],
    ]);
    expect(told.map(({ property, value }) => `${property} ${value}`).sort()).toEqual(['level 40', 'on true']);
  });

  it('is told what it is asked to do, and has a minute for it', async () => {
    const own = things.of(ada, open);
    const { record } = await own.create(lamp);
    const asked = await own.act(record.id, 'bulb', 'dim', { level: 70 });
    expect(asked).toEqual({ id: expect.any(String), status: 'PENDING', deadline: 61_000 });
    expect(told).toEqual([
      {
        tenant: 'acme',
        subject: 'ada',
        thing: record.id,
        component: 'bulb',
        action: { ...asked, name: 'dim', parameters: { level: '70' } },
        at: 1_000,
      },
    ]);
  });

  it('goes when it is removed', async () => {
    const own = things.of(ada, open);
    const { record } = await own.create(lamp);
    await own.remove(record.id);
    await expect(own.find(record.id)).rejects.toThrow('There is no thing');
  });
});

describe('a thing of a connector', () => {
  it('does what it is asked by the action of its connector, which is told which one it is', async () => {
    await connect();
    const own = things.of(ada, open);
    const [desk] = await own.list();
    expect(await own.act(desk!.record.id, 'bulb', 'dim', { level: '30' })).toMatchObject({ status: 'COMPLETED' });
    expect(lamps.asked.at(-1)).toBe(`set ${desk!.record.value.key} 30`);
    expect(told).toEqual([]);
  });

  it.each([
    ['bulb', 'blink', {}, 'There is no action "blink" of yours.'],
    ['base', 'dim', {}, 'There is no component "base" of yours.'],
    ['bulb', 'dim', { colour: 'red' }, 'parameters: expected those of dim: level, fade; got "colour".'],
    ['bulb', 'dim', { level: 'bright' }, 'parameters.level: expected an integer; got a string that is none.'],
    ['bulb', 'dim', {}, "parameters.level: 'Level' must be present."],
  ])('is asked for nothing else: %s %s %j', async (component, action, parameters, message) => {
    await connect();
    const own = things.of(ada, open);
    const [desk] = await own.list();
    await expect(own.act(desk!.record.id, component, action, parameters)).rejects.toThrow(new Error(message));
    expect(lamps.asked.some((each) => each.startsWith('set'))).toBe(false);
  });

  it('is neither set nor removed by anybody else', async () => {
    await connect();
    const own = things.of(ada, open);
    const [desk] = await own.list();
    const { id } = desk!.record;
    const refusal = new Error(
      'This thing comes from Lights, which says what it is: ask it by its actions, or remove its connection.',
    );
    await expect(own.setProperty(id, 'bulb', 'level', 1)).rejects.toThrow(refusal);
    await expect(own.setStatus(id, 'UNKNOWN')).rejects.toThrow(refusal);
    await expect(own.remove(id)).rejects.toThrow(refusal);
  });
});
