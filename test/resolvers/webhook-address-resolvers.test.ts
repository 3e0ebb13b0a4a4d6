import { describe, expect, it } from '@jest/globals';
import { ada, subscribableShop } from '../support/subscribable-shop.ts';

const create = 'mutation { createWebhookAddress(connector: "shop") { id url } }';
const list = '{ webhookAddresses(connector: "shop") { id createdAt } }';
const scoped = (...scopes: readonly string[]) => ({ ...ada, scopes: new Set(scopes) });
const codesOf = ({ errors }: any) => errors?.map((error: any) => error.extensions.code);

describe('the addresses of static webhooks', () => {
  it('are made, listed without their URL, and removed', async () => {
    const shop = subscribableShop();
    const { data } = await shop.ask(ada, create);
    expect(data.createWebhookAddress.url).toBe(`https://gateway.example/webhooks/${data.createWebhookAddress.id}`);
    const { id } = data.createWebhookAddress;
    expect((await shop.ask(ada, list)).data.webhookAddresses).toEqual([{ id, createdAt: expect.any(String) }]);
    const remove = `mutation { removeWebhookAddress(id: "${id}") }`;
    expect((await shop.ask(ada, remove)).data).toEqual({ removeWebhookAddress: true });
    expect((await shop.ask(ada, remove)).data).toEqual({ removeWebhookAddress: false });
    expect((await shop.ask(ada, list)).data.webhookAddresses).toEqual([]);
  });

  it('are those of the calling tenant', async () => {
    const shop = subscribableShop();
    const other = { ...ada, tenant: 'other' };
    const { data } = await shop.ask(ada, create);
    expect((await shop.ask(other, list)).data.webhookAddresses).toEqual([]);
    const remove = `mutation { removeWebhookAddress(id: "${data.createWebhookAddress.id}") }`;
    expect((await shop.ask(other, remove)).data).toEqual({ removeWebhookAddress: false });
  });

  it.each([[create], [list], ['mutation { removeWebhookAddress(id: "a") }']])(
    'need the scope admin: %s',
    async (query) => {
      const shop = subscribableShop();
      expect(codesOf(await shop.ask(scoped('plugboard.subscribe', 'plugboard.connect'), query))).toEqual(['FORBIDDEN']);
      expect(codesOf(await shop.ask(scoped('plugboard.admin'), query))).toBeUndefined();
    },
  );

  it('are those of a connector that is there', async () => {
    const answer = await subscribableShop().ask(ada, 'mutation { createWebhookAddress(connector: "shp") { url } }');
    expect(codesOf(answer)).toEqual(['CONNECTOR_UNKNOWN']);
  });
});
