import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseKey, parseKeys } from '../../src/connection/sealing-key.ts';

const bytes = Buffer.from('8f1c2e77a0b34d5e6f90112233a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6', 'hex');

describe('a sealing key', () => {
  it.each([
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal in capitals', bytes.toString('hex').toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replaceAll('=', '')],
    ['base64url', bytes.toString('base64url')],
    ['base64 with the end of the line of its file', `${bytes.toString('base64')}\r\n`],
  ])('is read from %s, and has one id everywhere', (_, text) => {
    expect(parseKey(text)).toEqual({ id: parseKey(bytes.toString('hex')).id, key: bytes });
  });

  it('is read from any 32 random bytes in any form', () => {
    fc.assert(
      fc.property(fc.constantFrom('hex', 'base64', 'base64url'), (form) => {
        const key = randomBytes(32);
        expect(parseKey(key.toString(form as BufferEncoding)).key).toEqual(key);
      }),
    );
  });

  it('has an id that tells it from others', () => {
    expect(parseKey(bytes.toString('hex')).id).toMatch(/^[\w-]{8}$/);
    expect(parseKey(bytes.toString('hex')).id).not.toBe(parseKey(randomBytes(32).toString('hex')).id);
  });

  it('is one of several, the current one first', () => {
    const [one, two, three] = [bytes, randomBytes(32), randomBytes(32)] as const;
    const text = `${one.toString('base64')}, ${two.toString('hex')}\n${three.toString('base64url')}\n`;
    expect(parseKeys(text).map(({ key }) => key)).toEqual([one, two, three]);
  });

  it.each([
    ['', 'expected a key of 32 bytes; got nothing'],
    [' \n', 'expected a key of 32 bytes; got nothing'],
    [
      'correct horse battery staple',
      'key 1: expected 32 bytes as 64 hexadecimal digits, base64 or base64url; got 7 characters of another form',
    ],
    ['hunter2!', 'expected 32 bytes as 64 hexadecimal digits, base64 or base64url; got 8 characters of another form'],
    [randomBytes(16).toString('hex'), 'expected 32 bytes; got 24'],
    [bytes.subarray(0, 16).toString('base64'), 'expected 32 bytes; got 16'],
    [Buffer.alloc(32).toString('base64'), 'expected 32 random bytes; got bytes that repeat'],
    ['0123456789abcdef'.repeat(4), 'expected 32 random bytes; got bytes that repeat'],
    [Buffer.from('Qx9!kd82hs-PLw02+uz7Vb;1mEyr4Tna').toString('base64'), 'expected 32 random bytes; got readable text'],
    [
      Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7)).toString('hex'),
      'expected 32 random bytes; got bytes in a regular order',
    ],
  ])('is refused when it is weak or of another form (%#)', (text, reason) => {
    const refused = () => parseKeys(text, 'PLUGBOARD_KEY');
    expect(refused).toThrow(reason);
    expect(refused).toThrow(/^PLUGBOARD_KEY.* Make one with: openssl rand -base64 32$/);
  });

  it('never stands in the message that refuses it', () => {
    const key = bytes.toString('base64');
    let message = '';
    try {
      parseKey(`${key}x`);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('expected 32 bytes');
    expect(message).not.toContain(key.slice(0, 8));
  });
});
