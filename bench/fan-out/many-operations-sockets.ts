/** Sockets that each run many operations of which no two are the same. */
import { WebSocket } from 'ws';
import { answerParent } from '../child.ts';
import { orderSelection } from './order-selection.ts';

export interface ManyOperations {
  readonly port: number;
  readonly sockets: number;
  /** On each of them. */
  readonly operations: number;
}

const open: WebSocket[] = [];

async function subscribe({ port, sockets, operations }: ManyOperations): Promise<void> {
  for (let index = 0; index < sockets; index++) open.push(await connect(port, index * operations, operations));
}

function connect(port: number, first: number, operations: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      perMessageDeflate: false,
    });
    socket.on('error', reject);
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1', 0, 40);
      if (text.includes('"ping"')) return socket.send('{"type":"pong"}');
      if (!text.includes('"connection_ack"')) return undefined;
      for (let index = 0; index < operations; index++) {
        // An alias of its own makes it another document.
        const query = `subscription { order${first + index}: shopOrderPlaced ${orderSelection} }`;
        socket.send(JSON.stringify({ id: String(index), type: 'subscribe', payload: { query } }));
      }
      return resolve(socket);
    });
  });
}

answerParent(
  {},
  {
    subscribe,
    stall: () => open.forEach((socket) => socket.pause()),
    leave: () => open.forEach((socket) => socket.terminate()),
  },
);
