/** Recorded real answers of the GitHub API (`@octokit/fixtures`), served on loopback as the provider that gave them. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { startFakeProvider, type RecordedRequest, type Reply } from './fake-provider.ts';

/** One request and its answer, as they were recorded. */
export interface Recording {
  /** Origin with port, e.g. `https://api.github.com:443`. */
  readonly scope: string;
  /** Lower case. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Parsed JSON, text, or `''` for none. */
  readonly body: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Parsed JSON, text, or `''` for none. */
  readonly response: any;
}

export interface Replay {
  /** Where it listens, e.g. `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** `SenderOptions` that make the client dial here instead of the recorded host; the bytes stay as recorded. */
  readonly senderOptions: {
    readonly replayedOrigins: Readonly<Record<string, string>>;
    readonly allowedPrivateOrigins: readonly string[];
  };
  readonly requests: readonly RecordedRequest[];
  /** What was asked and never recorded, as `get /path`; it was answered 404. A test asserts that it is empty. */
  readonly unmatched: readonly string[];
  /** What was recorded and not asked for yet, as `get /path`. */
  readonly remaining: () => readonly string[];
  readonly close: () => Promise<void>;
}

const recordedOrigin = 'https://api.github.com';

/** The recordings of one scenario, in the order in which they were made. */
export function readScenario(name: string): readonly Recording[] {
  const file = new URL(
    `../../node_modules/@octokit/fixtures/scenarios/api.github.com/${name}/normalized-fixture.json`,
    import.meta.url,
  );
  return JSON.parse(readFileSync(file, 'utf8')) as Recording[];
}

/**
 * A recording made from another: for what GitHub was never recorded to answer. Say in the test what was changed.
 *
 * @param change - parts of the request and of the answer's body that are different.
 */
export function deriveRecording(
  recording: Recording,
  change: { readonly path: string; readonly method?: string; readonly status?: number; readonly response: unknown },
): Recording {
  return { ...recording, ...change };
}

/**
 * Serves recordings. A request gets the first answer that was recorded for it and not yet given, then the last one again.
 * Path, query (in any order) and body have to be as recorded; headers may differ.
 */
export async function startReplay(...recordings: readonly Recording[]): Promise<Replay> {
  const given = new Set<Recording>();
  const unmatched: string[] = [];
  const provider = await startFakeProvider((request) => {
    const matching = recordings.filter((recording) => isSameRequest(recording, request));
    const recording = matching.find((candidate) => !given.has(candidate)) ?? matching.at(-1);
    if (!recording) {
      unmatched.push(`${request.method.toLowerCase()} ${request.url}`);
      return { status: 404, json: { message: 'Not Found' } };
    }
    given.add(recording);
    return replyOf(recording);
  });
  return {
    origin: provider.origin,
    senderOptions: {
      replayedOrigins: { [recordedOrigin]: provider.origin },
      allowedPrivateOrigins: [provider.origin],
    },
    requests: provider.requests,
    unmatched,
    remaining: () =>
      recordings
        .filter((recording) => !given.has(recording))
        .map((recording) => `${recording.method} ${recording.path}`),
    close: provider.close,
  };
}

function isSameRequest(recording: Recording, request: RecordedRequest): boolean {
  if (!recording.scope.startsWith(recordedOrigin)) return false;
  if (recording.method !== request.method.toLowerCase()) return false;
  const [recorded, received] = [new URL(recording.path, recordedOrigin), new URL(`${recordedOrigin}${request.url}`)];
  return (
    recorded.pathname === received.pathname &&
    isDeepStrictEqual(query(recorded), query(received)) &&
    isDeepStrictEqual(recording.body, parseBody(request.body))
  );
}

/** The parameters without those that say what GitHub does anyway: the first page, 30 rows. */
function query(url: URL): string[] {
  const defaults = new Set(['page=1', 'per_page=30']);
  return [...url.searchParams]
    .map(([name, value]) => `${name}=${value}`)
    .filter((param) => !defaults.has(param))
    .sort();
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Of one connection only, or counted before the recording was made anonymous. */
const headersOfTheWire = new Set(['connection', 'content-length', 'content-encoding', 'transfer-encoding']);

function replyOf({ status, headers, response }: Recording): Reply {
  const kept = Object.entries(headers).filter(([name]) => !headersOfTheWire.has(name.toLowerCase()));
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body: typeof response === 'string' ? response : JSON.stringify(response),
  };
}
