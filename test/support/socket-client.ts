/** A WebSocket client without a library of the protocol: it says exactly what the test says. */
import { afterEach } from '@jest/globals';
import { WebSocket, type ClientOptions } from 'ws';

export interface SocketClient {
  readonly socket: WebSocket;
  /** Everything that came, parsed, in order. */
  readonly messages: any[];
  /** The same as text. */
  readonly frames: string[];
  readonly send: (message: unknown) => void;
  /** The next message that was not given yet. */
  readonly next: () => Promise<any>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

const open = new Set<WebSocket>();
afterEach(() => {
  for (const socket of open) socket.terminate();
  open.clear();
});

/** Opens a socket at `/graphql` of a server. */
export async function openSocket(
  url: string,
  { path = '/graphql', protocols = ['graphql-transport-ws'], ...options }: SocketOptions = {},
): Promise<SocketClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, protocols as string[], options);
  open.add(socket);
  const frames: string[] = [];
  const messages: any[] = [];
  const waiting: (() => void)[] = [];
  let given = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) throw new Error('A binary message came.');
    frames.push(data.toString());
    messages.push(JSON.parse(data.toString()));
    waiting.splice(0).forEach((go) => go());
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      resolve({ code, reason: String(reason) });
      waiting.splice(0).forEach((go) => go());
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return {
    socket,
    messages,
    frames,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next() {
      while (messages.length <= given) {
        if (socket.readyState === WebSocket.CLOSED) throw new Error('The socket was closed; nothing more came.');
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      given += 1;
      return messages[given - 1];
    },
  };
}

interface SocketOptions extends ClientOptions {
  readonly path?: string;
  readonly protocols?: readonly string[];
}

/** Opens a socket and waits until it is acknowledged. */
export async function connectSocket(url: string, payload?: object, options?: SocketOptions): Promise<SocketClient> {
  const client = await openSocket(url, options);
  client.send({ type: 'connection_init', ...(payload && { payload }) });
  const acknowledgement = await client.next();
  if (acknowledgement.type !== 'connection_ack') throw new Error(`Got ${JSON.stringify(acknowledgement)}.`);
  return client;
}

/** A `subscribe` message. */
export function subscribeMessage(id: string, query = 'subscription { renamed }', variables?: object): object {
  return { id, type: 'subscribe', payload: { query, variables } };
}
