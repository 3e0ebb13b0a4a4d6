import { describe, expect, it } from '@jest/globals';
import type * as errors from '../src/errors.ts';
import { AuthorizationError, GatewayError, InputError, ProviderError } from '../src/errors.ts';

describe('errors of another copy of the house', () => {
  it('are of the same classes as ours, both ways', async () => {
    const copyPath = '../src/errors.ts?copy';
    const copy = (await import(copyPath)) as typeof errors;
    expect(copy.ProviderError).not.toBe(ProviderError);
    const theirs: unknown = new copy.ProviderError('PROVIDER_ERROR', 'theirs');
    expect(theirs instanceof ProviderError).toBe(true);
    expect(theirs instanceof GatewayError).toBe(true);
    expect(theirs instanceof InputError).toBe(false);
    const ours: unknown = new ProviderError('PROVIDER_ERROR', 'ours');
    expect(ours instanceof copy.ProviderError).toBe(true);
    expect(ours instanceof copy.AuthorizationError).toBe(false);
  });

  it('leave a class that is derived from ours to itself', () => {
    class OwnError extends ProviderError {}
    const own: unknown = new OwnError('PROVIDER_ERROR', 'own');
    expect(own instanceof OwnError).toBe(true);
    expect(own instanceof ProviderError).toBe(true);
    const other: unknown = new ProviderError('PROVIDER_ERROR', 'other');
    expect(other instanceof OwnError).toBe(false);
  });

  it('are none where there is no error', () => {
    for (const value of [
      null,
      undefined,
      'text',
      {},
      new Error('plain'),
      Object.create(null),
      Object.create(Object.create(null)),
    ] as unknown[]) {
      expect(value instanceof GatewayError).toBe(false);
      expect(value instanceof AuthorizationError).toBe(false);
    }
  });
});
