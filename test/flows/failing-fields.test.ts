import { afterEach, describe, expect, it } from '@jest/globals';
import { defineConnector } from '../../src/connector/define.ts';
import type { Action, Connector } from '../../src/connector/definition.ts';
import type { Configuration } from '../../src/configuration.ts';
import { startGateway, type RunningGateway } from '../support/start-gateway.ts';

const canary = 'canary-41b7e9';

let running: RunningGateway | undefined;
afterEach(async () => {
  await running?.close();
  expect(running?.log.filter((line) => line.includes(canary)) ?? []).toEqual([]);
  running = undefined;
});

const item = {
  key: 'id',
  lookup: 'get_item',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'price', type: 'number' },
  ],
} as const;

const order = { fields: [{ name: 'id' }, { name: 'item_id', type: 'integer', references: 'item' }] } as const;

/** Items and orders that name them; each action may be another one. */
function shop(actions: Readonly<Record<string, Partial<Action>>> = {}, more: Partial<Connector> = {}): Connector {
  return defineConnector({
    name: 'shop',
    title: 'Shop',
    connection: { fields: [{ name: 'hook' }, { name: 'token', controlType: 'password' }] },
    objects: { item, order },
    pickLists: { sizes: () => canary as never },
    actions: {
      good: { readOnly: true, output: item, execute: () => ({ id: 1 }) },
      bad: {
        readOnly: true,
        output: item,
        input: [
          { name: 'at', type: 'date' },
          { name: 'size', pickList: 'sizes' },
        ],
        execute: () => ({ id: 1 }),
        ...actions.bad,
      },
      orders: {
        readOnly: true,
        list: true,
        output: order,
        execute: () => [{ id: 'a', item_id: 7 }],
        ...actions.orders,
      },
      get_item: {
        readOnly: true,
        input: [{ name: 'id', type: 'integer', optional: false }],
        output: item,
        execute: (_open, { id }) => ({ id }),
        ...actions.get_item,
      },
    },
    ...more,
  });
}

async function ask(connector: Connector, query: string, configuration: Configuration = {}) {
  running = await startGateway({
    connectors: [connector],
    configuration: {
      connections: [{ connector: 'shop', fields: { hook: canary, token: `secret-${canary}` } }],
      ...configuration,
    },
  });
  const answer = await running.ask(query);
  expect(answer.text).not.toContain(canary);
  return answer;
}

const never = () => new Promise<never>(() => {});

describe('code of a connector that never ends', () => {
  const configuration: Configuration = { limits: { operationMs: 150 } };
  const late = (raisedIn: string, connection = 'shop.tenant') => ({
    message: `Shop: ${raisedIn} was given up. The operation took longer than its time limit of 150 ms. Ask for less in one operation.`,
    extensions: {
      code: 'OPERATION_TIMEOUT',
      connector: 'shop',
      connection,
      raisedIn,
      errorCode: 'shop.request_timeout',
    },
  });

  it('fails its own field, and its neighbours answer', async () => {
    const connector = shop({ bad: { execute: never }, get_item: { execute: never } });
    const query = '{ shopGood { id } shopBad { id } shopOrders { id item { price } } }';
    const { data, errors } = await ask(connector, query, configuration);
    expect(data).toEqual({
      shopGood: { id: '1' },
      shopBad: null,
      shopOrders: [{ id: 'a', item: null }],
    });
    expect(errors).toHaveLength(2);
    expect(errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: ['shopBad'], ...late('actions.bad') }),
        expect.objectContaining({ path: ['shopOrders', 0, 'item'], ...late('actions.get_item') }),
      ]),
    );
  });

  it('fails its own field when it is the notation of an input', async () => {
    const connector = shop({ bad: { input: never } });
    const { data, errors } = await ask(connector, '{ shopGood { id } shopBad { id } }', configuration);
    expect(data).toEqual({ shopGood: { id: '1' }, shopBad: null });
    expect(errors).toMatchObject([late('actions.bad.input')]);
  });
});
