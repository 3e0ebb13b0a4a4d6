/** Answers to pipelined requests leave in their order: one that waits behind another has no connection yet, and is not told when that ends. */
import type { ServerResponse } from 'node:http';

type WaitingResponse = Pick<ServerResponse, 'socket' | 'once' | 'req'>;

/**
 * Resolves when the response may be written, or its client has gone; `undefined` where it may be written now.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2
 */
export function itsTurn(response: WaitingResponse): Promise<void> | undefined {
  if (response.socket) return undefined;
  return new Promise((resolve) => {
    const { socket } = response.req;
    const come = () => {
      socket.off('close', come);
      resolve();
    };
    response.once('socket', come);
    socket.once('close', come);
  });
}

/** Calls once, when the response was sent or can be sent no more. */
export function onceOver(response: WaitingResponse, over: () => void): void {
  if (response.socket) {
    response.once('close', over);
    return;
  }
  // Until its turn comes, only the connection can end it.
  const { socket } = response.req;
  socket.once('close', over);
  response.once('socket', () => {
    socket.off('close', over);
    response.once('close', over);
  });
}
