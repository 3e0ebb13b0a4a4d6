/** What every trigger with a webhook has to satisfy. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import type { ReceivedWebhook, RunnableTrigger } from '../../src/connector/run-trigger.ts';
import type { SenderOptions } from '../../src/http/send.ts';
import { callConnector, type ConnectorCaller } from '../support/connector-call.ts';

/** A provider that calls webhooks. */
export interface WebhookProvider {
  /** Fields of the connection. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly senderOptions: SenderOptions;
  /** What it is asked to call. */
  readonly url: string;
  /** Lets something happen, and gives what the provider sends for it. */
  readonly deliver: () => Promise<ReceivedWebhook>;
  /** Webhooks that it has. */
  readonly count: () => number;
  readonly close: () => Promise<void>;
}

export interface WebhookExercise {
  /** Input of the trigger, named as in the notation. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly startProvider: () => Promise<WebhookProvider>;
}

/** Tests one trigger against a provider that calls it. */
export function testWebhookTrigger(
  name: string,
  { input, startProvider }: WebhookExercise,
  connector: () => Connector,
) {
  describe(`the webhook of ${name}`, () => {
    let provider: WebhookProvider;
    let caller: ConnectorCaller;
    let trigger: RunnableTrigger;

    beforeEach(async () => {
      provider = await startProvider();
      caller = callConnector(connector(), provider.fields, provider.senderOptions);
      trigger = caller.trigger(name);
    });
    afterEach(async () => {
      await caller.close();
      await provider.close();
    });
    const subscribe = () => trigger.subscribe!(caller.run, input, provider.url, 'feed');

    it('is subscribed and unsubscribed, and may be unsubscribed twice', async () => {
      const subscription = await subscribe();
      expect(provider.count()).toBe(1);
      await trigger.unsubscribe!(caller.run, subscription);
      expect(provider.count()).toBe(0);
      await trigger.unsubscribe!(caller.run, subscription);
    });

    it('is prolonged before the provider forgets it', async () => {
      const subscription = await subscribe();
      if (subscription.expiresAt === undefined) return;
      expect(subscription.expiresAt).toBeGreaterThan(Date.now());
      const renewed = trigger.refresh ? await trigger.refresh(caller.run, subscription) : await subscribe();
      expect(renewed.expiresAt).toBeGreaterThanOrEqual(subscription.expiresAt);
    });

    it('knows what the provider sends, and reads events from it', async () => {
      const subscription = await subscribe();
      const received = await provider.deliver();
      await trigger.verify!(caller.run, received, subscription);
      const { rows } = await trigger.readNotification!(caller.run, input, received, subscription);
      expect(rows.length).toBeGreaterThan(0);
      const events = rows.map(trigger.readEvent);
      const again = await trigger.readNotification!(caller.run, input, received, subscription);
      expect(again.rows.map(trigger.readEvent)).toEqual(events);
      const { rows: others } = await trigger.readNotification!(
        caller.run,
        input,
        await provider.deliver(),
        subscription,
      );
      expect(others.map((row) => trigger.readEvent(row).signature)).not.toEqual(
        events.map(({ signature }) => signature),
      );
    });

    it('refuses what was changed by a single bit, is not signed, or is signed for another subscription', async () => {
      const subscription = await subscribe();
      const received = await provider.deliver();
      const refused = (changed: ReceivedWebhook, of = subscription) =>
        expect(trigger.verify!(caller.run, changed, of)).rejects.toMatchObject({ code: 'WEBHOOK_REFUSED' });
      const { body, headers } = received;
      for (const at of [0, Math.floor(body.length / 2), body.length - 1]) {
        const changed = Uint8Array.from(body);
        changed[at]! ^= 1;
        await refused({ ...received, body: changed });
      }
      await refused({ ...received, body: new Uint8Array() });
      const signatures = Object.keys(headers).filter((header) => header.includes('signature'));
      expect(signatures.length).toBeGreaterThan(0);
      const unsigned = Object.fromEntries(Object.entries(headers).filter(([header]) => !signatures.includes(header)));
      await refused({ ...received, headers: unsigned });
      await refused(received, await subscribe());
    });
  });
}
