import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import { redactFields } from '../../src/connector/redact.ts';

const connector: Connector = {
  name: 'shop',
  connection: {
    fields: [
      { name: 'host', controlType: 'url' },
      { name: 'subdomain', controlType: 'subdomain' },
      { name: 'region', pickList: [['Europe', 'europe']] },
      { name: 'key', controlType: 'small-password' },
      { name: 'pin', type: 'integer', controlType: 'password' },
    ],
    authorization: {
      type: 'multi',
      selected: () => 'key',
      options: { key: { type: 'api_key', fields: [{ name: 'login' }] } },
    },
  },
};
const fields = {
  host: 'https://shop.example.com',
  subdomain: 'acme',
  region: 'europe',
  key: 'a+b/c "d"',
  pin: 12345,
  login: 'ada@example.com',
  acquired: { tokens: ['a+b/c "d" and more'] },
};

describe('redactFields', () => {
  const all = redactFields(connector, fields, 'all');

  it('takes out the values of all fields but those that are public', () => {
    expect(all('https://shop.example.com acme europe ada@example.com 12345')).toBe(
      '[redacted] acme europe [redacted] [redacted]',
    );
  });

  it('takes a value out however it is written, the longer one first', () => {
    expect(all('a+b/c "d" and more; a+b/c "d"')).toBe('[redacted]; [redacted]');
    expect(all(JSON.stringify(fields.key))).toBe('"[redacted]"');
    expect(all(`${encodeURIComponent(fields.key)} ${encodeURI(fields.key)}`)).toBe('[redacted] [redacted]');
  });

  it('leaves in texts of ours what is no secret', () => {
    const secret = redactFields(connector, fields, 'secret');
    expect(secret('https://shop.example.com ada@example.com 12345 a+b/c "d"')).toBe(
      'https://shop.example.com ada@example.com [redacted] [redacted]',
    );
  });

  it('takes out nothing that is shorter than four characters', () => {
    expect(redactFields(connector, { key: 'abc', x: null }, 'all')('abc')).toBe('abc');
  });

  it('takes halves of surrogate pairs', () => {
    expect(redactFields(connector, { key: 'abcd\ud800' }, 'all')('abcd\ud800!')).toBe('[redacted]!');
  });
});
