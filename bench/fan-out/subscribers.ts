/** Subscribers of one server: each has a socket of its own, and all ask the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { answerParent } from '../child.ts';

export interface Subscribing {
  readonly port: number;
  readonly count: number;
  readonly query: string;
  /** So many connect side by side. Default 100. */
  readonly atOnce?: number;
}

let sockets: WebSocket[] = [];
/** Events by socket. */
let received: number[] = [];
let lastFrame = '';
/** Sockets that have not had enough yet. */
let missing = 0;
let target = 0;
let onAll: (() => void) | undefined;
/** Connections that were tried again, because they failed before they were acknowledged. */
let retries = 0;

async function subscribe({ port, count, query, atOnce = 100 }: Subscribing): Promise<void> {
  for (let begun = 0; begun < count; begun += atOnce) {
    const some = Math.min(atOnce, count - begun);
    await Promise.all(Array.from({ length: some }, () => open(port, query)));
  }
}

/** As clients do: who is not let in waits a little and comes again. */
async function open(port: number, query: string): Promise<void> {
  for (;;) {
    try {
      return await connect(port, query);
    } catch {
      retries++;
      await sleep(200 + Math.random() * 800);
    }
  }
}

function connect(port: number, query: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      perMessageDeflate: false,
    });
    let index = -1;
    socket.on('error', reject);
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('message', (data: Buffer) => {
      // Told apart by a byte or two, so that the subscribers cost less than what they measure.
      const text = data.toString('latin1', 0, 40);
      if (text.includes('"next"')) return count(index, data);
      if (text.includes('"ping"')) return socket.send('{"type":"pong"}');
      if (text.includes('"connection_ack"')) {
        index = sockets.push(socket) - 1;
        received[index] = 0;
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
        resolve();
        return;
      }
      if (!text.includes('"pong"')) throw new Error(`A subscriber was told ${data.toString()}`);
    });
  });
}

function count(index: number, data: Buffer): void {
  if (index === 0) lastFrame = data.toString();
  if (++received[index]! === target && --missing === 0) onAll?.();
}

/** Ends when every subscriber has had so many events more. */
function expectEvents(events: number): Promise<void> {
  const [most = 0] = received;
  if (received.some((each) => each !== most)) throw new Error('The subscribers have not all had the same.');
  target = most + events;
  missing = received.length;
  return new Promise((resolve) => {
    onAll = resolve;
  });
}

/** As when a network fails: nobody says goodbye. */
async function cut(): Promise<void> {
  const lost = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.terminate();
  await Promise.all(lost);
  sockets = [];
  received = [];
}

async function leave(): Promise<void> {
  const left = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.close(1000);
  await Promise.all(left);
  sockets = [];
  received = [];
}

answerParent({}, { subscribe, expectEvents, cut, leave, lastFrame: () => lastFrame, retries: () => retries });
