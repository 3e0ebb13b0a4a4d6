import { describe, expect, it } from '@jest/globals';
import { SentWrites } from '../../src/connector/sent-writes.ts';
import { GatewayError, type ErrorCode } from '../../src/errors.ts';
import { providerFailure } from '../../src/http/provider-failure.ts';

const failing = async (writes: SentWrites, error: Error, isKeyed = false): Promise<boolean> => {
  await writes.watch('POST', isKeyed, () => Promise.reject(error)).catch(() => {});
  return writes.mayHaveChanged;
};
const answered = (status: number) =>
  providerFailure({ status, headers: {}, body: Buffer.alloc(0), url: new URL('http://shop.test/') }, () => '', {
    method: 'POST',
    shownUrl: '/',
    title: 'Shop',
    context: { connector: 'shop', budget: { spend() {} } },
  });

describe('what a call wrote', () => {
  it('may have changed something from the moment that it is sent until it is known to be refused', async () => {
    const writes = new SentWrites();
    let refuse: (error: Error) => void = () => {};
    const sending = writes.watch('POST', false, () => new Promise((_resolve, reject) => (refuse = reject)));
    expect(writes.mayHaveChanged).toBe(true);
    refuse(answered(422));
    await sending.catch(() => {});
    expect(writes.mayHaveChanged).toBe(false);
  });

  it('is nothing where it only read', async () => {
    const writes = new SentWrites();
    await writes.watch('GET', false, async () => 1);
    expect(writes.mayHaveChanged).toBe(false);
  });

  it.each([200, 400, 409, 422, 429])('is nothing where the provider refused it with %d', async (status) => {
    expect(await failing(new SentWrites(), answered(status))).toBe(false);
  });

  it.each([500, 502, 503])('may be there after %d', async (status) => {
    expect(await failing(new SentWrites(), answered(status))).toBe(true);
  });

  it.each<[ErrorCode, boolean]>([
    ['PROVIDER_UNREACHABLE', false],
    ['ADDRESS_REFUSED', false],
    ['OUTCOME_UNKNOWN', true],
    ['PROVIDER_ANSWER_INVALID', true],
    ['REQUEST_CANCELLED', true],
  ])('after %s: %s', async (code, mayHaveChanged) => {
    expect(await failing(new SentWrites(), new GatewayError(code, code))).toBe(mayHaveChanged);
  });

  it('may be there after a refusal of what was perhaps sent several times under one key', async () => {
    expect(await failing(new SentWrites(), answered(409), true)).toBe(true);
  });
});
