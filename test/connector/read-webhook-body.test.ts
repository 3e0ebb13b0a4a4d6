import { describe, expect, it } from '@jest/globals';
import { readWebhookBody } from '../../src/connector/read-webhook-body.ts';
import { InputError } from '../../src/errors.ts';

const canary = 'canary-0123456789';

function read(body: string | Uint8Array, contentType?: string, payloadType?: 'parsed' | 'raw'): unknown {
  const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  return readWebhookBody({ body: Buffer.from(body), headers }, payloadType);
}

function refusalOf(...asked: Parameters<typeof read>): string {
  try {
    read(...asked);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).code).toBe('WEBHOOK_INVALID');
    expect((error as InputError).message).not.toContain(canary);
    return (error as InputError).message;
  }
  throw new Error('It did not fail.');
}

describe('the body of a webhook', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON ; Charset=utf8',
    'application/cloudevents+json',
    'application/vnd.shop.v1+json; charset=utf-8',
    'text/plain',
    'text/json',
    '',
    undefined,
  ])('is JSON of the content type %p', (contentType) => {
    expect(read('{"a":"é"}', contentType)).toEqual({ a: 'é' });
  });

  it('keeps the digits of large integers, and leaves __proto__ out', () => {
    expect(read('{"id":12345678901234567890,"__proto__":{"a":1}}', 'application/json')).toEqual({
      id: 12345678901234567890n,
    });
  });

  it('is read in the charset that it names', () => {
    expect(read(Buffer.from([0x22, 0xe9, 0x22]), 'application/json; charset=iso-8859-1')).toBe('é');
    expect(read('\ufeff{}', 'application/json')).toEqual({});
  });

  it('is a form', () => {
    expect(read('payload=%7B%7D&a=1&__proto__=2', 'application/x-www-form-urlencoded; charset=utf-8')).toEqual({
      payload: '{}',
      a: '1',
    });
  });

  it('is an empty object where it is empty, whatever its type', () => {
    expect(read('', 'image/png')).toEqual({});
    expect(read('')).toEqual({});
  });

  it('is text where raw is asked for', () => {
    expect(read('<a/>', 'application/xml', 'raw')).toBe('<a/>');
    expect(read('{"a":1}', 'application/json', 'raw')).toBe('{"a":1}');
    expect(read('', undefined, 'raw')).toBe('');
  });

  it.each([
    [
      [`{"a":"${canary}"`, 'application/json'],
      'The body of the webhook is no valid JSON: it ends too early, after 24 characters.',
    ],
    [[canary, 'text/plain'], 'The body of the webhook is no valid JSON: character 1 of 17 characters is unexpected.'],
    [
      ['['.repeat(300) + ']'.repeat(300), 'application/json'],
      'The body of the webhook is JSON of more than 200 levels.',
    ],
    [
      [Buffer.from([0x22, 0xff, 0x22]), 'application/json'],
      'The body of the webhook: expected text in utf-8; got bytes that are none.',
    ],
    [
      [Buffer.from([0xff]), undefined, 'raw'],
      'The body of the webhook: expected text in utf-8; got bytes that are none.',
    ],
    [
      ['{}', 'application/json; charset=klingon'],
      'The body of the webhook: expected a charset that is known; got another one.',
    ],
    [
      ['<a/>', 'application/xml'],
      "The body of the webhook: expected the content type of JSON or of a form; got another one. payloadType: 'raw' reads any text.",
    ],
    [
      ['x', 'multipart/form-data; boundary=b'],
      "The body of the webhook: expected the content type of JSON or of a form; got another one. payloadType: 'raw' reads any text.",
    ],
  ] as [Parameters<typeof read>, string][])('is refused with the reason and nothing of it (%#)', (asked, message) => {
    expect(refusalOf(...asked)).toBe(message);
  });
});
