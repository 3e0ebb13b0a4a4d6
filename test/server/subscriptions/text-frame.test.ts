import { PassThrough, type Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MessageType, stringifyMessage } from 'graphql-ws';
import * as ws from 'ws';
import { createSharedBytes, nextPrefix, writeNext } from '../../../src/server/subscriptions/text-frame.ts';

describe('a frame of an answer', () => {
  it('holds what graphql-ws would send, byte for byte', async () => {
    const json = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), json, async (id, data) => {
        const payload = JSON.stringify({ data });
        expect(await received(id, payload)).toBe(stringifyMessage({ id, type: MessageType.Next, payload: { data } }));
      }),
      { numRuns: 200 },
    );
  });

  it.each([0, 1, 80, 90, 125, 126, 127, 4_095, 4_096, 4_097, 65_400, 65_535, 65_536, 70_000, 1_100_000])(
    'is one whole frame when its text has %i characters',
    async (length) => {
      const data = { text: 'é'.repeat(length) };
      expect(await received('a', JSON.stringify({ data }))).toBe(
        stringifyMessage({ id: 'a', type: MessageType.Next, payload: { data } }),
      );
    },
  );

  it('is encoded once for all sockets', () => {
    const bytesOf = createSharedBytes();
    const first = bytesOf('{"data":1}');
    expect(bytesOf('{"data":1}')).toBe(first);
    expect(bytesOf('{"data":2}').toString()).toBe('{"data":2}');
    expect(bytesOf('{"data":1}')).not.toBe(first);
  });
});

/** The one message that a client makes of what is written. */
async function received(id: string, payload: string): Promise<string> {
  const connection = new PassThrough({ highWaterMark: 16 * 1024 * 1024 });
  writeNext(connection, nextPrefix(id), Buffer.from(payload));
  connection.end();
  // The package exports it; its published types do not.
  const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };
  const receiver = new Receiver({ isServer: false, maxPayload: 0 });
  const messages: string[] = [];
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push(isBinary ? 'binary' : data.toString()));
  await new Promise((resolve, reject) => {
    receiver.once('error', reject);
    connection.pipe(receiver).once('finish', resolve as () => void);
  });
  expect(messages).toHaveLength(1);
  return messages[0]!;
}
