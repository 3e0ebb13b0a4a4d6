/** Server-sent events of a remote subgraph (graphql-sse, distinct connections), through the outbound client. */
import { ProviderError } from '../errors.ts';
import type { Sender } from '../http/send.ts';
import type { OpenTransport } from './remote-subscription.ts';

export interface EventSourceOptions {
  readonly name: string;
  readonly url: string;
  readonly sender: Sender;
}

/** @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md */
export function createEventSourceTransport({ name, url, sender }: EventSourceOptions): OpenTransport {
  return async function* open({ query, variables, headers, signal }) {
    const address = new URL(url);
    const {
      status,
      stream,
      headers: received,
    } = await sender.send(
      {
        method: 'POST',
        url: address,
        headers: { ...headers, accept: 'text/event-stream', 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
        streamed: true,
        repeatable: false,
        credentials: { headers: new Set(Object.keys(headers)), params: new Set() },
        redirects: 'none',
        declaredOrigin: address.origin,
      },
      { connector: name, title: `Subgraph "${name}"`, budget: { spend: () => {} }, signal },
    );
    const type = received['content-type']?.split(';', 1)[0] ?? 'no content type';
    if (!stream || type !== 'text/event-stream') {
      stream?.destroy();
      const message = `Subgraph "${name}": expected text/event-stream; got ${type} with status ${status}.`;
      throw new ProviderError('PROVIDER_ANSWER_INVALID', message, { http: { status } });
    }
    const stop = () => stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const { event, data } of framesOf(stream)) {
        if (event === 'complete') return;
        if (event === 'next') yield JSON.parse(data) as unknown;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    }
    throw new ProviderError('PROVIDER_UNREACHABLE', `Subgraph "${name}": its events ended before they were complete.`);
  };
}

interface Frame {
  readonly event: string;
  readonly data: string;
}

/** Longer than this no event may be. */
const maxFrameLength = 4 * 1024 * 1024;

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
async function* framesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxFrameLength) throw new ProviderError('PROVIDER_ANSWER_TOO_LARGE', 'An event is too long.');
    const frames = text.split(/\r\n\r\n|\n\n|\r\r/);
    text = frames.pop() ?? '';
    for (const frame of frames) yield readFrame(frame);
  }
}

function readFrame(frame: string): Frame {
  let event = 'message';
  const data: string[] = [];
  for (const line of frame.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return { event, data: data.join('\n') };
}
