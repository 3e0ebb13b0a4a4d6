/** Subscribers of one feed of whom some stop reading their sockets, and come back by their cursors. */
import { WebSocket } from 'ws';
import { answerParent } from '../child.ts';
import { orderSelection } from './order-selection.ts';

const query = `subscription ($after: String) { shopOrderPlaced(after: $after) ${orderSelection} }`;

/** How those who did not read were ended. */
export interface Endings {
  /** With the error LAGGED, which names their cursor. */
  readonly lagged: number;
  /** Their sockets, by close code. */
  readonly closed: Readonly<Record<string, number>>;
}

interface Subscriber {
  socket: WebSocket;
  /** Of the operation that runs on it. */
  operation: number;
  received: number;
  /** Of the last event; events of the feed are counted from 1. */
  lastId: number;
  cursor: string | undefined;
  ended: string | undefined;
}

let url = '';
const subscribers: Subscriber[] = [];
let stalled: Subscriber[] = [];
/** Called after each event, and when one has ended. */
let onChange: () => void = () => {};

async function subscribe({ port, count }: { readonly port: number; readonly count: number }): Promise<void> {
  url = `ws://127.0.0.1:${port}/graphql`;
  for (let index = 0; index < count; index++) {
    const subscriber = {
      socket: undefined as unknown as WebSocket,
      operation: 0,
      received: 0,
      lastId: 0,
      cursor: undefined,
      ended: undefined,
    };
    subscribers.push(subscriber);
    await open(subscriber);
  }
}

function open(subscriber: Subscriber): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
    subscriber.socket = socket;
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    // A connection that was cut is closed with 1006.
    socket.on('error', () => {});
    socket.on('close', (code) => over(subscriber, String(code)));
    socket.on('message', (data: Buffer) => {
      // Read by its beginning, so that the subscribers cost less than what they measure.
      const text = data.toString('latin1', 0, 400);
      if (text.includes('"type":"next"')) return take(subscriber, text);
      if (text.includes('"connection_ack"')) {
        ask(subscriber);
        return resolve();
      }
      if (text.includes('"type":"error"')) return refused(subscriber, data.toString());
      if (text.includes('"type":"ping"')) socket.send('{"type":"pong"}');
    });
  });
}

function ask(subscriber: Subscriber): void {
  subscriber.ended = undefined;
  const payload = { query, variables: { after: subscriber.cursor } };
  subscriber.socket.send(JSON.stringify({ id: String(++subscriber.operation), type: 'subscribe', payload }));
}

function take(subscriber: Subscriber, text: string): void {
  const [, id, cursor] = /"shopOrderPlaced":\{"id":"(\d+)","cursor":"([^"]+)"/.exec(text) ?? [];
  if (id === undefined) throw new Error(`A subscriber was told ${text}`);
  // Whoever begins takes what is next; then nothing may be missed or come twice.
  if (subscriber.lastId > 0 && Number(id) !== subscriber.lastId + 1) {
    throw new Error(`After event ${subscriber.lastId} came ${id}.`);
  }
  subscriber.lastId = Number(id);
  subscriber.cursor = cursor;
  subscriber.received++;
  onChange();
}

function refused(subscriber: Subscriber, text: string): void {
  const [, cursor] = /"cursor":"([^"]+)"/.exec(text) ?? [];
  if (!text.includes('"LAGGED"') || cursor === undefined) throw new Error(`A subscriber was told ${text}`);
  subscriber.cursor = cursor;
  over(subscriber, 'LAGGED');
}

function over(subscriber: Subscriber, how: string): void {
  subscriber.ended ??= how;
  onChange();
}

/** So many stop reading, from the front. */
function stall(count: number): void {
  stalled = subscribers.slice(0, count);
  for (const { socket } of stalled) socket.pause();
}

/** They read again what is left for them, until each knows that it was ended. */
async function wake(): Promise<Endings> {
  for (const { socket } of stalled) socket.resume();
  await until(() => stalled.every(({ ended }) => ended !== undefined));
  const codes = stalled.map(({ ended }) => ended!);
  const closed: Record<string, number> = {};
  for (const code of codes) if (code !== 'LAGGED') closed[code] = (closed[code] ?? 0) + 1;
  return { lagged: codes.filter((code) => code === 'LAGGED').length, closed };
}

/** They subscribe again where they stopped. */
async function comeBack(): Promise<void> {
  for (const subscriber of stalled) {
    if (subscriber.socket.readyState === WebSocket.OPEN) ask(subscriber);
    else {
      subscriber.ended = undefined;
      await open(subscriber);
    }
  }
}

function until(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    onChange = () => {
      if (isSo()) resolve();
    };
    onChange();
  });
}

answerParent(
  {},
  {
    subscribe,
    stall,
    wake,
    comeBack,
    received: () => subscribers.map(({ received }) => received),
    /** Ends when every subscriber has had all events up to this one. */
    reached: (id: number) => until(() => subscribers.every(({ lastId }) => lastId === id)),
    leave: () => subscribers.forEach(({ socket }) => socket.terminate()),
  },
);
