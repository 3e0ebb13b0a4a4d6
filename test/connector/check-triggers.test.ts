import { describe, expect, it } from '@jest/globals';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { formatFault } from '../../src/errors.ts';

const poll = () => ({ events: [] });

function faultsOf(trigger: unknown): string[] {
  return checkConnector({ name: 'shop', triggers: { sold: trigger } }, () => {}).map(formatFault);
}

describe('a trigger', () => {
  it('polls, or is told by a webhook', () => {
    expect(faultsOf({})).toEqual([
      'TRIGGER_INVALID: shop.triggers.sold: expected `poll`, `webhook` or both; got neither.',
    ]);
    expect(faultsOf({ poll, webhook: {} })).toEqual([]);
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
      'TRIGGER_INVALID: shop.triggers.sold.webhook: expected an object; got [].',
    ]);
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
});
