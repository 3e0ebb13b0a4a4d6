import { describe, expect, it } from '@jest/globals';
import { addressId, newWebhookAddress } from '../../src/feed/webhook-address.ts';

const tokenOf = (url: string) => url.split('/').at(-1)!;

describe('the address of a webhook', () => {
  it('has 192 random bits, of which the id says nothing', () => {
    const made = Array.from({ length: 100 }, () => newWebhookAddress('https://g.example'));
    expect(new Set(made.map(({ url }) => url)).size).toBe(100);
    for (const { id, url } of made) {
      expect(Buffer.from(tokenOf(url), 'base64url')).toHaveLength(24);
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      expect(addressId(tokenOf(url))).toBe(id);
    }
  });

  it.each(['https://g.example/base', 'https://g.example/base/'])('stands under %s', (baseUrl) => {
    expect(newWebhookAddress(baseUrl).url).toMatch(/^https:\/\/g\.example\/base\/webhooks\/[\w-]{32}$/);
  });

  it.each(['', 'short', 'x'.repeat(33), `${'x'.repeat(31)}.`, `${'x'.repeat(31)}\n`, 'ä'.repeat(32)])(
    'is not looked up for %j, which is no token',
    (token) => {
      expect(addressId(token)).toBeUndefined();
    },
  );
});
