/** Reads server-sent events from the bytes, so that a test sees every field of them. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { afterEach } from '@jest/globals';

export interface ReadEvent {
  readonly event?: string;
  readonly data?: string;
  readonly id?: string;
  readonly retry?: string;
  /** Text of a comment. */
  readonly comment?: string;
}

export interface EventReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next event with data; comments and `retry` are passed over. `undefined`: the stream has ended. */
  readonly next: () => Promise<(ReadEvent & { readonly json: any }) | undefined>;
  /** Everything so far, comments too. */
  readonly events: readonly ReadEvent[];
  readonly response: IncomingMessage;
  /** The stream ended: well, or because its connection was cut. */
  readonly ended: Promise<'ended' | 'cut'>;
  readonly close: () => void;
}

const open = new Set<IncomingMessage>();
afterEach(() => {
  for (const response of open) response.destroy();
  open.clear();
});

export interface EventRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Sends a request and reads its answer as a stream of events. */
export async function readEvents(url: string, { method = 'POST', headers, body }: EventRequest): Promise<EventReader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = httpRequest(url, { method, agent: false, headers: { ...json, ...headers } }, resolve);
    request.once('error', reject);
    request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
  open.add(response);
  const events: ReadEvent[] = [];
  const waiting: (() => void)[] = [];
  const wake = () => waiting.splice(0).forEach((go) => go());
  let isOver = false;
  let rest = '';
  let given = 0;
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop()!;
    events.push(...blocks.map(parse));
    wake();
  });
  response.on('error', () => {});
  const ended = new Promise<'ended' | 'cut'>((resolve) => {
    response.once('close', () => {
      isOver = true;
      resolve(response.complete ? 'ended' : 'cut');
      wake();
    });
  });
  return {
    status: response.statusCode!,
    headers: response.headers,
    events,
    response,
    ended,
    async next() {
      for (;;) {
        const event = events[given];
        if (event) given += 1;
        if (event?.data !== undefined)
          return { ...event, json: event.data === '' ? undefined : JSON.parse(event.data) };
        if (event) continue;
        if (isOver) return undefined;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    close: () => response.destroy(),
  };
}

function parse(block: string): ReadEvent {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const [name = '', ...value] = line.split(':');
    fields[name === '' ? 'comment' : name] = value.join(':').replace(/^ /, '');
  }
  return fields;
}
