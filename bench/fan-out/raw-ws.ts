/** (a) The least that a server can do: the same bytes to every socket, by `ws` alone. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerParent } from '../child.ts';
import { emit, type Emission } from './emit.ts';

const subscribers = new Set<WebSocket>();
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    const { type } = JSON.parse(data.toString()) as { type: string };
    if (type === 'connection_init') return socket.send('{"type":"connection_ack"}');
    if (type === 'subscribe') subscribers.add(socket);
  });
  socket.on('close', () => subscribers.delete(socket));
});

function broadcast(frame: Buffer): void {
  for (const socket of subscribers) socket.send(frame, { binary: false });
}

http.listen(0, '127.0.0.1', () => {
  answerParent(
    { port: (http.address() as AddressInfo).port },
    {
      emit: ({ frame, ...emission }: Emission & { frame: string }) => {
        const bytes = Buffer.from(frame);
        return emit(emission, () => broadcast(bytes));
      },
      subscribers: () => subscribers.size,
    },
  );
});
