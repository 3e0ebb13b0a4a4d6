import { describe, expect, it } from '@jest/globals';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { formatFault, type Fault } from '../../src/errors.ts';

const execute = () => null;
const list = { name: 'ids', type: 'array', of: 'integer' };

function faultsOf(action: unknown, more: object = {}): string[] {
  return checkConnector({ name: 'shop', actions: { act: action }, ...more }, () => {}).map(formatFault);
}

describe('an action with the content of a file', () => {
  const content = { name: 'content', type: 'stream' };

  it('takes one where it writes, or gives one and nothing else where it reads', () => {
    expect(faultsOf({ execute, input: [{ name: 'path' }, content], output: [{ name: 'id' }] })).toEqual([]);
    expect(faultsOf({ execute, readOnly: true, input: [{ name: 'path' }], output: [content] })).toEqual([]);
  });

  it('is refused where a content could not pass', () => {
    const since = ', since a content passes by itself.';
    expect(faultsOf({ execute, readOnly: true, input: [content] })).toEqual([
      `ACTION_INVALID: shop.actions.act.input: expected no field of type stream with readOnly: true${since}`,
    ]);
    expect(faultsOf({ execute, batch: true, input: [list, content, { ...content, name: 'other' }] })).toEqual([
      `ACTION_INVALID: shop.actions.act.input: expected one field of type stream at most${since}`,
      `ACTION_INVALID: shop.actions.act.input: expected no field of type stream with batch: true${since}`,
    ]);
    expect(faultsOf({ execute, list: true, output: [content, { name: 'id' }] })).toEqual([
      `ACTION_INVALID: shop.actions.act.output: expected no field of type stream in what a writing action gives${since}`,
      `ACTION_INVALID: shop.actions.act.output: expected no other field beside one of type stream${since}`,
      `ACTION_INVALID: shop.actions.act.output: expected one row, and no list of them${since}`,
    ]);
    expect(faultsOf({ execute }, { objects: { file: { fields: [content] } } })).toEqual([
      "NOTATION_KEY_INVALID: shop.objects.file.fields[0].type: expected another type: 'stream' is for one field of an action's own input or output.",
    ]);
  });
});

describe('an action', () => {
  it('needs execute', () => {
    expect(faultsOf({ readOnly: true })).toEqual([
      'ACTION_INVALID: shop.actions.act.execute: expected a function; got nothing.',
    ]);
    expect(faultsOf({ execute: 'get' })).toEqual([
      'ACTION_INVALID: shop.actions.act.execute: expected a function; got "get".',
    ]);
  });

  it('names every key with a value of another kind', () => {
    const wrong = {
      execute,
      title: '',
      help: 1,
      displayPriority: Number.NaN,
      deprecated: 1,
      scopes: ['a', 1],
      readOnly: 'yes',
      batch: 0,
      maxBatchSize: 0,
      list: null,
      isSuccess: true,
      retryOnResponse: [{}],
      retryOnRequest: 'GET',
      maxRetries: '3',
      summarizeInput: [1],
      sampleOutput: {},
      paginate: 'page',
      input: 'id',
      output: 7,
      configFields: {},
    };
    expect(faultsOf(wrong)).toEqual([
      'ACTION_INVALID: shop.actions.act.title: expected a string; got "".',
      'ACTION_INVALID: shop.actions.act.help: expected a string or { body, learnMoreUrl, learnMoreText }; got 1.',
      'ACTION_INVALID: shop.actions.act.displayPriority: expected a number; got NaN.',
      'ACTION_INVALID: shop.actions.act.deprecated: expected true, false or a reason; got 1.',
      'ACTION_INVALID: shop.actions.act.scopes: expected a list of texts; got ["a", 1].',
      'ACTION_INVALID: shop.actions.act.configFields: expected a list; got an object.',
      'ACTION_INVALID: shop.actions.act.input: expected a list of fields, an object of the connector, or a function that gives a list; got "id".',
      'ACTION_INVALID: shop.actions.act.output: expected a list of fields, an object of the connector, or a function that gives a list; got 7.',
      'ACTION_INVALID: shop.actions.act.sampleOutput: expected a function; got an object.',
      'ACTION_INVALID: shop.actions.act.readOnly: expected true or false; got "yes".',
      'ACTION_INVALID: shop.actions.act.batch: expected true or false; got 0.',
      'ACTION_INVALID: shop.actions.act.maxBatchSize: expected a whole number above 0; got 0.',
      'ACTION_INVALID: shop.actions.act.list: expected true or false; got null.',
      'ACTION_INVALID: shop.actions.act.paginate: expected an object; got "page".',
      'ACTION_INVALID: shop.actions.act.isSuccess: expected a function; got true.',
      'ACTION_INVALID: shop.actions.act.retryOnResponse: expected a list of statuses, texts and patterns; got a list of 1.',
      'ACTION_INVALID: shop.actions.act.retryOnRequest: expected a list of texts; got "GET".',
      'ACTION_INVALID: shop.actions.act.maxRetries: expected a number; got "3".',
      'ACTION_INVALID: shop.actions.act.summarizeInput: expected a list of texts; got [1].',
    ]);
  });

  it('checks input, output and configFields as notations', () => {
    const input = [{ name: 'a', type: 'int' }, { name: 'b' }, { name: 'b' }, { name: 'c', graphqlName: 'not a name' }];
    expect(faultsOf({ execute, input, output: [{}], configFields: [{ name: '' }] })).toEqual([
      'NOTATION_TYPE_UNKNOWN: shop.actions.act.input[0].type: expected one of string, integer, number, boolean, date_time, timestamp, date, object, array, stream; got "int" (did you mean "integer"?).',
      'NOTATION_FIELD_DUPLICATE: shop.actions.act.input[2].name: expected a name of its own; got "b", as shop.actions.act.input[1] has.',
      'NOTATION_FIELD_NAME: shop.actions.act.input[3].graphqlName: expected letters, digits and _, with no digit and no __ in front; got "not a name".',
      'NOTATION_FIELD_NAME: shop.actions.act.output[0].name: expected a name; got nothing.',
      'NOTATION_FIELD_NAME: shop.actions.act.configFields[0].name: expected a name; got "".',
    ]);
  });

  it('wants an object of the connector itself where it takes an object', () => {
    const order = { fields: [{ name: 'id' }] };
    expect(faultsOf({ execute, output: order }, { objects: { order } })).toEqual([]);
    expect(faultsOf({ execute, output: { ...order } }, { objects: { order } })).toEqual([
      "NOTATION_INVALID: shop.actions.act.output: expected a list of fields, or one of the connector's `objects`; got an object that is none of them.",
    ]);
  });

  it('takes exactly one list of inputs when it is a batch', () => {
    const message = (count: number) =>
      `ACTION_INVALID: shop.actions.act.input: expected exactly one field of type array, which takes the inputs, since batch is true; got ${count}.`;
    expect(faultsOf({ execute, batch: true })).toEqual([message(0)]);
    expect(faultsOf({ execute, batch: true, input: [{ name: 'id' }] })).toEqual([message(0)]);
    expect(faultsOf({ execute, batch: true, input: [list, { ...list, name: 'more' }] })).toEqual([message(2)]);
    expect(faultsOf({ execute, batch: true, input: [list] })).toEqual([]);
  });

  it('retries three times at most', () => {
    for (const maxRetries of [4, -1, 1.5]) {
      expect(faultsOf({ execute, retryOnResponse: [503], maxRetries })).toEqual([
        `ACTION_INVALID: shop.actions.act.maxRetries: expected a whole number from 0 to 3; got ${maxRetries}.`,
      ]);
    }
  });

  it('bounds the patterns that judge answers', () => {
    expect(faultsOf({ execute, retryOnResponse: [/ok/, new RegExp('a'.repeat(257))] })).toEqual([
      'ACTION_INVALID: shop.actions.act.retryOnResponse[1]: expected a pattern of at most 256 characters; got 257.',
    ]);
  });

  it('says by a header or a function how its provider takes idempotency keys, when it writes', () => {
    const withKey = (idempotencyKey: unknown, more: object = {}) => faultsOf({ execute, idempotencyKey, ...more });
    expect([withKey({ header: 'Idempotency-Key', keptMs: 1000 }), withKey(() => {})]).toEqual([[], []]);
    const path = 'ACTION_INVALID: shop.actions.act.idempotencyKey';
    expect(withKey('Idempotency-Key')).toEqual([`${path}: expected an object or a function; got "Idempotency-Key".`]);
    expect(withKey({ keptMs: 0 })).toEqual([
      `${path}.header: expected a string; got nothing.`,
      `${path}.keptMs: expected a whole number above 0; got 0.`,
    ]);
    expect(withKey({ header: 'a b' })).toEqual([`${path}.header: expected the name of a header; got "a b".`]);
    expect(withKey({ header: 'A' }, { readOnly: true })).toEqual([
      `${path}: expected only with an action that writes; got it with readOnly: true.`,
    ]);
  });

  it('warns of maxRetries without anything to retry on', () => {
    const warnings: Fault[] = [];
    checkConnector({ name: 'shop', actions: { act: { execute, maxRetries: 2 } } }, (warning) => warnings.push(warning));
    expect(warnings.map(formatFault)).toEqual([
      'ACTION_INVALID: shop.actions.act.maxRetries: has no effect without `retryOnResponse`, which says what is tried again.',
    ]);
  });
});

describe('paginate', () => {
  it('needs a strategy that is known', () => {
    expect(faultsOf({ execute, readOnly: true, paginate: {} })).toEqual([
      'PAGINATE_INVALID: shop.actions.act.paginate.strategy: expected a string; got nothing.',
    ]);
    expect(faultsOf({ execute, readOnly: true, paginate: { strategy: 'pages' } })).toEqual([
      'PAGINATE_INVALID: shop.actions.act.paginate.strategy: expected one of page, offset, cursor, link, next_url; got "pages".',
    ]);
  });

  it('wants sizes that agree', () => {
    const paginate = { strategy: 'page', pageSize: 200, maxPageSize: 100 };
    expect(faultsOf({ execute, readOnly: true, paginate })).toEqual([
      'PAGINATE_INVALID: shop.actions.act.paginate.pageSize: expected at most maxPageSize (100); got 200.',
    ]);
    expect(faultsOf({ execute, readOnly: true, paginate: { ...paginate, pageSize: 0, maxPageSize: 1.5 } })).toEqual([
      'PAGINATE_INVALID: shop.actions.act.paginate.pageSize: expected a whole number above 0; got 0.',
      'PAGINATE_INVALID: shop.actions.act.paginate.maxPageSize: expected a whole number above 0; got 1.5.',
    ]);
  });

  it('takes `next` only where a token or URL stands in the body', () => {
    expect(faultsOf({ execute, readOnly: true, paginate: { strategy: 'link', next: 'meta.next' } })).toEqual([
      'PAGINATE_INVALID: shop.actions.act.paginate.next: expected only with strategy cursor or next_url; got it with "link".',
    ]);
  });

  it('belongs to a reading action that is not a plain list', () => {
    expect(faultsOf({ execute, list: true, paginate: { strategy: 'page' } })).toEqual([
      'ACTION_INVALID: shop.actions.act.list: expected either `list`, a plain list, or `paginate`, a list with pages; got both.',
      'PAGINATE_INVALID: shop.actions.act.paginate: expected an action with readOnly: true, since pages are read one after the other; got a writing one.',
    ]);
  });
});
