/** HTTP of the outbound client on a cassette: a readable file of requests and answers, without secrets, that is played back in tests. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Readable } from 'node:stream';
import { Content } from '../content.ts';
import { GatewayError } from '../errors.ts';
import type { Sender } from '../http/send.ts';
import type { OutgoingRequest, ReceivedResponse } from '../http/wire.ts';
import { Scrubber } from './scrub.ts';

/** One request and its answer, as they stand in the file. */
export interface Recorded {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
    /** Where the answer came from, after redirects; absent: from where it was asked. */
    readonly url?: string;
  };
}

export interface Cassette {
  /** Stands in the place of the outbound client; records what that one answers, or plays back. */
  readonly around: (sender: Sender) => Sender;
  /** What was recorded and not asked for, as `GET https://…`. */
  readonly unused: () => readonly string[];
  /** Writes the file, when it was recording. */
  readonly save: () => Promise<void>;
}

export interface CassetteOptions {
  readonly file: string;
  /** Asks the real provider and makes the file anew. Default: where the environment says `PLUGBOARD_RECORD=1`. */
  readonly record?: boolean;
  /** Values that are secret wherever they stand. */
  readonly secrets?: Iterable<string>;
}

/** @throws GatewayError INTERNAL_ERROR when there is no file and nothing is recorded. */
export async function openCassette({
  file,
  record = process.env.PLUGBOARD_RECORD === '1',
  secrets,
}: CassetteOptions): Promise<Cassette> {
  const scrubber = new Scrubber(secrets);
  return record ? recordingCassette(file, scrubber) : playingCassette(file, scrubber);
}

function recordingCassette(file: string, scrubber: Scrubber): Cassette {
  const recorded: (Recorded | undefined)[] = [];
  return {
    around: (sender) => ({
      close: () => sender.close(),
      async send(request, context) {
        // In the order in which they were asked, however the answers come.
        const place = recorded.push(undefined) - 1;
        scrubber.learnCredentials(request);
        const sent = await withBodyWhole(request);
        const answer = await answerWhole(await sender.send(sent, context));
        recorded[place] = {
          request: asRecorded(sent, scrubber),
          response: answerAsRecorded(sent, answer, scrubber),
        };
        return answer;
      },
    }),
    unused: () => [],
    async save() {
      const all = recorded.filter((each) => each !== undefined);
      await mkdir(dirname(file), { recursive: true });
      // What was learnt late is taken out of what was recorded early.
      await writeFile(file, `${scrubber.text(JSON.stringify(all, null, 2))}\n`);
    },
  };
}

async function playingCassette(file: string, scrubber: Scrubber): Promise<Cassette> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `There is no cassette at ${file}. Record it: run the test with PLUGBOARD_RECORD=1 and real credentials.`;
    throw new GatewayError('INTERNAL_ERROR', message, { cause });
  });
  const recorded = JSON.parse(text) as readonly Recorded[];
  const played = new Set<Recorded>();
  return {
    around: (sender) => ({
      close: () => sender.close(),
      async send(request, { budget }) {
        budget.spend(request.url.host);
        scrubber.learnCredentials(request);
        const asked = asRecorded(await withBodyWhole(request), scrubber);
        const matching = recorded.filter((each) => isSame(each.request, asked));
        // The first that was not played yet, then the last one again.
        const found = matching.find((each) => !played.has(each)) ?? matching.at(-1);
        if (!found) throw unknown(asked, recorded, file);
        played.add(found);
        return toResponse(found, request);
      },
    }),
    unused: () => recorded.filter((each) => !played.has(each)).map(({ request }) => `${request.method} ${request.url}`),
    save: async () => {},
  };
}

/** On a cassette a content is as any other body: what tests send is small. */
async function withBodyWhole(request: OutgoingRequest): Promise<WholeRequest> {
  const { body } = request;
  return { ...request, body: body instanceof Content ? await wholeOf(body) : body };
}

async function answerWhole({ stream, ...answer }: ReceivedResponse): Promise<ReceivedResponse> {
  return stream ? { ...answer, body: await wholeOf(stream) } : answer;
}

async function wholeOf(content: Content | Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

type WholeRequest = OutgoingRequest & { readonly body?: string | Uint8Array };

function asRecorded({ method, url, headers, body }: WholeRequest, scrubber: Scrubber): Recorded['request'] {
  const content = scrubber.body(body, headers['content-type']);
  return {
    method,
    url: scrubber.url(url),
    headers: scrubber.requestHeaders(headers),
    ...(content !== undefined && { body: content }),
  };
}

function answerAsRecorded(
  request: OutgoingRequest,
  answer: ReceivedResponse,
  scrubber: Scrubber,
): Recorded['response'] {
  const content = scrubber.body(answer.body, answer.headers['content-type']);
  return {
    status: answer.status,
    headers: scrubber.answerHeaders(answer.headers),
    ...(answer.url.href !== request.url.href && { url: scrubber.url(answer.url) }),
    ...(content !== undefined && { body: content }),
  };
}

/** Headers are there to be read: what they change stands in method, URL or body. */
function isSame(recorded: Recorded['request'], asked: Recorded['request']): boolean {
  return recorded.method === asked.method && recorded.url === asked.url && isDeepStrictEqual(recorded.body, asked.body);
}

function toResponse({ request, response }: Recorded, asked: OutgoingRequest): ReceivedResponse {
  const { status, headers, body, url = request.url } = response;
  return { status, headers, body: bytesOf(body), url: URL.canParse(url) ? new URL(url) : asked.url };
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  const { base64 } = body as { readonly base64?: unknown };
  const isBinary = typeof base64 === 'string' && Object.keys(body as object).length === 1;
  return isBinary ? Buffer.from(base64, 'base64') : Buffer.from(JSON.stringify(body));
}

function unknown({ method, url }: Recorded['request'], recorded: readonly Recorded[], file: string): GatewayError {
  const known = recorded.map(({ request }) => `${request.method} ${request.url}`).join(', ') || 'nothing';
  const message = `The cassette ${file} has no answer to ${method} ${url} with this body; it has ${known}. Record it anew with PLUGBOARD_RECORD=1.`;
  return new GatewayError('INTERNAL_ERROR', message);
}
