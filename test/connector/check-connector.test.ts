import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { DefinitionError, formatFault, type Fault } from '../../src/errors.ts';
import { defineConnector } from '../../src/connector/define.ts';

const execute = () => null;
const id = { name: 'id', type: 'integer' };

/** Faults of a connector `shop` with these parts, as they are shown. */
function faultsOf(parts: object): string[] {
  return checkConnector({ name: 'shop', ...parts }, () => {}).map(formatFault);
}

function warningsOf(parts: object): string[] {
  const warnings: Fault[] = [];
  checkConnector({ name: 'shop', ...parts }, (warning) => warnings.push(warning));
  return warnings.map(formatFault);
}

describe('checkConnector', () => {
  it('finds nothing in a connector that uses every part', () => {
    class Refused extends Error {}
    const order = {
      title: 'Order',
      key: 'id',
      lookup: 'getOrder',
      batch: 'get_orders',
      fields: [id, { name: 'colour', pickList: 'colours' }, { name: 'total', type: 'number', parseOutput: 'cents' }],
    };
    const connector = {
      name: 'shop',
      title: 'Shop',
      description: 'Sells.',
      help: { body: 'See', learnMoreUrl: 'https://shop.example.com' },
      logo: 'data:image/png;base64,',
      connection: {
        fields: [{ name: 'token', optional: false, controlType: 'password' }],
        extendedFields: () => [],
        baseUri: 'https://api.shop.example.com/v1/',
        origins: ['https://uploads.example.com'],
        authorization: { type: 'api_key', apply: () => {}, refreshOn: [401, 'expired', /gone/], detectOn: [/error/] },
      },
      test: () => {},
      objects: { order },
      actions: {
        get_order: { readOnly: true, input: [id], output: order, execute },
        get_orders: {
          readOnly: true,
          batch: true,
          maxBatchSize: 10,
          input: [{ name: 'ids', type: 'array', of: 'integer' }],
          output: order,
          list: true,
          execute,
        },
        orders: {
          readOnly: true,
          output: order,
          paginate: { strategy: 'cursor', next: 'meta.next', pageSize: 20, maxPageSize: 50 },
          execute,
        },
        create: {
          input: order,
          output: order,
          execute,
          retryOnResponse: [429, 'busy'],
          maxRetries: 3,
          retryOnRequest: ['POST'],
          scopes: ['write'],
          bulk: true,
          titleHint: () => 'Create',
          beforeSuspend: () => {},
          beforeResume: () => {},
          beforeTimeoutResume: () => {},
          streams: { file: () => [] },
        },
        shaped: { input: () => [], output: () => [], execute, isSuccess: () => true },
      },
      triggers: {
        new_order: {
          input: [{ name: 'since', type: 'date_time' }],
          startField: 'since',
          output: order,
          poll: () => ({ events: [] }),
        },
        hook: {
          output: order,
          webhook: {
            subscribe: () => ({}),
            unsubscribe: () => ({}),
            refresh: () => ({}),
            challenge: () => undefined,
            verify: () => true,
            notification: () => [],
            payloadType: 'raw',
            responseType: 'json',
            responseStatus: 204,
            responseHeaders: { 'x-shop': '1' },
          },
        },
      },
      pickLists: { colours: [['Red', 'red']], sizes: () => [] },
      methods: { cents: () => 1 },
      streams: { file: () => [] },
      secureTunnel: true,
      exceptionHandlers: [
        [Refused, null, 'refused'],
        [Error, () => ({}), null],
      ],
    };
    const warnings: Fault[] = [];
    expect(checkConnector(connector, (warning) => warnings.push(warning))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    ['shop', '"shop"'],
    [[1], '[1]'],
    [() => {}, 'a function'],
    [/x/, 'an object'],
  ])('wants an object: %p', (connector, got) => {
    expect(checkConnector(connector, () => {}).map(formatFault)).toEqual([
      `CONNECTOR_INVALID: connector: expected an object made with defineConnector; got ${got}.`,
    ]);
  });

  it('wants a name that can begin names in GraphQL', () => {
    expect(checkConnector({}, () => {}).map(formatFault)).toEqual([
      'CONNECTOR_INVALID: connector.name: expected a string; got nothing.',
    ]);
    expect(faultsOf({ name: '' })).toEqual(['CONNECTOR_INVALID: connector.name: expected a string; got "".']);
    expect(faultsOf({ name: '1-shop' })).toEqual([
      'CONNECTOR_NAME: connector.name: expected letters, digits and "_", first a letter, since it begins names in GraphQL; got "1-shop".',
    ]);
  });

  it('names every part whose value is of another kind', () => {
    const wrong = {
      title: 1,
      help: { text: 'x' },
      connection: 'c',
      test: true,
      objects: [],
      actions: 'a',
      triggers: 3,
      pickLists: null,
      methods: [],
      exceptionHandlers: {},
      webhookKeys: 'k',
      customAction: 'yes',
      streams: 7,
    };
    expect(faultsOf(wrong)).toEqual([
      'CONNECTOR_INVALID: shop.title: expected a string; got 1.',
      'CONNECTOR_INVALID: shop.help: expected a string or { body, learnMoreUrl, learnMoreText }; got an object.',
      'CONNECTOR_INVALID: shop.connection: expected an object; got "c".',
      'CONNECTOR_INVALID: shop.test: expected a function; got true.',
      'CONNECTOR_INVALID: shop.objects: expected an object; got [].',
      'CONNECTOR_INVALID: shop.actions: expected an object; got "a".',
      'CONNECTOR_INVALID: shop.triggers: expected an object; got 3.',
      'CONNECTOR_INVALID: shop.pickLists: expected an object; got null.',
      'CONNECTOR_INVALID: shop.methods: expected an object; got [].',
      'CONNECTOR_INVALID: shop.exceptionHandlers: expected a list; got an object.',
      'CONNECTOR_INVALID: shop.webhookKeys: expected a function; got "k".',
      'CONNECTOR_INVALID: shop.customAction: expected true or false; got "yes".',
      'CONNECTOR_INVALID: shop.streams: expected an object; got 7.',
    ]);
  });

  it('warns of keys that nobody knows, and guesses what was meant', () => {
    expect(
      warningsOf({
        acions: {},
        zzz: 1,
        connection: { base_uri: 'x', authorization: { type: 'none', aply: 1 } },
        actions: { ping: { execute, readonly: true, paginate: { strategy: 'page', sizeParm: 'x' } } },
        triggers: { t: { poll: execute, dedupe: 1, webhook: { notificaton: 1 } } },
        objects: { o: { fields: [{ name: 'a', labl: 'A' }], keyy: 'a' } },
      }),
    ).toEqual([
      'CONNECTOR_INVALID: shop.acions: this key is not known and has no effect (did you mean "actions"?).',
      'CONNECTOR_INVALID: shop.zzz: this key is not known and has no effect.',
      'CONNECTOR_INVALID: shop.connection.base_uri: this key is not known and has no effect (did you mean "baseUri"?).',
      'AUTHORIZATION_INVALID: shop.connection.authorization.aply: this key is not known and has no effect (did you mean "apply"?).',
      'OBJECT_INVALID: shop.objects.o.keyy: this key is not known and has no effect (did you mean "key"?).',
      'NOTATION_KEY_UNKNOWN: shop.objects.o.fields[0].labl: this key is not known and has no effect (did you mean "label"?).',
      'ACTION_INVALID: shop.actions.ping.readonly: this key is not known and has no effect (did you mean "readOnly"?).',
      'PAGINATE_INVALID: shop.actions.ping.paginate.sizeParm: this key is not known and has no effect (did you mean "sizeParam"?).',
      'TRIGGER_INVALID: shop.triggers.t.dedupe: this key is not known and has no effect (did you mean "dedup"?).',
      'TRIGGER_INVALID: shop.triggers.t.webhook.notificaton: this key is not known and has no effect (did you mean "notification"?).',
    ]);
  });

  it('tells the faults of all parts at once', () => {
    const faults = faultsOf({
      name: 'shop',
      connection: { baseUri: 'api.shop.com', authorization: { type: 'oauth' } },
      objects: { order: { fields: [id, id], key: 'number' } },
      actions: { create: { input: [{ name: 'a', type: 'int' }] }, list: null },
      triggers: { t: {} },
      pickLists: { p: [['only a label']] },
      methods: { m: 1 },
      exceptionHandlers: ['x'],
    });
    expect(faults).toEqual([
      'CONNECTOR_INVALID: shop.connection.baseUri: expected an absolute http or https URL; got "api.shop.com".',
      'AUTHORIZATION_INVALID: shop.connection.authorization.type: expected one of api_key, basic, custom, oauth2, multi, none; got "oauth".',
      'NOTATION_FIELD_DUPLICATE: shop.objects.order.fields[1].name: expected a name of its own; got "id", as shop.objects.order.fields[0] has.',
      'KEY_UNKNOWN: shop.objects.order.key: expected the name of one of its fields; got "number".',
      'ACTION_INVALID: shop.actions.create.execute: expected a function; got nothing.',
      'NOTATION_TYPE_UNKNOWN: shop.actions.create.input[0].type: expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "int" (did you mean "integer"?).',
      'ACTION_INVALID: shop.actions.list: expected an object; got null.',
      'TRIGGER_INVALID: shop.triggers.t: expected `poll`, `webhook` or both; got neither.',
      'CONNECTOR_INVALID: shop.pickLists.p[0]: expected [label, value], the value a string, a number or a boolean; got ["only a label"].',
      'CONNECTOR_INVALID: shop.methods.m: expected a function; got 1.',
      'CONNECTOR_INVALID: shop.exceptionHandlers[0]: expected [error class, handler or null, code or null]; got "x".',
    ]);
    const define = () => defineConnector({ name: 'shop', actions: { list: null, create: {} } } as never);
    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(
      'ACTION_INVALID: shop.actions.list: expected an object; got null.\nACTION_INVALID: shop.actions.create.execute: expected a function; got nothing.',
    );
  });

  it('never throws, whatever stands where', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
    });
    const record = (keys: Record<string, fc.Arbitrary<unknown>>) =>
      fc.oneof(anything, fc.record(keys, { requiredKeys: [] }));
    const named = (value: fc.Arbitrary<unknown>) =>
      fc.oneof(anything, fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), value));
    const field = record({
      name: fc.oneof(anything, fc.constantFrom('id', 'a')),
      type: anything,
      properties: anything,
    });
    const fields = fc.oneof(anything, fc.array(field));
    const authorization = record({
      type: fc.oneof(anything, fc.constantFrom('api_key', 'basic', 'custom', 'oauth2', 'multi', 'none')),
      apply: anything,
      refreshOn: fc.oneof(anything, fc.array(anything)),
      grant: anything,
      issuer: anything,
      options: named(record({ type: fc.oneof(anything, fc.constant('multi'), fc.constant('oauth2')), fields })),
    });
    const action = record({
      readOnly: anything,
      batch: fc.oneof(anything, fc.constant(true)),
      input: fields,
      output: fields,
      list: anything,
      execute: anything,
      maxRetries: anything,
      retryOnResponse: anything,
      configFields: fields,
      paginate: record({ strategy: anything, next: anything, pageSize: anything, maxPageSize: anything }),
    });
    const connector = record({
      name: anything,
      connection: record({
        fields,
        baseUri: anything,
        origins: fc.oneof(anything, fc.array(anything)),
        hosts: fc.oneof(anything, fc.array(anything)),
        authorization,
      }),
      objects: named(
        record({
          fields,
          key: fc.oneof(anything, fc.constant('id')),
          lookup: fc.oneof(anything, fc.constant('a')),
          batch: fc.oneof(anything, fc.constant('a')),
        }),
      ),
      actions: named(action),
      triggers: named(
        record({
          type: anything,
          input: fields,
          startField: anything,
          poll: anything,
          webhook: record({ notification: anything, responseStatus: anything }),
        }),
      ),
      pickLists: named(fc.oneof(anything, fc.array(anything))),
      methods: named(anything),
      streams: named(anything),
      exceptionHandlers: fc.oneof(anything, fc.array(fc.oneof(anything, fc.array(anything)))),
    });
    fc.assert(
      fc.property(connector, (value) => {
        for (const { message } of checkConnector(value, () => {})) expect(typeof message).toBe('string');
      }),
      { numRuns: 200 },
    );
  });

  it('wants a class in an exception handler, since an arrow function has no instances', () => {
    expect(faultsOf({ exceptionHandlers: [[() => {}, null, 'x']] })).toEqual([
      'CONNECTOR_INVALID: shop.exceptionHandlers[0]: expected [error class, handler or null, code or null]; got a list of 3.',
    ]);
  });

  it('takes no long time over a long word', () => {
    const long = 'a'.repeat(100_000);
    expect(faultsOf({ objects: { o: { fields: [id], key: long } } })).toEqual([
      `KEY_UNKNOWN: shop.objects.o.key: expected the name of one of its fields; got "${'a'.repeat(57)}…".`,
    ]);
  });
});

describe('the connection', () => {
  it.each([
    ['x', 'expected an absolute http or https URL; got "x"'],
    ['ftp://a.example.com', 'expected an absolute http or https URL; got "ftp://a.example.com"'],
    ['https:///path', 'expected an absolute http or https URL; got "https:///path"'],
    ['https://[', 'expected an absolute http or https URL; got "https://["'],
    [5, 'expected a string or a function; got 5'],
  ])('refuses %p as baseUri', (baseUri, message) => {
    expect(faultsOf({ connection: { baseUri } })).toEqual([`CONNECTOR_INVALID: shop.connection.baseUri: ${message}.`]);
  });

  it('refuses hosts that are none', () => {
    const hosts = ['api.example.com', '*.example.com', '*', 'https://a.example.com', 'A.example.com', 'a.*.com', 1];
    const expected = 'expected a host in small letters such as "api.example.com" or "*.example.com"';
    expect(faultsOf({ connection: { hosts } })).toEqual([
      `CONNECTOR_INVALID: shop.connection.hosts[2]: ${expected}; got "*".`,
      `CONNECTOR_INVALID: shop.connection.hosts[3]: ${expected}; got "https://a.example.com".`,
      `CONNECTOR_INVALID: shop.connection.hosts[4]: ${expected}; got "A.example.com".`,
      `CONNECTOR_INVALID: shop.connection.hosts[5]: ${expected}; got "a.*.com".`,
      `CONNECTOR_INVALID: shop.connection.hosts[6]: ${expected}; got 1.`,
    ]);
  });

  it('refuses origins that are none', () => {
    expect(
      faultsOf({ connection: { origins: ['https://a.example.com', 'https://a.example.com/x', 'a.example.com', 1] } }),
    ).toEqual([
      'CONNECTOR_INVALID: shop.connection.origins[1]: expected an origin such as "https://uploads.example.com"; got "https://a.example.com/x".',
      'CONNECTOR_INVALID: shop.connection.origins[2]: expected an origin such as "https://uploads.example.com"; got "a.example.com".',
      'CONNECTOR_INVALID: shop.connection.origins[3]: expected an origin such as "https://uploads.example.com"; got 1.',
    ]);
  });

  it('checks its fields as a notation', () => {
    expect(faultsOf({ connection: { fields: [{ name: '§' }, 'x'] } })).toEqual([
      'NOTATION_FIELD_NAME: shop.connection.fields[0].name: expected a name with letters or digits, which GraphQL can say; got "§". Add a graphqlName.',
      'NOTATION_INVALID: shop.connection.fields[1]: expected a field, { name: \'…\' }; got "x".',
    ]);
    expect(faultsOf({ connection: { fields: 'x' } })).toEqual([
      'CONNECTOR_INVALID: shop.connection.fields: expected a list; got "x".',
    ]);
  });
});
