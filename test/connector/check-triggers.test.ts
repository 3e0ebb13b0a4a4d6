import { describe, expect, it } from '@jest/globals';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { formatFault, type Fault } from '../../src/errors.ts';

const poll = () => ({ events: [] });

function faultsOf(trigger: unknown, more: object = {}, warn: (warning: Fault) => void = () => {}): string[] {
  return checkConnector({ name: 'shop', triggers: { sold: trigger }, ...more }, warn).map(formatFault);
}

const nothingReceived =
  'webhook: expected `subscribe`, which gives the provider a URL for each feed, or `key`, by which feeds share one; got neither, so that nothing is ever received.';

function warningsOf(trigger: unknown): string[] {
  const warnings: string[] = [];
  faultsOf(trigger, {}, (warning) => warnings.push(formatFault(warning)));
  return warnings;
}

describe('a trigger', () => {
  it('polls, or is told by a webhook', () => {
    expect(faultsOf({})).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold: expected `poll`, `webhook` or both; got neither.',
    ]);
    expect(faultsOf({ poll, webhook: { subscribe: poll } })).toEqual([]);
  });

  it('names every key with a value of another kind', () => {
    expect(
      faultsOf({
        poll: 1,
        type: 2,
        dedup: 'id',
        documentId: 'id',
        sortBy: 'at',
        startField: 3,
        intervalMs: -1,
        lookBackMs: -1,
        intervalHeader: 4,
        conditional: 'yes',
        webhook: [],
      }),
    ).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.type: expected a string; got 2.',
      'TRIGGER_INVALID: shop.triggers.sold.poll: expected a function; got 1.',
      'TRIGGER_INVALID: shop.triggers.sold.dedup: expected a function; got "id".',
      'TRIGGER_INVALID: shop.triggers.sold.documentId: expected a function; got "id".',
      'TRIGGER_INVALID: shop.triggers.sold.sortBy: expected a function; got "at".',
      'TRIGGER_INVALID: shop.triggers.sold.startField: expected a string; got 3.',
      'TRIGGER_INVALID: shop.triggers.sold.intervalMs: expected a whole number above 0; got -1.',
      'TRIGGER_INVALID: shop.triggers.sold.lookBackMs: expected a whole number above 0; got -1.',
      'TRIGGER_INVALID: shop.triggers.sold.intervalHeader: expected a string; got 4.',
      'TRIGGER_INVALID: shop.triggers.sold.conditional: expected true or false; got "yes".',
      'TRIGGER_INVALID: shop.triggers.sold.webhook: expected an object; got [].',
    ]);
  });

  it('says nothing of polls without one', () => {
    const webhook = { subscribe: () => null, notification: () => null };
    const about = { startField: 'since', intervalMs: 1, lookBackMs: 1, intervalHeader: 'X-Wait', conditional: true };
    const input = [{ name: 'since' }];
    expect(faultsOf({ webhook, input, ...about })).toEqual(
      Object.keys(about).map(
        (key) =>
          `TRIGGER_INVALID: shop.triggers.sold.${key}: expected beside a \`poll\`, which it is about; got no \`poll\`.`,
      ),
    );
    expect(faultsOf({ poll, webhook, input, ...about })).toEqual([]);
    expect(faultsOf({ webhook, type: 'paging_desc', dedup: () => 1, sortBy: () => 1 })).toEqual([]);
  });

  it('looks back by sortBy where it is descending', () => {
    const trigger = { poll, type: 'paging_desc', lookBackMs: 1 };
    expect(faultsOf(trigger)).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.lookBackMs: expected `sortBy`, which says how far back a row is; got none.',
    ]);
    expect(faultsOf({ ...trigger, sortBy: () => 1 })).toEqual([]);
    expect(faultsOf({ poll, lookBackMs: 1 })).toEqual([]);
  });

  it('names a header where the provider says when to poll', () => {
    expect(faultsOf({ poll, intervalHeader: 'X-Poll-Interval: 60' })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.intervalHeader: expected the name of a header; got "X-Poll-Interval: 60".',
    ]);
    expect(faultsOf({ poll, intervalHeader: 'X-Poll-Interval', conditional: true })).toEqual([]);
  });

  it('has a type that is known', () => {
    expect(faultsOf({ poll, type: 'descending' })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.type: expected ascending or paging_desc; got "descending".',
    ]);
  });

  it('has a startField that is a field of its input', () => {
    expect(faultsOf({ poll, startField: 'sinse', input: [{}, { name: 'since' }] })).toContain(
      'TRIGGER_INVALID: shop.triggers.sold.startField: expected the name of an input field (did you mean "since"?); got "sinse".',
    );
    expect(faultsOf({ poll, startField: 'since' })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.startField: expected the name of an input field; got "since".',
    ]);
    expect(faultsOf({ poll, startField: 'since', input: () => [] })).toEqual([]);
  });

  it('checks input, output and configFields as notations', () => {
    expect(faultsOf({ poll, input: [1], output: {}, configFields: [2] })).toEqual([
      "NOTATION_INVALID: shop.triggers.sold.input[0]: expected a field, { name: '…' }; got 1.",
      "NOTATION_INVALID: shop.triggers.sold.output: expected a list of fields, or one of the connector's `objects`; got an object that is none of them.",
      "NOTATION_INVALID: shop.triggers.sold.configFields[0]: expected a field, { name: '…' }; got 2.",
    ]);
  });
});

describe('a webhook', () => {
  it('makes events by itself where nothing is polled', () => {
    expect(faultsOf({ webhook: { subscribe: () => ({}) } })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.webhook: expected `notification`, which makes events of what is received, since there is no `poll`; got none.',
    ]);
  });

  it('names every key with a value of another kind, and every word that is not known', () => {
    const webhook = {
      notification: () => [],
      subscribe: 'POST',
      verify: true,
      payloadType: 'xml',
      responseType: 'html',
      responseStatus: 500,
      responseHeaders: 'x',
    };
    expect(faultsOf({ webhook })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.webhook.subscribe: expected a function; got "POST".',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.verify: expected a function; got true.',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.responseHeaders: expected an object; got "x".',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.payloadType: expected parsed or raw; got "xml".',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.responseType: expected plain or json; got "html".',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.responseStatus: expected a status from 200 to 299, since the provider would send it again otherwise; got 500.',
    ]);
  });

  it('is renewed and ended only where it was subscribed', () => {
    const webhook = { notification: poll, unsubscribe: poll, refresh: poll };
    expect(faultsOf({ webhook })).toEqual(
      [
        ...['unsubscribe', 'refresh'].map(
          (key) => `webhook.${key}: expected beside \`subscribe\`, whose answer it is given; got no \`subscribe\`.`,
        ),
        nothingReceived,
      ].map((fault) => `TRIGGER_INVALID: shop.triggers.sold.${fault}`),
    );
    expect(faultsOf({ webhook: { ...webhook, subscribe: poll } })).toEqual([]);
  });

  it('has a URL: one for each feed, or one that the developer registers', () => {
    const expected = [`TRIGGER_INVALID: shop.triggers.sold.${nothingReceived}`];
    expect(faultsOf({ webhook: { notification: poll } })).toEqual(expected);
    expect(faultsOf({ poll, webhook: {} })).toEqual(expected);
  });

  it('has a URL of its own or keys, which the connector finds', () => {
    const webhook = { notification: poll, key: poll };
    expect(faultsOf({ webhook }, { webhookKeys: poll })).toEqual([]);
    expect(faultsOf({ webhook: { ...webhook, subscribe: poll } })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.webhook.key: expected `subscribe`, for a URL of its own, or `key`, for one that all share; got both.',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.key: expected `webhookKeys` of the connector, which finds the keys in what is received; got none.',
    ]);
  });

  it('answers with headers of the connector’s own alone', () => {
    const responseHeaders = { 'x-shop-ok': '1', 'X-Shop': 2, 'set-cookie': 'a=b' };
    expect(faultsOf({ webhook: { subscribe: poll, notification: poll, responseHeaders } })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.webhook.responseHeaders.X-Shop: expected a string; got 2.',
      'TRIGGER_INVALID: shop.triggers.sold.webhook.responseHeaders.set-cookie: expected a name that begins with "x-"; got another one.',
    ]);
  });

  it('is odd when it takes events from anybody who knows its URL', () => {
    expect(warningsOf({ webhook: { notification: poll } })).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold.webhook: nothing but its secret URL keeps others from sending events: `verify` says whether the provider sent them.',
    ]);
    expect(warningsOf({ webhook: { notification: poll, verify: poll } })).toEqual([]);
    expect(warningsOf({ poll, webhook: {} })).toEqual([]);
  });
});
