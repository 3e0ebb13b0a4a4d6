import { describe, expect, it } from '@jest/globals';
import { readKey, readKeyHeader } from '../../src/outcome/idempotency-key.ts';

const uuid = '8e03978e-40d5-43dd-bc93-6894a57f9324';

describe('readKeyHeader', () => {
  it('takes a key in quotes, as the draft has it, and without, as most clients send it', () => {
    expect([`"${uuid}"`, uuid, ` ${uuid} `].map(readKeyHeader)).toEqual([uuid, uuid, uuid]);
  });

  it.each(['', '"', '""', 'a b', 'a, b', 'ä', '"a\\"b"', 'x'.repeat(256)])('refuses %j', (header) => {
    expect(() => readKeyHeader(header)).toThrow(expect.objectContaining({ code: 'IDEMPOTENCY_KEY_INVALID' }));
  });
});

describe('readKey', () => {
  it('takes 1 to 255 visible characters', () => {
    for (const key of ['a', 'x'.repeat(255), 'order:17/é'.replace('é', '')]) expect(readKey(key)).toBe(key);
  });

  it('says what a key is, and never which one came', () => {
    expect(() => readKey('my secret')).toThrow(
      'An idempotency key is 1 to 255 visible characters of ASCII without quotes and backslashes, best a new UUID for each thing that is to be done; got 9 characters. Nothing was sent.',
    );
  });
});
