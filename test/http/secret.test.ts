import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { Secret } from '../../src/http/secret.ts';
import { GatewayError } from '../../src/errors.ts';

const canary = 'canary-5a1f';
const secret = new Secret(canary);
/** As careless code sees it. */
const careless = secret as unknown as string;
const holder = { token: secret, list: [secret], map: new Map([[secret, secret]]), deep: { deep: { deep: secret } } };

/** What a stream was given. */
function collect(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

describe('a secret', () => {
  it('is opened by name alone', () => {
    expect(secret.reveal()).toBe(canary);
  });

  it.each<[string, () => string]>([
    ['a template', () => `Bearer ${careless}`],
    ['a sum', () => 'Bearer ' + String(secret) + careless],
    ['a join', () => [careless, careless].join()],
    ['String', () => String(secret)],
    ['JSON', () => JSON.stringify(holder)],
    ['inspect', () => inspect(holder, { depth: 10 })],
    ['inspect of the secret itself', () => inspect(secret, { showHidden: true, getters: true })],
    ['format', () => format('%s %j %o %O %d', secret, holder, holder, holder, secret)],
    ['an error', () => inspect(new Error(`refused: ${careless}`, { cause: holder }), { depth: 10 })],
    [
      'an error of ours',
      () => inspect(new GatewayError('INTERNAL_ERROR', `refused: ${careless}`, { cause: holder }), { depth: 10 }),
    ],
    ['a URL', () => new URLSearchParams({ token: careless }).toString()],
  ])('prints [redacted] in %s', (_, print) => {
    const text = decodeURIComponent(print());
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(canary);
  });

  it('tells nothing even to an inspection that asks for everything', () => {
    const text = inspect(secret, { showHidden: true, customInspect: false, depth: 10 });
    expect(text).not.toContain(canary);
    expect(Object.getOwnPropertyNames(secret)).toEqual([]);
    expect(Object.assign({}, secret)).toEqual({});
  });

  it('is not carried by a clone or a message to a worker', () => {
    expect(inspect(structuredClone(holder), { depth: 10, showHidden: true })).not.toContain(canary);
    const bytes = serialize(holder);
    expect(bytes.includes(canary)).toBe(false);
    expect(inspect(deserialize(bytes), { depth: 10 })).not.toContain(canary);
  });

  it('is redacted on the console', () => {
    const { stream, text } = collect();
    const out = new Console({ stdout: stream, stderr: stream });
    out.log(secret, holder, '%s', secret);
    out.error(new Error('failed', { cause: holder }));
    out.dir(holder, { depth: 10 });
    out.table([{ token: secret }]);
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain(canary);
  });

  it('is redacted in the log', () => {
    const { stream, text } = collect();
    const log = pino({ level: 'trace' }, stream);
    log.trace({ secret, holder }, `with ${careless} and %s %o`, secret, holder);
    log.error({ err: Object.assign(new Error('failed', { cause: holder }), { secret, holder }) });
    log.child({ secret }).info(secret);
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain(canary);
  });
});
