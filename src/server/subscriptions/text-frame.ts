/** WebSocket text frames whose payload many sockets share: made once, copied or referenced, never serialized again. */
import type { Duplex } from 'node:stream';

/** FIN and the opcode of text (RFC 6455 §5.2); frames of a server are not masked. */
const finalText = 0x81;
/** Up to here copying costs less than a second buffer on its way to the kernel. */
const copiedLength = 4 * 1024;
const closingBrace = Buffer.from('}');

/** Gives the UTF-8 bytes of a text; the latest are remembered, because one event goes to many sockets. */
export function createSharedBytes(): (text: string) => Buffer {
  let latest = '';
  let bytes = Buffer.alloc(0);
  return (text) => {
    if (text !== latest) {
      bytes = Buffer.from(text);
      latest = text;
    }
    return bytes;
  };
}

/** `{"id":…,"type":"next","payload":`, which is the same for all answers of one operation. */
export function nextPrefix(id: string): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
}

/**
 * Writes one `next` message straight to the connection, in one frame.
 *
 * Nothing of it passes the WebSocket object, which writes whole frames itself: the two never mix.
 *
 * @param prefix - from `nextPrefix`.
 * @param payload - an ExecutionResult as JSON, in UTF-8.
 */
export function writeNext(connection: Duplex, prefix: Buffer, payload: Buffer): void {
  const length = prefix.length + payload.length + 1;
  const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const isCopied = payload.length <= copiedLength;
  const frame = Buffer.allocUnsafe(headLength + (isCopied ? length : prefix.length));
  frame[0] = finalText;
  if (headLength === 2) {
    frame[1] = length;
  } else if (headLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUIntBE(0, 2, 2);
    frame.writeUIntBE(length, 4, 6);
  }
  prefix.copy(frame, headLength);
  if (isCopied) {
    payload.copy(frame, headLength + prefix.length);
    frame[frame.length - 1] = 0x7d;
    connection.write(frame);
    return;
  }
  connection.cork();
  connection.write(frame);
  connection.write(payload);
  connection.write(closingBrace);
  connection.uncork();
}
