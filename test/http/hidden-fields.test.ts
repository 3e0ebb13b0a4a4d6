import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { hideFields, openFields, withFieldsOpen } from '../../src/http/hidden-fields.ts';
import { encodeForm } from '../../src/http/formats/form.ts';
import { Request } from '../../src/http/request.ts';

const canary = 'canary-7c3e';
const fields = hideFields({ token: canary, deep: { deep: [canary] }, port: 443 });

describe('hidden fields', () => {
  it('give each value by its name, as connectors want it', () => {
    expect(fields['token']).toBe(canary);
    expect({ ...fields }).toEqual({ token: canary, deep: { deep: [canary] }, port: 443 });
    expect(Object.keys(fields)).toEqual(['token', 'deep', 'port']);
    const { token, ...others } = fields;
    expect([token, others]).toEqual([canary, { deep: { deep: [canary] }, port: 443 }]);
    expect('token' in fields && !('other' in fields)).toBe(true);
    expect(structuredClone({ ...fields })).toEqual({ ...fields });
  });

  it('are what they were made of, whatever becomes of that', () => {
    const values: Record<string, unknown> = { token: 'first' };
    const hidden = hideFields(values);
    values['token'] = 'second';
    expect(hidden['token']).toBe('first');
    expect(() => void ((hidden as Record<string, unknown>)['token'] = 'third')).toThrow(TypeError);
  });

  const holder = { fields, list: [fields] };
  const log: string[] = [];
  it.each<[string, () => string]>([
    ['JSON', () => JSON.stringify(holder)],
    ['inspect', () => inspect(holder, { depth: 10, showHidden: true, getters: true })],
    ['format', () => format('%s %j %o %O', fields, holder, holder, holder)],
    ['an error', () => inspect(new Error('refused', { cause: holder }), { depth: 10 })],
    [
      'a log',
      () => {
        pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }).trace(
          { holder, fields },
          '%o',
          fields,
        );
        return log.join();
      },
    ],
  ])('print [redacted] in %s', (_where, print) => {
    expect(print()).toContain('[redacted]');
    expect(print()).not.toContain(canary);
  });

  it('print nothing even where a provider chose the names', () => {
    const names = JSON.parse(`{ "__proto__": "${canary}", "toJSON": "${canary}", "constructor": "${canary}" }`);
    const hostile = hideFields(names as Record<string, unknown>);
    expect(JSON.stringify(hostile) + inspect(hostile)).not.toContain(canary);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf({ ...hostile })).toBe(Object.prototype);
  });

  it('are written out in the body of a request, whole or inside of another', async () => {
    const written = (payload: unknown) => withFieldsOpen(() => JSON.stringify(payload));
    expect(JSON.parse(written({ all: fields }))).toEqual({ all: { ...fields } });
    expect(JSON.stringify(fields)).not.toContain(canary);
    expect(encodeForm({ ...fields, deep: undefined })).toContain(canary);
    const request = new Request('POST', 'login', () => Promise.reject(new Error('unsent')), fields);
    expect(request.payload({ more: 1 }).parts.payload).toEqual({ ...fields, more: 1 });
    expect(request.payload(hideFields({ more: 2 })).parts.payload).toEqual({ ...fields, more: 2 });
  });

  it('close again when writing fails', () => {
    expect(() =>
      withFieldsOpen(() => {
        throw new Error('circular');
      }),
    ).toThrow('circular');
    expect(JSON.stringify(fields)).not.toContain(canary);
  });

  it('leave anything else as it is', () => {
    const other = { token: canary };
    expect(openFields(other)).toBe(other);
    expect(openFields(undefined)).toBeUndefined();
  });
});

describe('a request that carries credentials', () => {
  it('prints where it goes, and nothing of what it carries', () => {
    const request = new Request('GET', `items?key=${canary}`, () => Promise.reject(new Error('unsent')));
    request.headers({ authorization: canary }).params({ api_key: canary });
    expect(inspect({ request }, { depth: 10, showHidden: true })).not.toContain(canary);
    expect(inspect(request)).toBe('Request GET items');
  });
});
